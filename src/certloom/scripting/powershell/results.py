"""Between plain JSON outside and the values of scripts inside."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from certloom.scripting.powershell.cmdlets.json_writing import iso_moment
from certloom.scripting.powershell.faults import ScriptFailed, ScriptLimitReached
from certloom.scripting.powershell.limits import Budget
from certloom.scripting.powershell.values.collections import Entry, Hashtable, ListValue, PSObject
from certloom.scripting.powershell.values.conversion import items_of
from certloom.scripting.powershell.values.numbers import Int64, UInt64, fits
from certloom.scripting.powershell.values.objects import Nothing
from certloom.scripting.powershell.values.text import text
from certloom.scripting.powershell.values.times import DateTimeOffsetValue, DateTimeValue
from certloom.scripting.powershell.values.unicode import well_formed

__all__ = ["enter", "given_value", "plain", "returned"]

_DEEPEST = 32


def given_value(budget: Budget, value: Any, level: int = 0) -> object:
    """A plain JSON value as a script has it: objects as custom objects, lists as arrays."""
    budget.step()
    _check_level(level)
    if value is None or isinstance(value, str | bool | float):
        return value
    if isinstance(value, int):
        return value if fits(int, value) else Int64(value) if fits(Int64, value) else float(value)
    if isinstance(value, Mapping):
        made = PSObject()
        for name, one in value.items():
            made.add(str(name), given_value(budget, one, level + 1))
        return made
    if isinstance(value, list | tuple):
        return [given_value(budget, one, level + 1) for one in value]
    return str(value)


def _check_level(level: int) -> None:
    if level > _DEEPEST:
        raise ScriptLimitReached(f"A value nests more than {_DEEPEST} levels deep. Return less.")


def returned(budget: Budget, output: list[object]) -> dict[str, Any]:
    """The values of the hashtables that a script put out; anything else beside them is an error."""
    values: dict[str, Any] = {}
    for item in output:
        if not isinstance(item, Hashtable | PSObject):
            if item is None or isinstance(item, Nothing):
                continue
            raise ScriptFailed(
                f"The script put out '{text(item)[:100]}', but a step takes a hashtable: "
                "return @{ name = value }, and send other output to Out-Null."
            )
        for name, value in _pairs(item):
            enter(values, _text(budget, name), plain(budget, value))
    return values


def enter(values: dict[str, Any], name: str, value: Any) -> None:
    """Put a value under its name. Names that differ only in case are one; the last value wins."""
    known = next((one for one in values if one.lower() == name.lower()), name)
    values[known] = value


def _pairs(value: Hashtable | PSObject) -> list[tuple[str, object]]:
    if isinstance(value, Hashtable):
        return [(text(entry.key), entry.value) for entry in value]
    return [(one.name, one.value) for one in value if one.kind == "NoteProperty"]


def plain(budget: Budget, value: object, level: int = 0) -> Any:  # noqa: PLR0911 - one line for each kind of value
    """A value of a script as plain JSON; moments in ISO 8601, what JSON does not have as its text."""
    budget.step()
    _check_level(level)
    if value is None or isinstance(value, Nothing):
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float | Decimal):
        return _number(budget, value)
    if isinstance(value, list | ListValue):
        return [plain(budget, item, level + 1) for item in items_of(value)]
    if isinstance(value, Hashtable | PSObject):
        return {_text(budget, name): plain(budget, one, level + 1) for name, one in _pairs(value)}
    if isinstance(value, Entry):
        return {"Key": plain(budget, value.key, level + 1), "Value": plain(budget, value.value, level + 1)}
    return _text(budget, iso_moment(value) if isinstance(value, DateTimeValue | DateTimeOffsetValue) else text(value))


def _number(budget: Budget, value: float | Decimal) -> Any:
    budget.put_out(8)
    if isinstance(value, int):
        return int(value) if fits(Int64, value) or fits(UInt64, value) else text(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return float(value) if math.isfinite(value) else text(value)


def _text(budget: Budget, value: str) -> str:
    budget.put_out(len(value) + 2)
    return well_formed(value)
