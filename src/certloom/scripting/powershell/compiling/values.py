"""Literals, strings, variables, arrays, hashtables and what stands in brackets."""

from collections.abc import Callable

from certloom.scripting.powershell.compiling.compiler import Compiler, Evaluate
from certloom.scripting.powershell.runtime.session import Scope
from certloom.scripting.powershell.syntax import expressions as tree
from certloom.scripting.powershell.syntax.place import Node
from certloom.scripting.powershell.syntax.statements import Block, Body, Statement
from certloom.scripting.powershell.types.registry import resolve
from certloom.scripting.powershell.values.collections import Hashtable, ListValue
from certloom.scripting.powershell.values.errors import failure, room_for
from certloom.scripting.powershell.values.objects import NOTHING, Nothing, ScriptBlock
from certloom.scripting.powershell.values.text import joined, text

__all__ = ["VALUES", "hash_table", "settled"]

_CONSTANTS = {"true": True, "false": False, "null": None}


def settled(value: object) -> object:
    """A value where a pipeline without output counts as null."""
    return None if isinstance(value, Nothing) else value


def _literal(_: Compiler, node: tree.Literal) -> Evaluate:
    value = node.value
    return lambda _: value


def _template(compiler: Compiler, node: tree.Template) -> Evaluate:
    parts = tuple(part if isinstance(part, str) else compiler.expression(part) for part in node.parts)

    def run(scope: Scope) -> object:
        made = [part if isinstance(part, str) else _shown(part(scope), scope) for part in parts]
        size = sum(map(len, made))
        room_for(size)
        scope.session.budget.spend(size + 50)
        return "".join(made)

    return run


def _shown(value: object, scope: Scope) -> str:
    if isinstance(value, list | ListValue):
        separator = scope.get("ofs")
        items = value if isinstance(value, list) else value.items
        scope.session.budget.step(len(items))
        return joined(items, " " if separator is None else text(separator))
    return text(value)


def _variable(_: Compiler, node: tree.Variable) -> Evaluate:
    name = node.name.lower()
    if name in _CONSTANTS:
        constant = _CONSTANTS[name]
        return lambda _: constant
    if name == "?":
        return lambda scope: scope.session.succeeded
    name = "_" if name == "psitem" else name
    if node.scope in {"script", "global"}:
        return lambda scope: scope.script().variables.get(name)
    if node.scope in {"local", "private"}:
        return lambda scope: scope.variables.get(name)
    return _found_above(name)


def _found_above(name: str) -> Evaluate:
    def run(scope: Scope) -> object:
        variables = scope.variables
        return variables[name] if name in variables else scope.get(name)

    return run


def _splat(_: Compiler, node: tree.Splat) -> Evaluate:
    name = node.name.lower()
    return lambda scope: scope.get(name)


def _array(compiler: Compiler, node: tree.ArrayLiteral) -> Evaluate:
    items = tuple(compiler.expression(item) for item in node.items)

    def run(scope: Scope) -> object:
        made = [settled(item(scope)) for item in items]
        scope.session.budget.made(made)
        return made

    return run


def _array_expression(compiler: Compiler, node: tree.ArrayExpression) -> Evaluate:
    body = node.body
    execute = compiler.block(body) if isinstance(body, Block) else None

    def run(scope: Scope) -> object:
        items: list[object] = []
        if execute is not None:
            execute(scope, items.append)
        scope.session.budget.made(items)
        return items

    return run


def _sub_expression(compiler: Compiler, node: tree.SubExpression) -> Evaluate:
    return compiler.gathered(node.body) if isinstance(node.body, Block) else lambda _: NOTHING


def _parenthesized(compiler: Compiler, node: tree.Parenthesized) -> Evaluate:
    statement = node.statement
    return compiler.value(statement) if isinstance(statement, Statement) else lambda _: None


def hash_table(compiler: Compiler, node: tree.HashLiteral, *, ordered: bool) -> Callable[[Scope], Hashtable]:
    """The closure that makes a hashtable, which may keep its order."""
    entries = tuple(
        (compiler.expression(key), compiler.value(value)) for key, value in node.entries if isinstance(value, Statement)
    )

    def run(scope: Scope) -> Hashtable:
        table = Hashtable(ordered=ordered)
        scope.session.budget.spend(200 * (len(entries) + 1))
        for key, value in entries:
            _enter(table, settled(key(scope)), settled(value(scope)))
        return table

    return run


def _enter(table: Hashtable, key: object, value: object) -> None:
    if key is None:
        raise failure("A null key is not allowed in a hash literal.")
    if table.has(key):
        raise failure(f"Item has already been added. Key in dictionary: '{text(key)}'  Key being added: '{text(key)}'")
    table.put(key, value)


def _hash(compiler: Compiler, node: tree.HashLiteral) -> Evaluate:
    return hash_table(compiler, node, ordered=False)


def _block(compiler: Compiler, node: tree.BlockLiteral) -> Evaluate:
    if not isinstance(node.body, Body):
        return lambda _: None
    body, written = compiler.body(node.body), node.body.text
    return lambda _: ScriptBlock(body, written)


def _type(_: Compiler, node: tree.TypeLiteral) -> Evaluate:
    name = node.type
    return lambda _: resolve(name)


VALUES: dict[type[Node], Callable[..., Evaluate]] = {
    tree.Literal: _literal,
    tree.Template: _template,
    tree.Variable: _variable,
    tree.Splat: _splat,
    tree.ArrayLiteral: _array,
    tree.ArrayExpression: _array_expression,
    tree.SubExpression: _sub_expression,
    tree.Parenthesized: _parenthesized,
    tree.HashLiteral: _hash,
    tree.BlockLiteral: _block,
    tree.TypeLiteral: _type,
}
