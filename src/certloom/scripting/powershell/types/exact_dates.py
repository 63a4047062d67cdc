"""DateTime.ParseExact: a text by a custom format."""

import re
from collections.abc import Sequence

from certloom.scripting.powershell.formatting.dates import DAYS, STANDARD_DATES
from certloom.scripting.powershell.values.conversion import items_of
from certloom.scripting.powershell.values.dates import MONTHS
from certloom.scripting.powershell.values.enums import enum_member
from certloom.scripting.powershell.values.errors import ScriptError, failure
from certloom.scripting.powershell.values.objects import EnumValue
from certloom.scripting.powershell.values.text import text
from certloom.scripting.powershell.values.times import LOCAL, UNSPECIFIED, UTC_KIND, DateTimeValue, from_parts

__all__ = ["parse_exact", "styled"]

_TOKEN = re.compile(r"'[^']*'|\\.|d+|M+|y+|H+|h+|m+|s+|f+|t+|K|z+|.", re.DOTALL)
_FIELDS = {
    "yyyy": r"(?P<year>\d{4})",
    "yy": r"(?P<short>\d{2})",
    "MM": r"(?P<month>\d{2})",
    "M": r"(?P<month>\d{1,2})",
    "dd": r"(?P<day>\d{2})",
    "d": r"(?P<day>\d{1,2})",
    "HH": r"(?P<hour>\d{2})",
    "H": r"(?P<hour>\d{1,2})",
    "hh": r"(?P<hour>\d{2})",
    "h": r"(?P<hour>\d{1,2})",
    "mm": r"(?P<minute>\d{2})",
    "m": r"(?P<minute>\d{1,2})",
    "ss": r"(?P<second>\d{2})",
    "s": r"(?P<second>\d{1,2})",
    "tt": r"(?P<half>[AaPp][Mm])",
    "MMM": f"(?P<name>{'|'.join(name[:3] for name in MONTHS)})",
    "MMMM": f"(?P<name>{'|'.join(MONTHS)})",
    "ddd": f"(?:{'|'.join(name[:3] for name in DAYS)})",
    "dddd": f"(?:{'|'.join(DAYS)})",
    "K": r"(?P<zone>Z|[+-]\d{2}:\d{2})?",
    "zzz": r"(?P<zone>[+-]\d{2}:\d{2})",
}
_LONGEST = 100
_STYLES = "System.Globalization.DateTimeStyles"
_ADJUST, _ASSUME_LOCAL, _ASSUME_UNIVERSAL, _ROUND_TRIP = 16, 32, 64, 128


def _wrong(value: str) -> ScriptError:
    return failure(f"String '{value[:100]}' was not recognized as a valid DateTime.", inner="System.FormatException")


def _regex(form: str) -> str:
    made = []
    for token in _TOKEN.findall(STANDARD_DATES.get(form, form)):
        if token in _FIELDS:
            made.append(_FIELDS[token])
        elif token[0] == "f":
            made.append(rf"(?P<part>\d{{{len(token)}}})")
        else:
            made.append(re.escape(token.strip("'") if len(token) > 1 else token).removeprefix(r"\\"))
    return "".join(made)


def parse_exact(value: str, forms: object, *options: object) -> DateTimeValue:
    """The moment of a text that has exactly one of the formats."""
    for form in items_of(forms):
        written = text(form)
        if len(written) > _LONGEST or len(value) > _LONGEST:
            continue
        try:
            found = re.fullmatch(_regex(written), value, re.IGNORECASE | re.ASCII)
        except re.error as twice:
            raise _wrong(value) from twice
        if found is not None:
            return styled(_moment(found.groupdict()), value, options)
    raise _wrong(value)


def styled(moment: DateTimeValue, source: str, options: Sequence[object]) -> DateTimeValue:
    """The kind that a DateTimeStyles gives a moment; local time is UTC."""
    given = [one for one in options if isinstance(one, str | EnumValue)]
    style = enum_member(_STYLES, given[-1]).value if given and given[-1] != "" else 0
    kind = moment.kind
    if kind == UNSPECIFIED and style & (_ASSUME_LOCAL | _ASSUME_UNIVERSAL):
        kind = LOCAL
    if kind == LOCAL and (style & _ADJUST or (style & _ROUND_TRIP and source.rstrip().upper().endswith("Z"))):
        kind = UTC_KIND
    return DateTimeValue(moment.ticks, kind)


def _moment(parts: dict[str, str | None]) -> DateTimeValue:
    def number(name: str, default: int) -> int:
        return int(parts.get(name) or default)

    name, half, zone = parts.get("name"), parts.get("half"), parts.get("zone")
    month = number("month", 1)
    if name:
        month = 1 + next(at for at, one in enumerate(MONTHS) if one.lower().startswith(name.lower()))
    hour = number("hour", 0)
    if half:
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    short = parts.get("short")
    year = (2000 if int(short) < 50 else 1900) + int(short) if short else number("year", 1)  # noqa: PLR2004 - .NET's pivot
    fraction = int((parts.get("part") or "").ljust(7, "0") or 0)
    kind = UNSPECIFIED if not zone else LOCAL
    made = from_parts((year, month, number("day", 1), hour, number("minute", 0), number("second", 0)), kind, fraction)
    return made.plus(-_offset(zone)) if zone else made


def _offset(zone: str) -> int:
    if zone[0] not in "+-":
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    return (-minutes if zone[0] == "-" else minutes) * 600_000_000
