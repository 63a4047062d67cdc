"""``.Where()`` and ``.ForEach()``, which every value has (about_Intrinsic_Members), and ``.Invoke()`` of blocks."""

from collections.abc import Callable

from certloom.scripting.powershell.compiling.compiler import collapsed
from certloom.scripting.powershell.runtime.session import Body, Scope
from certloom.scripting.powershell.types.members import call, get
from certloom.scripting.powershell.values.conversion import convert, items_of, to_int
from certloom.scripting.powershell.values.errors import failure
from certloom.scripting.powershell.values.objects import ScriptBlock, TypeRef
from certloom.scripting.powershell.values.text import text
from certloom.scripting.powershell.values.truth import truth

__all__ = ["INTRINSIC", "within"]

Intrinsic = Callable[[Scope, object, list[object]], object]


def within(scope: Scope, block: ScriptBlock, item: object) -> object:
    """What a block gives for ``$_`` in the current scope."""
    before = scope.variables.get("_")
    scope.variables["_"] = item
    items: list[object] = []
    body = block.body
    try:
        if isinstance(body, Body):
            body.within(scope, items.append)
    finally:
        scope.variables["_"] = before
    return collapsed(items)


def _where(scope: Scope, value: object, arguments: list[object]) -> object:
    if not 1 <= len(arguments) <= 3 or not isinstance(arguments[0], ScriptBlock):  # noqa: PLR2004 - block, mode, number
        raise failure("The Where method takes a script block, a mode and a number.")
    block, mode = arguments[0], text(arguments[1]).lower() if len(arguments) > 1 else "default"
    count = to_int(arguments[2]) if len(arguments) > 2 else 0  # noqa: PLR2004 - the number is the third
    items = items_of(value)
    found = []
    for item in items:
        scope.session.budget.step()
        found.append(bool(truth(within(scope, block, item))))
    choose = _MODES.get(mode)
    if choose is None:
        raise failure(f"Where has no mode '{mode}'; use Default, First, Last, SkipUntil, Until or Split.")
    return choose(items, found, count)


def _chosen(items: list[object], found: list[bool], count: int) -> list[object]:
    kept = [item for item, one in zip(items, found, strict=True) if one]
    return kept[:count] if count else kept


def _last(items: list[object], found: list[bool], count: int) -> list[object]:
    return _chosen(items, found, 0)[-(count or 1) :]


def _first_place(found: list[bool]) -> int:
    return found.index(True) if True in found else len(found)


_MODES: dict[str, Callable[[list[object], list[bool], int], list[object]]] = {
    "default": _chosen,
    "first": lambda items, found, count: _chosen(items, found, count or 1),
    "last": _last,
    "skipuntil": lambda items, found, count: items[_first_place(found) :][: count or None],
    "until": lambda items, found, count: items[: _first_place(found)][: count or None],
    "split": lambda items, found, _: [
        _chosen(items, found, 0),
        _chosen(items, [not one for one in found], 0),
    ],
}


def _for_each(scope: Scope, value: object, arguments: list[object]) -> object:
    if not arguments:
        raise failure("The ForEach method takes a script block, a type, or the name of a member.")
    first, rest = arguments[0], arguments[1:]
    made: list[object] = []
    for item in items_of(value):
        scope.session.budget.step()
        made += items_of(_applied(scope, item, first, rest))
    return made


def _applied(scope: Scope, item: object, operation: object, rest: list[object]) -> object:
    if isinstance(operation, ScriptBlock):
        return within(scope, operation, item)
    if isinstance(operation, TypeRef):
        return convert(item, operation)
    found = get(scope.session, item, text(operation))
    return call(scope.session, item, text(operation), rest) if found is None else found


def _invoke(scope: Scope, value: object, arguments: list[object]) -> object:
    if not isinstance(value, ScriptBlock):
        return call(scope.session, value, "Invoke", arguments)
    items: list[object] = []
    if isinstance(value.body, Body):
        value.body.call(scope, arguments, value.captured or {}, items.append)
    return items


def _closure(scope: Scope, value: object, _: list[object]) -> object:
    if not isinstance(value, ScriptBlock):
        return call(scope.session, value, "GetNewClosure", [])
    scope.session.budget.spend(100 * len(scope.variables))
    return ScriptBlock(value.body, value.text, dict(scope.variables))


INTRINSIC: dict[str, Intrinsic] = {
    "where": _where,
    "foreach": _for_each,
    "invoke": _invoke,
    "invokereturnasis": _invoke,
    "getnewclosure": _closure,
}
