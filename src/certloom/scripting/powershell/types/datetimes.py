"""System.DateTime."""

from collections.abc import Callable, Sequence

from certloom.scripting.powershell.formatting.dates import format_date
from certloom.scripting.powershell.runtime.session import Session
from certloom.scripting.powershell.types.arrays import any_value
from certloom.scripting.powershell.types.exact_dates import parse_exact, styled
from certloom.scripting.powershell.types.spec import TypeSpec, static, takes, with_session
from certloom.scripting.powershell.types.trying import tries_each
from certloom.scripting.powershell.values.conversion import convert, to_int, to_string
from certloom.scripting.powershell.values.dates import date_from_text
from certloom.scripting.powershell.values.enums import enum_member, enum_of
from certloom.scripting.powershell.values.errors import failure
from certloom.scripting.powershell.values.numbers import Int64
from certloom.scripting.powershell.values.numeric import to_double, to_whole
from certloom.scripting.powershell.values.objects import TypeRef
from certloom.scripting.powershell.values.text import text
from certloom.scripting.powershell.values.times import (
    LOCAL,
    TICKS_PER_DAY,
    TICKS_PER_SECOND,
    UTC_KIND,
    DateTimeValue,
    TimeSpanValue,
    from_parts,
    to_datetime,
)

__all__ = ["DATETIME", "add_months"]

_EPOCH = from_parts((1970, 1, 1), UTC_KIND)
_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MOST_MONTHS = 120_000


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _days_in(year: int, month: int) -> int:
    if not 1 <= month <= 12:  # noqa: PLR2004 - months
        raise failure(
            "Month must be between one and twelve. (Parameter 'month')", inner="System.ArgumentOutOfRangeException"
        )
    return 29 if month == 2 and _leap(year) else _MONTH_DAYS[month - 1]  # noqa: PLR2004 - February


def add_months(value: DateTimeValue, months: int) -> DateTimeValue:
    """So many months later; a day that the month does not have becomes its last."""
    if abs(months) > _MOST_MONTHS:
        raise failure(
            "Months value must be between +/-120000. (Parameter 'months')", inner="System.ArgumentOutOfRangeException"
        )
    moment = to_datetime(value)
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    if not 1 <= year <= 9999:  # noqa: PLR2004 - the years a DateTime has
        raise failure(
            "The added or subtracted value results in an un-representable DateTime. (Parameter 'months')",
            inner="System.ArgumentOutOfRangeException",
        )
    day = min(moment.day, _days_in(year, month + 1))
    return from_parts((year, month + 1, day), value.kind, value.ticks % TICKS_PER_DAY)


def _plus(unit: int) -> Callable[[DateTimeValue, float], DateTimeValue]:
    def add(value: DateTimeValue, count: float) -> DateTimeValue:
        if not abs(count) * unit < 1 << 63:
            raise failure(
                "Value to add was out of range. (Parameter 'value')", inner="System.ArgumentOutOfRangeException"
            )
        return value.plus(round(count * unit))

    return add


def _subtract(value: DateTimeValue, other: object) -> object:
    if isinstance(other, DateTimeValue):
        return TimeSpanValue(value.ticks - other.ticks)
    span = convert(other, TypeRef("System.TimeSpan"))
    return value.plus(-span.ticks) if isinstance(span, TimeSpanValue) else value


def _add(value: DateTimeValue, other: object) -> object:
    span = convert(other, TypeRef("System.TimeSpan"))
    return value.plus(span.ticks) if isinstance(span, TimeSpanValue) else value


def _date(value: object) -> DateTimeValue:
    made = convert(value, TypeRef("System.DateTime"))
    return made if isinstance(made, DateTimeValue) else DateTimeValue(0)


def _new(_: Session, __: object, arguments: Sequence[object]) -> object:
    """Ticks, or year, month, day and then a time; a kind may stand last."""
    given = list(arguments)
    kind = 0
    if given and not isinstance(given[-1], int):
        kind = enum_member("System.DateTimeKind", given.pop()).value
    numbers = [to_whole(Int64)(one) for one in given]
    if len(numbers) == 1:
        return DateTimeValue(int(numbers[0]), kind)
    if len(numbers) not in {0, 3, 6, 7}:
        raise failure("DateTime takes year, month, day, and then hour, minute, second and milliseconds.")
    if not numbers:
        return DateTimeValue(0)
    milliseconds = int(numbers[6]) if len(numbers) == 7 else 0  # noqa: PLR2004 - the seventh
    return from_parts(tuple(map(int, numbers[:6])), kind, milliseconds * 10_000)


def _parse(value: str, *options: object) -> DateTimeValue:
    read = date_from_text(value)
    if read is None:
        raise failure(f"String '{value[:100]}' was not recognized as a valid DateTime.", inner="System.FormatException")
    return styled(read, value, options)


def _universal(value: DateTimeValue) -> DateTimeValue:
    return DateTimeValue(value.ticks, UTC_KIND)


def _local(value: DateTimeValue) -> DateTimeValue:
    return DateTimeValue(value.ticks, LOCAL)


def _binary(value: DateTimeValue) -> Int64:
    return Int64(value.ticks | (value.kind << 62 if value.kind < LOCAL else -(1 << 63)))


def _to_string(value: DateTimeValue, form: object = None, _: object = None) -> str:
    return format_date(value, text(form)) if form is not None else text(value)


DATETIME = TypeSpec(
    name="System.DateTime",
    aliases=("datetime",),
    bases=("System.ValueType", "System.IComparable", "System.IFormattable"),
    properties={
        "Year": lambda value: to_datetime(value).year,
        "Month": lambda value: to_datetime(value).month,
        "Day": lambda value: to_datetime(value).day,
        "Hour": lambda value: to_datetime(value).hour,
        "Minute": lambda value: to_datetime(value).minute,
        "Second": lambda value: to_datetime(value).second,
        "Millisecond": lambda value: value.ticks // 10_000 % 1000,
        "Ticks": lambda value: Int64(value.ticks),
        "Kind": lambda value: enum_of("System.DateTimeKind", value.kind),
        "DayOfWeek": lambda value: enum_of("System.DayOfWeek", (to_datetime(value).weekday() + 1) % 7),
        "DayOfYear": lambda value: to_datetime(value).timetuple().tm_yday,
        "Date": lambda value: DateTimeValue(value.ticks - value.ticks % TICKS_PER_DAY, value.kind),
        "TimeOfDay": lambda value: TimeSpanValue(value.ticks % TICKS_PER_DAY),
    },
    methods={
        "AddDays": takes(_plus(TICKS_PER_DAY), to_double),
        "AddHours": takes(_plus(3600 * TICKS_PER_SECOND), to_double),
        "AddMinutes": takes(_plus(60 * TICKS_PER_SECOND), to_double),
        "AddSeconds": takes(_plus(TICKS_PER_SECOND), to_double),
        "AddMilliseconds": takes(_plus(10_000), to_double),
        "AddTicks": takes(_plus(1), to_whole(Int64)),
        "AddMonths": takes(add_months, to_int),
        "AddYears": takes(lambda value, years: add_months(value, years * 12), to_int),
        "Add": takes(_add, any_value),
        "Subtract": takes(_subtract, any_value),
        "ToString": takes(_to_string, any_value, any_value, least=0),
        "ToShortDateString": takes(lambda value: format_date(value, "d")),
        "ToLongDateString": takes(lambda value: format_date(value, "D")),
        "ToShortTimeString": takes(lambda value: format_date(value, "t")),
        "ToLongTimeString": takes(lambda value: format_date(value, "T")),
        "ToUniversalTime": takes(_universal),
        "ToLocalTime": takes(_local),
        "ToBinary": takes(_binary),
        "ToFileTimeUtc": takes(lambda value: Int64(value.ticks - from_parts((1601, 1, 1)).ticks)),
        "IsDaylightSavingTime": takes(lambda _: False),
    },
    static_properties={
        "MinValue": lambda: DateTimeValue(0),
        "MaxValue": lambda: DateTimeValue(3155378975999999999),
        "UnixEpoch": lambda: _EPOCH,
    },
    static_methods={
        "Parse": static(_parse, to_string, any_value, any_value, least=1),
        "ParseExact": static(parse_exact, to_string, any_value, any_value, any_value, least=2),
        "TryParse": tries_each(lambda given: _parse(text(given[0]), *given[1:]), lambda: DateTimeValue(0)),
        "TryParseExact": tries_each(
            lambda given: parse_exact(text(given[0]), *given[1:]) if len(given) > 1 else None, lambda: DateTimeValue(0)
        ),
        "IsLeapYear": static(_leap, to_int),
        "DaysInMonth": static(_days_in, to_int, to_int),
        "SpecifyKind": static(
            lambda value, kind: DateTimeValue(value.ticks, enum_member("System.DateTimeKind", kind).value),
            _date,
            any_value,
        ),
        "Compare": static(lambda left, right: (left.ticks > right.ticks) - (left.ticks < right.ticks), _date, _date),
        "FromFileTimeUtc": static(
            lambda ticks: DateTimeValue(int(ticks) + from_parts((1601, 1, 1)).ticks, UTC_KIND), to_whole(Int64)
        ),
        "get_Now": with_session(lambda session, _: session.now()),
        "get_UtcNow": with_session(lambda session, _: _universal(session.now())),
        "get_Today": with_session(lambda session, _: _date(session.now()).plus(-(session.now().ticks % TICKS_PER_DAY))),
    },
    new=_new,
)
