"""Mutants: small faults planted into a function, one at a time, as the code objects that would result."""

import ast
import copy
from collections.abc import Callable, Iterator, Sequence
from types import CodeType
from typing import NamedTuple

_SWAPS: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add,),
    ast.FloorDiv: (ast.Mult,),
}
_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}

Replacement = Callable[[], ast.AST]
Place = tuple[ast.AST, str, int | None]
"""A member of a node, or one item of a member that is a list."""


class Mutant(NamedTuple):
    """One fault: where it stands (``line``), the text before and after it, and the function with it."""

    function: str
    line: int
    before: str
    after: str
    code: CodeType


def mutants(source: str, functions: Sequence[str] | None = None) -> Iterator[Mutant]:
    """The mutants of a module's functions, all of them or those named (``name`` or ``Class.name``), in order."""
    tree = ast.parse(source)
    for name, function in _functions(tree):
        if functions is None or name in functions:
            yield from _of_function(tree, name, function)


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            found = [one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
            yield from ((f"{node.name}.{one.name}", one) for one in found)


def _of_function(tree: ast.Module, name: str, function: ast.AST) -> Iterator[Mutant]:
    for parent, field, index in list(_places(function)):
        node = _at(parent, field, index)
        for replacement in _replacements(node):
            before, line = ast.unparse(node), getattr(node, "lineno", getattr(parent, "lineno", 0))
            # An operator has no place of its own: it is told with the expression it stands in.
            told = isinstance(node, ast.expr | ast.stmt)
            before = before if told else ast.unparse(parent)
            new = ast.copy_location(replacement(), node if told else parent)
            _put(parent, field, index, new)
            after = ast.unparse(new) if told else ast.unparse(parent)
            mutated = ast.fix_missing_locations(copy.deepcopy(tree))
            _put(parent, field, index, node)
            yield Mutant(name, line, before, after, _code(compile(mutated, "<mutant>", "exec"), name))


def _places(node: ast.AST) -> Iterator[Place]:
    """Every place in a function where a fault can be planted: its body, without messages and annotations."""
    for field, value in ast.iter_fields(node):
        if field in {"annotation", "returns", "decorator_list", "args"} and not isinstance(node, ast.Call):
            continue
        items = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
        for index, one in items:
            if not isinstance(one, ast.AST) or _is_docstring(one):
                continue
            yield node, field, index
            if not isinstance(one, ast.Raise | ast.JoinedStr | ast.Assert):
                yield from _places(one)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _replacements(node: ast.AST) -> Iterator[Replacement]:
    yield from _SWAPS.get(type(node), ())
    if isinstance(node, ast.Constant):
        yield from _constants(node)
    elif isinstance(node, ast.stmt):
        yield from _statements(node)
    elif isinstance(node, ast.expr):
        yield from _expressions(node)
    elif isinstance(node, ast.comprehension) and node.ifs:
        yield lambda: ast.comprehension(node.target, node.iter, [], node.is_async)


def _constants(node: ast.Constant) -> Iterator[Replacement]:
    if isinstance(node.value, bool):
        yield lambda: ast.Constant(not node.value)
    elif isinstance(node.value, int):
        yield lambda: ast.Constant(int(str(node.value)) + 1)
    elif isinstance(node.value, str):
        yield lambda: ast.Constant(f"{node.value!s}XX")


def _statements(node: ast.stmt) -> Iterator[Replacement]:
    if isinstance(node, ast.Raise | ast.Expr | ast.AugAssign):
        yield ast.Pass
    elif isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Constant):
        yield lambda: ast.Return(ast.Constant(None))
    elif isinstance(node, ast.Continue):
        yield ast.Break
    elif isinstance(node, ast.If):
        yield lambda: ast.If(ast.Constant(True), node.body, node.orelse)
        yield lambda: ast.If(ast.Constant(False), node.body, node.orelse)


def _expressions(node: ast.expr) -> Iterator[Replacement]:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield lambda: node.operand
    elif isinstance(node, ast.IfExp):
        yield lambda: node.body
        yield lambda: node.orelse
    elif isinstance(node, ast.BoolOp):
        for left_out in range(len(node.values)):
            rest = [value for number, value in enumerate(node.values) if number != left_out]
            yield lambda rest=rest: rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)  # type: ignore[misc]  # a default binds the loop's value
    elif isinstance(node, ast.Name) and node.id in _NAMES and isinstance(node.ctx, ast.Load):
        yield lambda: ast.Name(_NAMES[node.id], ast.Load())
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args + node.keywords:
        # ``text.casefold()`` becomes ``text``.
        called = node.func.value
        yield lambda: called


def _at(parent: ast.AST, field: str, index: int | None) -> ast.AST:
    value = getattr(parent, field)
    found: ast.AST = value if index is None else value[index]
    return found


def _put(parent: ast.AST, field: str, index: int | None, node: ast.AST) -> None:
    if index is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[index] = node


def _code(module: CodeType, name: str) -> CodeType:
    code = module
    for part in name.split("."):
        code = next(one for one in code.co_consts if isinstance(one, CodeType) and one.co_name == part)
    return code
