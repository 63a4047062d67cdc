"""DateTime and TimeSpan: ticks of 100 ns, proleptic Gregorian, as .NET counts them. Local time is UTC here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from certloom.scripting.powershell.values.errors import failure

__all__ = [
    "LOCAL",
    "TICKS_PER_DAY",
    "TICKS_PER_SECOND",
    "UNSPECIFIED",
    "UTC_KIND",
    "DateTimeOffsetValue",
    "DateTimeValue",
    "TimeSpanValue",
    "from_datetime",
    "from_parts",
    "to_datetime",
]

TICKS_PER_SECOND = 10_000_000
TICKS_PER_DAY = 86_400 * TICKS_PER_SECOND
_MOST_TICKS = 3_155_378_975_999_999_999
_MOST_SPAN = (1 << 63) - 1
UNSPECIFIED, UTC_KIND, LOCAL = 0, 1, 2


class TimeSpanValue(msgspec.Struct, frozen=True, order=True):
    """A span in ticks of 100 ns."""

    ticks: int

    def __post_init__(self) -> None:
        if not -_MOST_SPAN - 1 <= self.ticks <= _MOST_SPAN:
            raise failure("TimeSpan overflowed because the duration is too long.", inner="System.OverflowException")


class DateTimeValue(msgspec.Struct, frozen=True):
    """A moment in ticks since 0001-01-01 and its kind: unspecified, UTC or local."""

    ticks: int
    kind: int = UNSPECIFIED

    def __post_init__(self) -> None:
        if not 0 <= self.ticks <= _MOST_TICKS:
            raise failure(
                "The added or subtracted value results in an un-representable DateTime. (Parameter 'value')",
                inner="System.ArgumentOutOfRangeException",
            )

    def plus(self, ticks: int) -> DateTimeValue:
        """The moment that many ticks later."""
        return DateTimeValue(self.ticks + ticks, self.kind)


class DateTimeOffsetValue(msgspec.Struct, frozen=True):
    """A moment as the clock shows it, and how far that clock is ahead of UTC; both in ticks."""

    ticks: int
    offset: int

    def __post_init__(self) -> None:
        DateTimeValue(self.ticks)
        DateTimeValue(self.utc())

    def utc(self) -> int:
        """The ticks of the moment in UTC."""
        return self.ticks - self.offset


def from_datetime(moment: datetime, kind: int) -> DateTimeValue:
    """A Python moment, taken as UTC when it has a zone."""
    plain = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo is not None else moment
    since = plain - datetime(1, 1, 1)  # noqa: DTZ001 - ticks have no zone
    return DateTimeValue((since.days * 86_400 + since.seconds) * TICKS_PER_SECOND + since.microseconds * 10, kind)


def to_datetime(value: DateTimeValue) -> datetime:
    """The moment as Python has it, without zone and cut to microseconds."""
    return datetime(1, 1, 1) + timedelta(microseconds=value.ticks // 10)  # noqa: DTZ001 - ticks have no zone


def from_parts(parts: tuple[int, ...], kind: int = UNSPECIFIED, ticks: int = 0) -> DateTimeValue:
    """Year, month, day, hour, minute, second; raises the error that .NET's constructor raises."""
    try:
        moment = datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001 - at most six parts, checked by callers
    except (ValueError, OverflowError) as wrong:
        raise failure(
            "Year, Month, and Day parameters describe an un-representable DateTime.",
            inner="System.ArgumentOutOfRangeException",
        ) from wrong
    return from_datetime(moment, kind).plus(ticks)
