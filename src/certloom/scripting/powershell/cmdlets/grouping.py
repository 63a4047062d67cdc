"""Group-Object, Measure-Object and Compare-Object."""

import math
from functools import cmp_to_key

from certloom.scripting.powershell.cmdlets.blocks import value_of
from certloom.scripting.powershell.cmdlets.keys import identity
from certloom.scripting.powershell.cmdlets.sorting import order_of
from certloom.scripting.powershell.cmdlets.spec import ANY, SWITCH, TEXTS, Call, Cmdlet, Parameter, collecting
from certloom.scripting.powershell.runtime.session import Emit
from certloom.scripting.powershell.values.collections import Hashtable, PSObject
from certloom.scripting.powershell.values.conversion import items_of
from certloom.scripting.powershell.values.errors import failure
from certloom.scripting.powershell.values.kinds import kind_name
from certloom.scripting.powershell.values.numeric import to_double
from certloom.scripting.powershell.values.text import text

__all__ = ["GROUPING"]


def _made(**properties: object) -> PSObject:
    made = PSObject()
    for name, value in properties.items():
        made.add(name, value)
    return made


def _group(call: Call, items: list[object], emit: Emit) -> None:
    selectors = items_of(call.get("Property")) if call.has("Property") else []
    exact = call.flag("CaseSensitive")
    groups: dict[object, tuple[list[object], list[object]]] = {}
    for item in items:
        call.scope.session.budget.step()
        values = [value_of(call.scope, item, one) for one in selectors] if selectors else [item]
        key = tuple(identity(value, exact=exact) for value in values)
        groups.setdefault(key, (values, []))[1].append(item)
    if call.flag("AsHashTable"):
        emit(_as_table(groups, as_text=call.flag("AsString")))
        return
    for values, members in _in_order(call, list(groups.values())):
        name = ", ".join(text(value) for value in values)
        made = _made(Count=len(members), Name=name, Group=members, Values=values)
        if call.flag("NoElement"):
            del made.properties["group"]
        emit(made)


def _in_order(call: Call, groups: list[tuple[list[object], list[object]]]) -> list[tuple[list[object], list[object]]]:
    """Groups in ascending order of their values; as they came when those differ in type."""
    columns = zip(*(values for values, _ in groups), strict=True)
    if any(len({kind_name(one) for one in column}) > 1 for column in columns):
        return groups
    exact, budget = call.flag("CaseSensitive"), call.scope.session.budget

    def order(left: tuple[list[object], object], right: tuple[list[object], object]) -> int:
        budget.step()
        pairs = zip(left[0], right[0], strict=True)
        return next((found for one, other in pairs if (found := order_of(one, other, case_sensitive=exact))), 0)

    return sorted(groups, key=cmp_to_key(order))


def _as_table(groups: dict[object, tuple[list[object], list[object]]], *, as_text: bool) -> Hashtable:
    table = Hashtable()
    for values, members in groups.values():
        key = text(values[0]) if as_text else values[0]
        table.put("" if key is None else key, members)
    return table


def _measure(call: Call, items: list[object], emit: Emit) -> None:
    if call.flag("Line") or call.flag("Word") or call.flag("Character"):
        emit(_measured_text(call, items))
        return
    for selector in items_of(call.get("Property")) if call.has("Property") else [None]:
        values = [item if selector is None else value_of(call.scope, item, selector) for item in items]
        emit(_measured(call, [value for value in values if value is not None], selector))


def _measured(call: Call, values: list[object], selector: object) -> PSObject:
    call.scope.session.budget.step(len(values))
    every = call.flag("AllStats")
    made = _made(Count=len(values), Average=None, Sum=None, Maximum=None, Minimum=None, StandardDeviation=None)
    made.add("Property", None if selector is None else text(selector))
    wants = {name: every or call.flag(name) for name in ("Sum", "Average", "Maximum", "Minimum", "StandardDeviation")}
    if not values:
        return made
    if wants["Sum"] or wants["Average"] or wants["StandardDeviation"]:
        _sums(made, [to_double(value) for value in values], wants)
    if wants["Maximum"]:
        made.add("Maximum", _extreme(values, 1))
    if wants["Minimum"]:
        made.add("Minimum", _extreme(values, -1))
    return made


def _sums(made: PSObject, numbers: list[float], wants: dict[str, bool]) -> None:
    total = sum(numbers)
    if wants["Sum"]:
        made.add("Sum", total)
    if wants["Average"]:
        made.add("Average", total / len(numbers))
    if wants["StandardDeviation"]:
        mean = total / len(numbers)
        spread = sum((number - mean) ** 2 for number in numbers)
        made.add("StandardDeviation", math.sqrt(spread / (len(numbers) - 1)) if len(numbers) > 1 else 0.0)


def _extreme(values: list[object], turn: int) -> object:
    best = values[0]
    for value in values[1:]:
        if order_of(value, best, case_sensitive=False) * turn > 0:
            best = value
    return float(best) if isinstance(best, int) and not isinstance(best, bool) else best


def _measured_text(call: Call, items: list[object]) -> PSObject:
    whole = [text(item) for item in items]
    return _made(
        Lines=sum(len(one.splitlines()) or 1 for one in whole) if call.flag("Line") else None,
        Words=sum(len(one.split()) for one in whole) if call.flag("Word") else None,
        Characters=sum(map(len, whole)) if call.flag("Character") else None,
        Property=None,
    )


def _compare(call: Call, _: list[object], emit: Emit) -> None:
    """Items of only one side, those of the second first; with -IncludeEqual also those of both."""
    for side in ("ReferenceObject", "DifferenceObject"):
        if call.get(side) is None:
            raise failure(f"Cannot bind argument to parameter '{side}' because it is null.")
    left, right = items_of(call.get("ReferenceObject")), items_of(call.get("DifferenceObject"))
    call.scope.session.budget.step(len(left) + len(right))
    rest: dict[object, list[object]] = {}
    for item in left:
        rest.setdefault(_key(call, item), []).append(item)
    same, added = [], []
    for item in right:
        waiting = rest.get(_key(call, item))
        if waiting:
            same.append(waiting.pop(0))
        else:
            added.append(item)
    missing = [item for items in rest.values() for item in items]
    _put_out(call, emit, same if call.flag("IncludeEqual") or call.flag("ExcludeDifferent") else [], "==")
    if not call.flag("ExcludeDifferent"):
        _put_out(call, emit, added, "=>")
        _put_out(call, emit, missing, "<=")


def _key(call: Call, item: object) -> object:
    names = items_of(call.get("Property")) if call.has("Property") else []
    exact = call.flag("CaseSensitive")
    if not names:
        return identity(item, exact=exact)
    return tuple(identity(value_of(call.scope, item, name), exact=exact) for name in names)


def _put_out(call: Call, emit: Emit, items: list[object], side: str) -> None:
    for item in items:
        if call.flag("PassThru"):
            emit(item)
            continue
        made = PSObject()
        names = items_of(call.get("Property")) if call.has("Property") else []
        for name in names:
            made.add(text(name), value_of(call.scope, item, name))
        if not names:
            made.add("InputObject", item)
        made.add("SideIndicator", side)
        emit(made)


GROUPING = (
    Cmdlet(
        "Group-Object",
        collecting(_group),
        (
            Parameter("InputObject", pipeline=True),
            Parameter("Property", TEXTS, 0),
            Parameter("NoElement", SWITCH),
            Parameter("AsHashTable", SWITCH),
            Parameter("AsString", SWITCH),
            Parameter("CaseSensitive", SWITCH),
        ),
        ("group",),
    ),
    Cmdlet(
        "Measure-Object",
        collecting(_measure),
        (
            Parameter("InputObject", pipeline=True),
            Parameter("Property", TEXTS, 0),
            *(
                Parameter(name, SWITCH)
                for name in (
                    "Sum",
                    "Average",
                    "Maximum",
                    "Minimum",
                    "StandardDeviation",
                    "AllStats",
                    "Line",
                    "Word",
                    "Character",
                )
            ),
        ),
        ("measure",),
    ),
    Cmdlet(
        "Compare-Object",
        collecting(_compare),
        (
            Parameter("ReferenceObject", ANY, 0),
            Parameter("DifferenceObject", ANY, 1),
            Parameter("Property", TEXTS),
            Parameter("IncludeEqual", SWITCH),
            Parameter("ExcludeDifferent", SWITCH),
            Parameter("CaseSensitive", SWITCH),
            Parameter("PassThru", SWITCH),
            Parameter("SyncWindow"),
        ),
        ("compare", "diff"),
    ),
)
