"""Members, calls and indexes."""

from collections.abc import Callable

from certloom.scripting.powershell.compiling.compiler import Compiler, Evaluate
from certloom.scripting.powershell.compiling.indexing import element
from certloom.scripting.powershell.compiling.intrinsic import INTRINSIC
from certloom.scripting.powershell.compiling.values import settled
from certloom.scripting.powershell.runtime.session import Scope
from certloom.scripting.powershell.syntax import expressions as tree
from certloom.scripting.powershell.syntax.place import Node
from certloom.scripting.powershell.types.members import call, get
from certloom.scripting.powershell.types.statics import call_static, static_value
from certloom.scripting.powershell.values.collections import Hashtable, ListValue, PSObject, SetValue
from certloom.scripting.powershell.values.conversion import items_of
from certloom.scripting.powershell.values.errors import failure
from certloom.scripting.powershell.values.objects import TypeRef
from certloom.scripting.powershell.values.text import text

__all__ = ["ACCESS", "member_name"]


def member_name(compiler: Compiler, name: str | tree.Expression) -> Callable[[Scope], str]:
    """The closure that gives the name of a member, which may be computed."""
    if isinstance(name, str):
        return lambda _: name
    computed = compiler.expression(name)
    return lambda scope: text(computed(scope))


def _member(compiler: Compiler, node: tree.Member) -> Evaluate:
    target, name = compiler.expression(node.target), member_name(compiler, node.name)
    if node.static:
        return lambda scope: static_value(scope.session, _as_type(target(scope)), name(scope))
    if node.optional:
        return _when_there(target, name)
    if isinstance(node.name, str):
        fixed = node.name
        return lambda scope: get(scope.session, target(scope), fixed)
    return lambda scope: get(scope.session, target(scope), name(scope))


def _when_there(target: Evaluate, name: Callable[[Scope], str]) -> Evaluate:
    def run(scope: Scope) -> object:
        value = settled(target(scope))
        return None if value is None else get(scope.session, value, name(scope))

    return run


def _as_type(value: object) -> TypeRef:
    if isinstance(value, TypeRef):
        return value
    raise failure("Only a type in brackets has static members; write [type]::member.")


def _invocation(compiler: Compiler, node: tree.Invocation) -> Evaluate:
    target, name = compiler.expression(node.target), member_name(compiler, node.name)
    arguments = tuple(compiler.expression(argument) for argument in node.arguments)
    if node.static:
        return _static(target, name, arguments)
    intrinsic = INTRINSIC.get(node.name.lower()) if isinstance(node.name, str) else None
    return _called(target, name, arguments, intrinsic, optional=node.optional)


def _static(target: Evaluate, name: Callable[[Scope], str], arguments: tuple[Evaluate, ...]) -> Evaluate:
    def run(scope: Scope) -> object:
        kind = _as_type(target(scope))
        values = [settled(argument(scope)) for argument in arguments]
        return _paid(scope, lambda: call_static(scope.session, kind, name(scope), values), values)

    return run


def _called(
    target: Evaluate,
    name: Callable[[Scope], str],
    arguments: tuple[Evaluate, ...],
    intrinsic: Callable[[Scope, object, list[object]], object] | None,
    *,
    optional: bool,
) -> Evaluate:
    def run(scope: Scope) -> object:
        value = settled(target(scope))
        if value is None and optional:
            return None
        values = [settled(argument(scope)) for argument in arguments]
        if intrinsic is not None and not _has_own(value, name(scope)):
            return intrinsic(scope, value, values)
        called = name(scope)
        paying = values if _is_quick(value, called) else [value, *values]
        return _paid(scope, lambda: call(scope.session, value, called, values), paying)

    return run


def _has_own(value: object, name: str) -> bool:
    return isinstance(value, PSObject) and name.lower() in value.properties


_QUICK = frozenset({"add", "push", "enqueue", "peek", "pop", "dequeue", "removeat", "insert"})


def _is_quick(value: object, name: str) -> bool:
    """Whether a method of a collection does not go over its items."""
    return isinstance(value, ListValue) and (
        name.lower() in _QUICK or (isinstance(value, SetValue) and name.lower() == "contains")
    )


def _paid(scope: Scope, run: Callable[[], object], values: list[object]) -> object:
    budget = scope.session.budget
    budget.step()
    for value in values:
        if isinstance(value, list | ListValue):
            budget.step(len(items_of(value)))
        elif isinstance(value, Hashtable):
            budget.step(len(value) // 8)
    made = run()
    budget.made(made)
    return made


def _index(compiler: Compiler, node: tree.Index) -> Evaluate:
    target, index = compiler.expression(node.target), compiler.expression(node.index)

    def run(scope: Scope) -> object:
        value = settled(target(scope))
        if value is None:
            if node.optional:
                return None
            raise failure("Cannot index into a null array.")
        at = settled(index(scope))
        if isinstance(at, list):
            scope.session.budget.step(len(at))
        return element(value, at)

    return run


ACCESS: dict[type[Node], Callable[..., Evaluate]] = {
    tree.Member: _member,
    tree.Invocation: _invocation,
    tree.Index: _index,
}
