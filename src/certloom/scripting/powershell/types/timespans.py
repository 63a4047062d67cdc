"""System.TimeSpan."""

from collections.abc import Callable, Sequence

from certloom.scripting.powershell.formatting.dates import format_span
from certloom.scripting.powershell.runtime.session import Session
from certloom.scripting.powershell.types.arrays import any_value
from certloom.scripting.powershell.types.spec import TypeSpec, no_overload, static, takes
from certloom.scripting.powershell.types.trying import tries
from certloom.scripting.powershell.values.conversion import convert, to_string
from certloom.scripting.powershell.values.dates import span_from_text
from certloom.scripting.powershell.values.errors import failure
from certloom.scripting.powershell.values.numbers import Int64
from certloom.scripting.powershell.values.numeric import to_double, to_whole
from certloom.scripting.powershell.values.objects import TypeRef
from certloom.scripting.powershell.values.text import text
from certloom.scripting.powershell.values.times import TICKS_PER_DAY, TICKS_PER_SECOND, TimeSpanValue

__all__ = ["TIMESPAN"]

_HOUR, _MINUTE, _MILLISECOND = 3600 * TICKS_PER_SECOND, 60 * TICKS_PER_SECOND, 10_000


def _from(unit: int) -> Callable[[float], TimeSpanValue]:
    def make(count: float) -> TimeSpanValue:
        if not abs(count) * unit < 1 << 63:
            raise failure("TimeSpan overflowed because the duration is too long.", inner="System.OverflowException")
        return TimeSpanValue(round(count * unit))

    return make


def _cut(value: TimeSpanValue, unit: int, most: int) -> int:
    """One part of the span, with its sign."""
    part = abs(value.ticks) // unit
    part = part % most if most else part
    return -part if value.ticks < 0 else part


def _span(value: object) -> TimeSpanValue:
    made = convert(value, TypeRef("System.TimeSpan"))
    return made if isinstance(made, TimeSpanValue) else TimeSpanValue(0)


def _new(_: Session, __: object, arguments: Sequence[object]) -> object:
    numbers = [int(to_whole(Int64)(one)) for one in arguments]
    if len(numbers) == 1:
        return TimeSpanValue(numbers[0])
    units: tuple[int, ...] | None = {
        3: (_HOUR, _MINUTE, TICKS_PER_SECOND),
        4: (TICKS_PER_DAY, _HOUR, _MINUTE, TICKS_PER_SECOND),
    }.get(len(numbers))
    if len(numbers) == 5:  # noqa: PLR2004 - with milliseconds
        units = (TICKS_PER_DAY, _HOUR, _MINUTE, TICKS_PER_SECOND, _MILLISECOND)
    if units is None:
        raise no_overload("TimeSpan", len(numbers))
    return TimeSpanValue(sum(number * unit for number, unit in zip(numbers, units, strict=True)))


def _parse(value: str, *_: object) -> TimeSpanValue:
    read = span_from_text(value)
    if read is None:
        raise failure(f"String '{value[:100]}' was not recognized as a valid TimeSpan.", inner="System.FormatException")
    return read


TIMESPAN = TypeSpec(
    name="System.TimeSpan",
    aliases=("timespan",),
    bases=("System.ValueType", "System.IComparable", "System.IFormattable"),
    properties={
        "Days": lambda value: _cut(value, TICKS_PER_DAY, 0),
        "Hours": lambda value: _cut(value, _HOUR, 24),
        "Minutes": lambda value: _cut(value, _MINUTE, 60),
        "Seconds": lambda value: _cut(value, TICKS_PER_SECOND, 60),
        "Milliseconds": lambda value: _cut(value, _MILLISECOND, 1000),
        "Ticks": lambda value: Int64(value.ticks),
        "TotalDays": lambda value: value.ticks / TICKS_PER_DAY,
        "TotalHours": lambda value: value.ticks / _HOUR,
        "TotalMinutes": lambda value: value.ticks / _MINUTE,
        "TotalSeconds": lambda value: value.ticks / TICKS_PER_SECOND,
        "TotalMilliseconds": lambda value: value.ticks / _MILLISECOND,
    },
    methods={
        "Add": takes(lambda value, other: TimeSpanValue(value.ticks + other.ticks), _span),
        "Subtract": takes(lambda value, other: TimeSpanValue(value.ticks - other.ticks), _span),
        "Negate": takes(lambda value: TimeSpanValue(-value.ticks)),
        "Duration": takes(lambda value: TimeSpanValue(abs(value.ticks))),
        "ToString": takes(lambda value, form="", *_: format_span(value, text(form)), any_value, any_value, least=0),
    },
    static_properties={
        "Zero": lambda: TimeSpanValue(0),
        "MaxValue": lambda: TimeSpanValue((1 << 63) - 1),
        "MinValue": lambda: TimeSpanValue(-(1 << 63)),
    },
    static_methods={
        "FromDays": static(_from(TICKS_PER_DAY), to_double),
        "FromHours": static(_from(_HOUR), to_double),
        "FromMinutes": static(_from(_MINUTE), to_double),
        "FromSeconds": static(_from(TICKS_PER_SECOND), to_double),
        "FromMilliseconds": static(_from(_MILLISECOND), to_double),
        "FromTicks": static(_from(1), to_double),
        "Parse": static(_parse, to_string, any_value, least=1),
        "TryParse": tries(_parse, lambda: TimeSpanValue(0)),
    },
    new=_new,
)
