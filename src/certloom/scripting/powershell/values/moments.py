"""Casts to moments and spans."""

import re
from decimal import Decimal

from certloom.scripting.powershell.values.dates import date_from_text, span_from_text
from certloom.scripting.powershell.values.numbers import (
    Int64,
)
from certloom.scripting.powershell.values.numeric import (
    no_conversion,
    to_whole,
)
from certloom.scripting.powershell.values.times import (
    LOCAL,
    TICKS_PER_SECOND,
    DateTimeOffsetValue,
    DateTimeValue,
    TimeSpanValue,
)

__all__ = ["no_null", "to_date", "to_offset", "to_span"]


def to_date(value: object) -> DateTimeValue:
    """The cast to DateTime: from text, from ticks, from a moment with an offset."""
    if isinstance(value, DateTimeValue):
        return value
    if isinstance(value, DateTimeOffsetValue):
        return DateTimeValue(value.utc(), LOCAL)
    if isinstance(value, str):
        read = date_from_text(value)
        if read is None:
            reason = f"String '{value[:100]}' was not recognized as a valid DateTime."
            raise no_conversion(value, "System.DateTime", reason)
        return read
    if isinstance(value, int) and not isinstance(value, bool):
        return DateTimeValue(value)
    raise no_null(value, "System.DateTime")


def to_span(value: object) -> TimeSpanValue:
    """The cast to TimeSpan: from text or from ticks."""
    if isinstance(value, TimeSpanValue):
        return value
    if isinstance(value, str):
        read = span_from_text(value)
        if read is None:
            reason = f"String '{value[:100]}' was not recognized as a valid TimeSpan."
            raise no_conversion(value, "System.TimeSpan", reason)
        return read
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return TimeSpanValue(to_whole(Int64)(value))
    raise no_null(value, "System.TimeSpan")


_ZONE = re.compile(r"([+-])(\d{2}):?(\d{2})\s*$")


def to_offset(value: object) -> DateTimeOffsetValue:
    """The offset that a text names, else that of local time, which is UTC here."""
    if isinstance(value, DateTimeOffsetValue):
        return value
    moment = to_date(value)
    found = _ZONE.search(value) if isinstance(value, str) and moment.kind else None
    minutes = int(found[2]) * 60 + int(found[3]) if found is not None else 0
    offset = (-minutes if found is not None and found[1] == "-" else minutes) * 60 * TICKS_PER_SECOND
    return DateTimeOffsetValue(moment.ticks + offset, offset)


def no_null(value: object, target: str) -> Exception:
    """The error of a cast from null, or from a value of another kind."""
    if value is None:
        reason = f'Cannot convert null to type "{target}".'
        return no_conversion("", target, reason, "System.InvalidCastException")
    return no_conversion(value, target)
