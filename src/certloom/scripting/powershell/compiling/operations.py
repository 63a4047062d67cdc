"""Operators, casts, ``++``."""

from collections.abc import Callable

from certloom.scripting.powershell.compiling.compiler import Compiler, Evaluate
from certloom.scripting.powershell.compiling.targets import reference, setter
from certloom.scripting.powershell.compiling.texts import TEXT_OPERATORS, join, unary_split
from certloom.scripting.powershell.compiling.values import hash_table, settled
from certloom.scripting.powershell.formatting.composite import composite
from certloom.scripting.powershell.operators.arithmetic import add, divide, multiply, negate, remainder, subtract
from certloom.scripting.powershell.operators.bits import BITWISE, complement, shift_left, shift_right
from certloom.scripting.powershell.operators.membership import COMPARISONS, Test, contains, filtered
from certloom.scripting.powershell.operators.ranges import between
from certloom.scripting.powershell.runtime.session import Scope
from certloom.scripting.powershell.syntax import expressions as tree
from certloom.scripting.powershell.syntax.place import Node
from certloom.scripting.powershell.types.registry import derives, resolve
from certloom.scripting.powershell.types.written import written_type
from certloom.scripting.powershell.values.collections import Hashtable, ListValue
from certloom.scripting.powershell.values.conversion import convert, items_of
from certloom.scripting.powershell.values.errors import ScriptError, failure
from certloom.scripting.powershell.values.kinds import type_of
from certloom.scripting.powershell.values.objects import NOTHING, TypeRef
from certloom.scripting.powershell.values.text import text
from certloom.scripting.powershell.values.truth import truth

__all__ = ["OPERATIONS"]

Operate = Callable[[object, object], object]


def _formatted(left: object, right: object) -> str:
    return composite(text(left), right if isinstance(right, list) else items_of(right))


def _type_given(value: object) -> TypeRef | None:
    if isinstance(value, TypeRef):
        return value
    try:
        return written_type(text(value))
    except ScriptError:
        return None


def _is(left: object, right: object) -> bool:
    wanted = _type_given(right)
    return wanted is not None and left is not None and derives(type_of(left), wanted)


def _as(left: object, right: object) -> object:
    wanted = _type_given(right)
    try:
        return None if wanted is None else convert(left, wanted)
    except ScriptError:
        return None


_PLAIN: dict[str, Operate] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": remainder,
    "..": between,
    "f": _formatted,
    "shl": shift_left,
    "shr": shift_right,
    "is": _is,
    "isnot": lambda left, right: not _is(left, right),
    "as": _as,
    "join": join,
    **BITWISE,
}


def _cased(operator: str) -> tuple[str, bool]:
    """The operator without its case prefix, and whether case matters."""
    if operator in _PLAIN or operator in COMPARISONS or operator in _BASE:
        return operator, False
    return operator[1:], operator[0] == "c"


_BASE = frozenset(
    {"like", "notlike", "match", "notmatch", "contains", "notcontains", "in", "notin", "replace", "split"}
)


def _binary(compiler: Compiler, node: tree.Binary) -> Evaluate:
    special = _SPECIAL.get(node.operator)
    if special is not None:
        return special(compiler, node)
    name, exact = _cased(node.operator)
    left, right = compiler.expression(node.left), compiler.expression(node.right)
    textual = TEXT_OPERATORS.get(name)
    if textual is not None:
        return textual(left, right, exact)
    return _operated(left, right, _operation(name, exact))


def _operation(name: str, exact: bool) -> Operate:  # noqa: FBT001 - one of two forms
    test = COMPARISONS.get(name)
    if test is not None:
        return _compared(test, exact)
    membership = _MEMBERSHIP.get(name)
    if membership is not None:
        return lambda left, right: membership(left, right, exact)
    return _PLAIN[name]


def _compared(test: Test, exact: bool) -> Operate:  # noqa: FBT001 - one of two forms
    return lambda left, right: filtered(test, left, right, exact)


_MEMBERSHIP: dict[str, Callable[[object, object, bool], object]] = {
    "contains": contains,
    "notcontains": lambda left, right, exact: not contains(left, right, exact),
    "in": lambda left, right, exact: contains(right, left, exact),
    "notin": lambda left, right, exact: not contains(right, left, exact),
}


def _operated(left: Evaluate, right: Evaluate, operate: Operate) -> Evaluate:
    def run(scope: Scope) -> object:
        first, second = left(scope), right(scope)
        _pay(scope, first)
        _pay(scope, second)
        value = operate(first, second)
        scope.session.budget.made(value)
        return value

    return run


def _pay(scope: Scope, value: object) -> None:
    if isinstance(value, list):
        scope.session.budget.step(len(value))
    elif isinstance(value, ListValue):
        scope.session.budget.step(len(value.items))
    elif isinstance(value, Hashtable):
        scope.session.budget.step(len(value) // 8)


def _and(compiler: Compiler, node: tree.Binary) -> Evaluate:
    left, right = compiler.expression(node.left), compiler.expression(node.right)
    return lambda scope: truth(left(scope)) and truth(right(scope))


def _or(compiler: Compiler, node: tree.Binary) -> Evaluate:
    left, right = compiler.expression(node.left), compiler.expression(node.right)
    return lambda scope: truth(left(scope)) or truth(right(scope))


def _xor(compiler: Compiler, node: tree.Binary) -> Evaluate:
    left, right = compiler.expression(node.left), compiler.expression(node.right)
    return lambda scope: truth(left(scope)) is not truth(right(scope))


def _coalesce(compiler: Compiler, node: tree.Binary) -> Evaluate:
    left, right = compiler.expression(node.left), compiler.expression(node.right)

    def run(scope: Scope) -> object:
        value = settled(left(scope))
        return right(scope) if value is None else value

    return run


_SPECIAL = {"and": _and, "or": _or, "xor": _xor, "??": _coalesce}


def _ternary(compiler: Compiler, node: tree.Ternary) -> Evaluate:
    condition = compiler.expression(node.condition)
    then, otherwise = compiler.expression(node.then), compiler.expression(node.otherwise)
    return lambda scope: then(scope) if truth(condition(scope)) else otherwise(scope)


_UNARY: dict[str, Callable[[object], object]] = {
    "not": lambda value: not truth(value),
    "-": negate,
    "+": lambda value: add(0, value),
    "bnot": complement,
    "join": lambda value: join(value, ""),
    "split": unary_split,
    "isplit": unary_split,
    "csplit": unary_split,
}


def _unary(compiler: Compiler, node: tree.Unary) -> Evaluate:
    operate, operand = _UNARY[node.operator], compiler.expression(node.operand)

    def run(scope: Scope) -> object:
        value = operand(scope)
        _pay(scope, value)
        made = operate(value)
        scope.session.budget.made(made)
        return made

    return run


def _cast(compiler: Compiler, node: tree.Cast) -> Evaluate:
    short = node.type.name.lower()
    ordered = short in {"ordered", "pscustomobject", "system.management.automation.pscustomobject"}
    if ordered and isinstance(node.operand, tree.HashLiteral) and not node.type.ranks:
        operand: Evaluate = hash_table(compiler, node.operand, ordered=True)
    else:
        operand = compiler.expression(node.operand)
    if short == "void":
        return _discarded(operand)
    if short in _REFERENCES and isinstance(node.operand, tree.Variable):
        return reference(compiler, node.operand)
    if short in _TYPES:
        return _named_type(operand)
    return _converted(operand, node.type)


_REFERENCES = frozenset({"ref", "system.management.automation.psreference"})
_TYPES = frozenset({"type", "system.type"})


def _named_type(operand: Evaluate) -> Evaluate:
    def run(scope: Scope) -> object:
        value = settled(operand(scope))
        return value if value is None or isinstance(value, TypeRef) else written_type(text(value))

    return run


def _discarded(operand: Evaluate) -> Evaluate:
    def run(scope: Scope) -> object:
        operand(scope)
        return NOTHING

    return run


def _converted(operand: Evaluate, name: tree.TypeName) -> Evaluate:
    def run(scope: Scope) -> object:
        value = operand(scope)
        _pay(scope, value)
        made = convert(value, resolve(name))
        scope.session.budget.made(made)
        return made

    return run


def _validated(_: Compiler, node: tree.Validated) -> Evaluate:
    def run(_: Scope) -> object:
        raise failure(f"An attribute such as [{node.attributes[0].name}()] stands before a variable that is assigned.")  # type: ignore[attr-defined]  # attributes have names

    return run


def _step(compiler: Compiler, node: tree.Step) -> Evaluate:
    read, write = compiler.expression(node.target), setter(compiler, node.target)
    operate = add if node.operator == "++" else subtract

    def run(scope: Scope) -> object:
        before = settled(read(scope))
        after = operate(0 if before is None else before, 1)
        write(scope, after)
        return after if node.prefix else (0 if before is None else before)

    return run


OPERATIONS: dict[type[Node], Callable[..., Evaluate]] = {
    tree.Binary: _binary,
    tree.Ternary: _ternary,
    tree.Unary: _unary,
    tree.Cast: _cast,
    tree.Validated: _validated,
    tree.Step: _step,
}
