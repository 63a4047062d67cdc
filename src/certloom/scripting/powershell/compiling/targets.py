"""What can be assigned to: variables, members, elements, lists of them."""

from collections.abc import Callable

from certloom.scripting.powershell.compiling.compiler import Compiler
from certloom.scripting.powershell.compiling.indexing import set_element
from certloom.scripting.powershell.compiling.validation import checks
from certloom.scripting.powershell.runtime.session import Scope
from certloom.scripting.powershell.syntax import expressions as tree
from certloom.scripting.powershell.syntax import statements
from certloom.scripting.powershell.types.members import put
from certloom.scripting.powershell.types.registry import resolve
from certloom.scripting.powershell.values.collections import ListValue
from certloom.scripting.powershell.values.conversion import convert, items_of
from certloom.scripting.powershell.values.errors import ScriptError, failure
from certloom.scripting.powershell.values.objects import Nothing, RefValue
from certloom.scripting.powershell.values.text import text

__all__ = ["Setter", "reference", "setter"]

Setter = Callable[[Scope, object], None]
_READ_ONLY = frozenset({"true", "false"})


def setter(compiler: Compiler, target: tree.Expression) -> Setter:
    """The closure that assigns a value to a target."""
    return _SETTERS[type(target)](compiler, target)


def _variable(_: Compiler, target: tree.Variable) -> Setter:
    name = target.name.lower()
    name = "_" if name == "psitem" else name
    if name == "null":
        return lambda _, __: None
    if name in _READ_ONLY:
        return _refused(target.name)
    if target.scope in {"script", "global"}:
        return lambda scope, value: scope.script().put(name, value)
    return lambda scope, value: scope.put(name, value)


def reference(compiler: Compiler, target: tree.Variable) -> Callable[[Scope], object]:
    """``[ref]$variable``: reads and writes the variable where it stands."""
    name, read = target.name.lower(), compiler.expression(target)

    def run(scope: Scope) -> object:
        owner: Scope | None = scope
        while owner is not None and name not in owner.variables:
            owner = owner.parent
        place = owner or scope
        return RefValue(lambda: read(place), lambda value: None if name == "null" else place.put(name, value))

    return run


def _refused(name: str) -> Setter:
    def write(_: Scope, __: object) -> None:
        raise failure(f"Cannot overwrite variable {name} because it is read-only or constant.")

    return write


def _member(compiler: Compiler, target: tree.Member) -> Setter:
    owner = compiler.expression(target.target)
    computed = compiler.expression(target.name) if isinstance(target.name, tree.Expression) else None
    fixed = target.name if isinstance(target.name, str) else ""
    if target.static:
        return _refused(fixed)

    def write(scope: Scope, value: object) -> None:
        name = fixed if computed is None else text(computed(scope))
        _put(owner(scope), name, value)

    return write


def _put(owner: object, name: str, value: object) -> None:
    if isinstance(owner, list | ListValue):
        for item in items_of(owner):
            put(item, name, value)
        return
    put(owner, name, value)


def _element(compiler: Compiler, target: tree.Index) -> Setter:
    owner, index = compiler.expression(target.target), compiler.expression(target.index)

    def write(scope: Scope, value: object) -> None:
        found = owner(scope)
        if found is None or isinstance(found, Nothing):
            raise failure("Cannot index into a null array.")
        scope.session.budget.spend(100)
        set_element(found, index(scope), None if isinstance(value, Nothing) else value)

    return write


def _several(compiler: Compiler, target: tree.ArrayLiteral) -> Setter:
    """``$a, $b = ...``: one item each, the rest to the last."""
    setters = tuple(setter(compiler, item) for item in target.items)

    def write(scope: Scope, value: object) -> None:
        items = items_of(value)
        last = len(setters) - 1
        for at, assign in enumerate(setters):
            if at == last and len(items) > len(setters):
                assign(scope, list(items[at:]))
            else:
                assign(scope, items[at] if at < len(items) else None)

    return write


def _typed(compiler: Compiler, target: tree.Cast) -> Setter:
    """``[type]$variable = ...``: the variable keeps the type."""
    inner = target.operand
    write = setter(compiler, inner)
    name = inner.name.lower() if isinstance(inner, tree.Variable) else ""

    def assign(scope: Scope, value: object) -> None:
        kind = resolve(target.type)
        if name:
            scope.types[name] = lambda given: convert(given, kind)
        write(scope, convert(value, kind))

    return assign


def _inside(compiler: Compiler, target: tree.Parenthesized) -> Setter:
    inner = statements.alone(target.statement)
    return setter(compiler, inner) if inner is not None else _refused("()")


def _validated(compiler: Compiler, target: tree.Validated) -> Setter:
    """``[ValidateRange(1, 5)] $variable = ...``: the variable takes only what the attribute allows."""
    inner, found = target.operand, checks(compiler, target.attributes)
    write, named = setter(compiler, inner), _constrained(inner)
    name = named.name.lower() if named is not None else ""

    def assign(scope: Scope, value: object) -> None:
        before = scope.variables.get(name)
        scope.types.pop(name, None)
        write(scope, value)
        cast = scope.types.get(name)

        def allowed(given: object) -> object:
            made = given if cast is None else cast(given)
            for check in found:
                check(scope, name, made)
            return made

        scope.types[name] = allowed
        try:
            scope.put(name, value)
        except ScriptError:
            scope.variables[name] = before
            raise

    return assign if name else _refused("[]")


def _constrained(target: tree.Expression) -> tree.Variable | None:
    """The variable that types and attributes stand before."""
    while isinstance(target, tree.Cast | tree.Validated):
        target = target.operand
    return target if isinstance(target, tree.Variable) else None


_SETTERS: dict[type[tree.Expression], Callable[..., Setter]] = {
    tree.Variable: _variable,
    tree.Member: _member,
    tree.Index: _element,
    tree.ArrayLiteral: _several,
    tree.Cast: _typed,
    tree.Parenthesized: _inside,
    tree.Validated: _validated,
}
