"""Text as a moment or a span, as .NET reads it in the invariant culture."""

import re

from certloom.scripting.powershell.values.errors import ScriptError
from certloom.scripting.powershell.values.times import (
    LOCAL,
    TICKS_PER_DAY,
    TICKS_PER_SECOND,
    UNSPECIFIED,
    DateTimeValue,
    TimeSpanValue,
    from_parts,
)

__all__ = ["MONTHS", "date_from_text", "span_from_text"]

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_MONTH = "|".join(sorted({name[:3] for name in MONTHS} | set(MONTHS), key=len, reverse=True))
_DAY_NAME = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,?\s+)?"
_TIME = (
    r"(?:(?:[T\s]\s*)?(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.(?P<part>\d{1,7})\d*)?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?)?\s*(?P<zone>Z|GMT|UTC|[+-]\d{2}:?\d{2})?"
)
_DATES = tuple(
    re.compile(rf"\s*{_DAY_NAME}{date}{_TIME}\s*", re.IGNORECASE | re.ASCII)
    for date in (
        r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})",
        r"(?P<year>\d{4})/(?P<month>\d{1,2})/(?P<day>\d{1,2})",
        r"(?P<month>\d{1,2})[/\-](?P<day>\d{1,2})[/\-](?P<year>\d{4})",
        rf"(?P<day>\d{{1,2}})[\s-](?P<name>{_MONTH})[\s,-]+(?P<year>\d{{4}})",
        rf"(?P<name>{_MONTH})\s+(?P<day>\d{{1,2}}),?\s+(?P<year>\d{{4}})",
        r"(?P<year>\d{4})-(?P<month>\d{2})",
    )
)
_SPAN = re.compile(
    r"\s*(?P<sign>-)?(?:(?P<whole>\d{1,8})|(?:(?P<days>\d{1,8})\.)?(?P<hours>\d{1,2}):(?P<minutes>\d{1,2})"
    r"(?::(?P<seconds>\d{1,2})(?:\.(?P<part>\d{1,7}))?)?)\s*",
    re.ASCII,
)
_NOON = 12


def date_from_text(text: str) -> DateTimeValue | None:
    """The moment a text stands for, or none; with a zone it becomes local time, which is UTC here."""
    if len(text) > 100:  # noqa: PLR2004 - no date is that long
        return None
    for date in _DATES:
        found = date.fullmatch(text)
        if found is not None:
            try:
                return _moment(found.groupdict())
            except ScriptError:
                return None
    return None


def _moment(parts: dict[str, str | None]) -> DateTimeValue:
    name = parts.get("name")
    month = _month(name) if name else int(parts["month"] or 1)
    hour = _hour(int(parts["hour"] or 0), parts["half"])
    clock = (hour, int(parts["minute"] or 0), int(parts["second"] or 0))
    fraction = int((parts["part"] or "").ljust(7, "0") or 0)
    zone = parts["zone"]
    kind = UNSPECIFIED if zone is None else LOCAL
    moment = from_parts((int(parts["year"] or 0), month, int(parts.get("day") or 1), *clock), kind, fraction)
    return moment if zone is None else moment.plus(-_offset(zone))


def _month(name: str) -> int:
    return next(number for number, month in enumerate(MONTHS, start=1) if month.lower().startswith(name.lower()))


def _hour(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    return hour % _NOON + (_NOON if half[0] in "pP" else 0)


def _offset(zone: str) -> int:
    if zone[0] not in "+-":
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    return (-minutes if zone[0] == "-" else minutes) * 60 * TICKS_PER_SECOND


def span_from_text(text: str) -> TimeSpanValue | None:
    """``[-][d.]hh:mm[:ss[.fffffff]]`` or whole days; none when it is neither."""
    found = _SPAN.fullmatch(text) if len(text) < 40 else None  # noqa: PLR2004 - no span is that long
    if found is None:
        return None
    hours, minutes, seconds = (int(found[part] or 0) for part in ("hours", "minutes", "seconds"))
    if hours > 23 or minutes > 59 or seconds > 59:  # noqa: PLR2004 - a clock
        return None
    ticks = int(found["days"] or found["whole"] or 0) * TICKS_PER_DAY
    ticks += (hours * 3600 + minutes * 60 + seconds) * TICKS_PER_SECOND + int((found["part"] or "").ljust(7, "0") or 0)
    return TimeSpanValue(-ticks if found["sign"] else ticks)
