"""JSON text as values: objects with properties, whole numbers as long, ISO 8601 texts as moments."""

import json
import re
from decimal import Decimal
from typing import NoReturn

from certloom.scripting.powershell.limits import Budget
from certloom.scripting.powershell.values.collections import Hashtable, PSObject
from certloom.scripting.powershell.values.dates import date_from_text
from certloom.scripting.powershell.values.errors import ScriptError, failure
from certloom.scripting.powershell.values.numbers import Int64, fits
from certloom.scripting.powershell.values.times import UTC_KIND, DateTimeValue

__all__ = ["read_json"]

_MOST_DEPTH = 100
_BRACKETS = re.compile(r"\"(?:[^\"\\]|\\.)*+(?:\"|\\?\Z)|[\[{]|[\]}]", re.DOTALL)
_COMMENTS = re.compile(r"\"(?:[^\"\\]|\\.)*+(?:\"|\\?\Z)|//[^\r\n]*+|/\*(?s:.*?)\*/", re.DOTALL)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,7})?(Z|[+-]\d{2}:\d{2})?", re.ASCII)


def _refused(reason: str) -> ScriptError:
    return failure(f"Conversion from JSON failed with error: {reason}", "System.ArgumentException")


def _constant(name: str) -> NoReturn:
    raise _refused(f"'{name}' is not JSON.")


def _whole(digits: str) -> object:
    if len(digits) > 30:  # noqa: PLR2004 - far beyond a long
        return float(digits)
    value = int(digits)
    return Int64(value) if fits(Int64, value) else Decimal(value)


def _check_depth(source: str) -> None:
    depth = 0
    for bracket in _BRACKETS.finditer(source):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(bracket[0], 0)
        if depth > _MOST_DEPTH:
            raise _refused(f"it nests more than {_MOST_DEPTH} levels deep.")


def _uncommented(source: str) -> str:
    """The text without ``//`` and ``/* */``, which ConvertFrom-Json takes since version 6."""
    if "/" not in source:
        return source
    return _COMMENTS.sub(lambda found: found[0] if found[0].startswith('"') else " ", source)


def read_json(budget: Budget, source: str, *, tables: bool) -> object:
    """The value of a JSON text; objects become custom objects, or hashtables."""
    source = _uncommented(source)
    _check_depth(source)
    budget.spend(len(source) * 8)
    budget.step(len(source) // 16)

    def made(pairs: list[tuple[str, object]]) -> object:
        budget.step()
        return _table(pairs) if tables else _object(pairs)

    try:
        value = json.loads(source, object_pairs_hook=made, parse_int=_whole, parse_constant=_constant)
    except ValueError as wrong:
        raise _refused(f"{wrong}.") from wrong
    return _dated(value)


def _dated(value: object) -> object:
    if isinstance(value, str):
        return _moment(value)
    return [_dated(item) for item in value] if isinstance(value, list) else value


def _moment(value: str) -> object:
    found = _DATE.fullmatch(value) if len(value) < 40 else None  # noqa: PLR2004 - no date is that long
    read = date_from_text(value) if found is not None else None
    if read is None or found is None:
        return value
    return DateTimeValue(read.ticks, UTC_KIND) if found[1] == "Z" else read


def _object(pairs: list[tuple[str, object]]) -> PSObject:
    made = PSObject()
    for name, value in pairs:
        if name.lower() in made.properties and made.properties[name.lower()].name != name:
            raise _refused(
                f"it contains the keys '{made.properties[name.lower()].name}' and '{name}'; use -AsHashtable."
            )
        made.add(name, _dated(value))
    return made


def _table(pairs: list[tuple[str, object]]) -> Hashtable:
    made = Hashtable(case_sensitive=True)
    for name, value in pairs:
        made.put(name, _dated(value))
    return made
