"""System.DateTimeOffset: a moment with its distance from UTC."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from certloom.scripting.powershell.formatting.dates import format_offset
from certloom.scripting.powershell.runtime.session import Session
from certloom.scripting.powershell.types.arrays import any_value
from certloom.scripting.powershell.types.datetimes import DATETIME
from certloom.scripting.powershell.types.exact_dates import parse_exact
from certloom.scripting.powershell.types.spec import Method, TypeSpec, static, takes, with_session
from certloom.scripting.powershell.types.trying import tries
from certloom.scripting.powershell.values.conversion import convert, to_string
from certloom.scripting.powershell.values.errors import failure
from certloom.scripting.powershell.values.numbers import Int64
from certloom.scripting.powershell.values.numeric import to_whole
from certloom.scripting.powershell.values.objects import TypeRef
from certloom.scripting.powershell.values.text import text
from certloom.scripting.powershell.values.times import (
    LOCAL,
    TICKS_PER_SECOND,
    UTC_KIND,
    DateTimeOffsetValue,
    DateTimeValue,
    TimeSpanValue,
    from_parts,
)

__all__ = ["OFFSET"]

_EPOCH = from_parts((1970, 1, 1)).ticks
_SHARED = ("Year", "Month", "Day", "Hour", "Minute", "Second", "Millisecond", "Ticks", "DayOfWeek", "DayOfYear")
_MOVED = ("AddDays", "AddHours", "AddMinutes", "AddSeconds", "AddMilliseconds", "AddTicks", "AddMonths", "AddYears")
_MOST_OFFSET = 14 * 3600 * TICKS_PER_SECOND


def _offset(value: object) -> DateTimeOffsetValue:
    made = convert(value, TypeRef("System.DateTimeOffset"))
    return made if isinstance(made, DateTimeOffsetValue) else DateTimeOffsetValue(0, 0)


def _clock(value: DateTimeOffsetValue) -> DateTimeValue:
    return DateTimeValue(value.ticks)


def _shared(name: str) -> Callable[[DateTimeOffsetValue], object]:
    read = DATETIME.properties[name]
    return lambda value: read(_clock(value))


def _moved(name: str) -> Method:
    move = DATETIME.methods[name]

    def method(session: Session, target: object, arguments: Sequence[object]) -> object:
        value = _offset(target)
        moved = move(session, _clock(value), arguments)
        return DateTimeOffsetValue(moved.ticks if isinstance(moved, DateTimeValue) else 0, value.offset)

    return method


def _span(value: object) -> TimeSpanValue:
    made = convert(value, TypeRef("System.TimeSpan"))
    if not isinstance(made, TimeSpanValue):
        raise failure("This takes a TimeSpan.")
    return made


def _at(value: DateTimeOffsetValue, offset: TimeSpanValue) -> DateTimeOffsetValue:
    if abs(offset.ticks) > _MOST_OFFSET or offset.ticks % (60 * TICKS_PER_SECOND):
        raise failure(
            "Offset must be within plus or minus 14 hours, in whole minutes. (Parameter 'offset')",
            inner="System.ArgumentOutOfRangeException",
        )
    return DateTimeOffsetValue(value.utc() + offset.ticks, offset.ticks)


def _subtract(value: DateTimeOffsetValue, other: object) -> object:
    if isinstance(other, DateTimeOffsetValue):
        return TimeSpanValue(value.utc() - other.utc())
    return DateTimeOffsetValue(value.ticks - _span(other).ticks, value.offset)


def _from_unix(unit: int) -> Callable[[int], DateTimeOffsetValue]:
    return lambda count: DateTimeOffsetValue(_EPOCH + int(count) * unit, 0)


def _new(_: Session, __: object, arguments: Sequence[object]) -> object:
    """A DateTime with an offset or without; or the parts of one, the offset standing last."""
    given = list(arguments)
    offset = _span(given.pop()) if len(given) > 1 else TimeSpanValue(0)
    if len(given) > 1:
        parts = tuple(int(to_whole(Int64)(one)) for one in given)
        base = from_parts(parts[:6])
    else:
        base = convert(given[0] if given else 0, TypeRef("System.DateTime"))  # type: ignore[assignment]  # a moment
    return _at(DateTimeOffsetValue(base.ticks - offset.ticks, 0), offset)


def _exact(value: str, forms: object, *_: object) -> DateTimeOffsetValue:
    return DateTimeOffsetValue(parse_exact(value, forms).ticks, 0)


def _now(session: Session, *_: object) -> DateTimeOffsetValue:
    return DateTimeOffsetValue(session.now().ticks, 0)


OFFSET = TypeSpec(
    name="System.DateTimeOffset",
    aliases=("datetimeoffset",),
    bases=("System.ValueType", "System.IComparable", "System.IFormattable"),
    properties={
        **{name: _shared(name) for name in _SHARED},
        "Date": lambda value: DATETIME.properties["Date"](_clock(value)),
        "TimeOfDay": lambda value: DATETIME.properties["TimeOfDay"](_clock(value)),
        "DateTime": _clock,
        "UtcDateTime": lambda value: DateTimeValue(value.utc(), UTC_KIND),
        "LocalDateTime": lambda value: DateTimeValue(value.utc(), LOCAL),
        "UtcTicks": lambda value: Int64(value.utc()),
        "Offset": lambda value: TimeSpanValue(value.offset),
    },
    methods={
        **{name: _moved(name) for name in _MOVED},
        "Add": takes(lambda value, span: DateTimeOffsetValue(value.ticks + span.ticks, value.offset), _span),
        "Subtract": takes(_subtract, any_value),
        "ToUniversalTime": takes(lambda value: DateTimeOffsetValue(value.utc(), 0)),
        "ToLocalTime": takes(lambda value: DateTimeOffsetValue(value.utc(), 0)),
        "ToOffset": takes(_at, _span),
        "ToUnixTimeSeconds": takes(lambda value: Int64((value.utc() - _EPOCH) // TICKS_PER_SECOND)),
        "ToUnixTimeMilliseconds": takes(lambda value: Int64((value.utc() - _EPOCH) // 10_000)),
        "ToString": takes(lambda value, form="", *_: format_offset(value, text(form)), any_value, any_value, least=0),
    },
    static_properties={
        "MinValue": lambda: DateTimeOffsetValue(0, 0),
        "UnixEpoch": lambda: DateTimeOffsetValue(_EPOCH, 0),
    },
    static_methods={
        "FromUnixTimeSeconds": static(_from_unix(TICKS_PER_SECOND), to_whole(Int64)),
        "FromUnixTimeMilliseconds": static(_from_unix(10_000), to_whole(Int64)),
        "Parse": static(lambda value, *_: _offset(value), to_string, any_value, any_value, least=1),
        "ParseExact": static(_exact, to_string, any_value, any_value, any_value, least=2),
        "TryParse": tries(_offset, lambda: DateTimeOffsetValue(0, 0)),
        "get_Now": with_session(_now),
        "get_UtcNow": with_session(_now),
    },
    new=_new,
)
