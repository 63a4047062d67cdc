"""Sort-Object and Get-Unique."""

from functools import cmp_to_key

from certloom.scripting.powershell.cmdlets.blocks import value_of
from certloom.scripting.powershell.cmdlets.keys import identity
from certloom.scripting.powershell.cmdlets.spec import INT, SWITCH, TEXTS, Call, Cmdlet, Parameter, collecting
from certloom.scripting.powershell.runtime.session import Emit
from certloom.scripting.powershell.values.collation import compare_text
from certloom.scripting.powershell.values.collections import Hashtable
from certloom.scripting.powershell.values.comparison import compare
from certloom.scripting.powershell.values.conversion import items_of, to_int
from certloom.scripting.powershell.values.errors import ScriptError
from certloom.scripting.powershell.values.text import text
from certloom.scripting.powershell.values.truth import truth

__all__ = ["SORTING", "order_of"]


def order_of(left: object, right: object, *, case_sensitive: bool) -> int:
    """The order of any two values: null first, by text where there is no other order."""
    if left is None or right is None:
        return (left is not None) - (right is not None)
    try:
        return compare(left, right, case_sensitive=case_sensitive)
    except ScriptError:
        return compare_text(text(left), text(right), case_sensitive=case_sensitive)


def _descends(call: Call, selector: object) -> bool:
    if isinstance(selector, Hashtable):
        for entry in selector:
            key = text(entry.key).lower()
            if key and "descending".startswith(key):
                return truth(entry.value)
            if key and "ascending".startswith(key):
                return not truth(entry.value)
    return call.flag("Descending")


def _sort(call: Call, items: list[object], emit: Emit) -> None:
    selectors = items_of(call.get("Property")) if call.has("Property") else []
    exact = call.flag("CaseSensitive")
    call.scope.session.budget.step(len(items) * max(len(items).bit_length(), 1) * 2)
    rows = [(item, _keys(call, item, selectors)) for item in items]
    turns = [-1 if _descends(call, selector) else 1 for selector in selectors or [None]]

    def order(left: tuple[object, list[object]], right: tuple[object, list[object]]) -> int:
        for turn, first, second in zip(turns, left[1], right[1], strict=True):
            found = order_of(first, second, case_sensitive=exact) * turn
            if found:
                return found
        return 0

    rows.sort(key=cmp_to_key(order))
    if call.flag("Unique"):
        rows = [row for at, row in enumerate(rows) if at == 0 or order(rows[at - 1], row)]
    for item, _ in _cut(call, rows):
        emit(item)


def _cut(call: Call, rows: list[tuple[object, list[object]]]) -> list[tuple[object, list[object]]]:
    if call.has("Top"):
        return rows[: to_int(call.get("Top"))]
    return rows[-to_int(call.get("Bottom")) :] if call.has("Bottom") else rows


def _keys(call: Call, item: object, selectors: list[object]) -> list[object]:
    return [value_of(call.scope, item, selector) for selector in selectors] if selectors else [item]


def _unique(call: Call, items: list[object], emit: Emit) -> None:
    before: object = object()
    for item in items:
        call.scope.session.budget.step()
        key = identity(item, exact=not call.flag("CaseInsensitive"))
        if key != before:
            emit(item)
        before = key


SORTING = (
    Cmdlet(
        "Sort-Object",
        collecting(_sort),
        (
            Parameter("InputObject", pipeline=True),
            Parameter("Property", TEXTS, 0),
            Parameter("Descending", SWITCH),
            Parameter("Unique", SWITCH),
            Parameter("CaseSensitive", SWITCH),
            Parameter("Stable", SWITCH),
            Parameter("Top", INT),
            Parameter("Bottom", INT),
        ),
        ("sort",),
    ),
    Cmdlet(
        "Get-Unique",
        collecting(_unique),
        (
            Parameter("InputObject", pipeline=True),
            Parameter("AsString", SWITCH),
            Parameter("CaseInsensitive", SWITCH),
        ),
        ("gu",),
    ),
)
