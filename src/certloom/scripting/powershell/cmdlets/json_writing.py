"""Values as JSON text, laid out as ConvertTo-Json lays it out."""

import json
import math
from decimal import Decimal

import msgspec

from certloom.scripting.powershell.runtime.session import Session
from certloom.scripting.powershell.types.members import get
from certloom.scripting.powershell.types.properties import property_names
from certloom.scripting.powershell.values.collections import Hashtable, ListValue
from certloom.scripting.powershell.values.conversion import items_of
from certloom.scripting.powershell.values.errors import failure, room_for
from certloom.scripting.powershell.values.floats import decimal_text, double_text
from certloom.scripting.powershell.values.objects import (
    EnumValue,
    GuidValue,
    Nothing,
    ScriptBlock,
    TypeRef,
    UriValue,
    VersionValue,
)
from certloom.scripting.powershell.values.text import distance, text
from certloom.scripting.powershell.values.times import (
    TICKS_PER_SECOND,
    UNSPECIFIED,
    UTC_KIND,
    DateTimeOffsetValue,
    DateTimeValue,
    to_datetime,
)

__all__ = ["iso_moment", "write_json"]

_MOST_DEPTH = 100
_PLAIN = (str, GuidValue, UriValue, TypeRef, ScriptBlock)


class _Writer(msgspec.Struct):
    session: Session
    depth: int
    compact: bool
    names: bool
    size: int = 0


def write_json(session: Session, value: object, *, depth: int, compact: bool, names: bool) -> str:
    """The JSON text of a value; what lies deeper than ``depth`` is written as its text."""
    if not 0 <= depth <= _MOST_DEPTH:
        raise failure(
            f"The depth must be between 0 and {_MOST_DEPTH}.", "System.Management.Automation.ParameterBindingException"
        )
    writer = _Writer(session, depth, compact, names)
    return _value(writer, value, 0)


def _value(writer: _Writer, value: object, level: int) -> str:
    writer.session.budget.step()
    made = _scalar(writer, value)
    if made is None:
        made = json.dumps(text(value), ensure_ascii=False) if level > writer.depth else _nested(writer, value, level)
    writer.size += len(made)
    room_for(writer.size // (level + 1))
    return made


def _nested(writer: _Writer, value: object, level: int) -> str:
    if isinstance(value, list | ListValue):
        parts = [_value(writer, item, level + 1) for item in items_of(value)]
        return _laid_out(writer, parts, "[]", level)
    if isinstance(value, Hashtable):
        pairs = [(text(entry.key), entry.value) for entry in value]
    else:
        pairs = [(name, get(writer.session, value, name)) for name in property_names(value)]
    colon = ":" if writer.compact else ": "
    parts = [f"{_quoted(name)}{colon}{_value(writer, one, level + 1)}" for name, one in pairs]
    return _laid_out(writer, parts, "{}", level)


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _laid_out(writer: _Writer, parts: list[str], brackets: str, level: int) -> str:
    if not parts:
        return brackets
    if writer.compact:
        return f"{brackets[0]}{','.join(parts)}{brackets[1]}"
    inner, outer = "  " * (level + 1), "  " * level
    room_for(sum(map(len, parts)) + len(parts) * (len(inner) + 2))
    body = ",\n".join(inner + part for part in parts)
    return f"{brackets[0]}\n{body}\n{outer}{brackets[1]}"


def _scalar(writer: _Writer, value: object) -> str | None:  # noqa: PLR0911 - one line for each kind of value
    if value is None or isinstance(value, Nothing):
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, _PLAIN):
        return _quoted(text(value))
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float | Decimal):
        return _real(value)
    if isinstance(value, DateTimeValue | DateTimeOffsetValue):
        return _quoted(iso_moment(value))
    if isinstance(value, EnumValue):
        return _quoted(value.name) if writer.names else str(value.value)
    return _quoted(text(value)) if isinstance(value, VersionValue) and writer.names else None


def _real(value: float | Decimal) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return _quoted(double_text(value))
    written = double_text(value) if isinstance(value, float) else decimal_text(value)
    return written if any(mark in written for mark in ".E") else f"{written}.0"


def iso_moment(value: DateTimeValue | DateTimeOffsetValue) -> str:
    """A moment in ISO 8601, with the fraction it has and the zone of its kind or its distance from UTC."""
    if isinstance(value, DateTimeOffsetValue):
        return iso_moment(DateTimeValue(value.ticks)) + distance(value.offset)
    moment = to_datetime(value)
    part = value.ticks % TICKS_PER_SECOND
    fraction = f".{part:07d}".rstrip("0") if part else ""
    zone = {UNSPECIFIED: "", UTC_KIND: "Z"}.get(value.kind, "+00:00")
    return f"{moment.year:04d}-{moment:%m-%dT%H:%M:%S}{fraction}{zone}"
