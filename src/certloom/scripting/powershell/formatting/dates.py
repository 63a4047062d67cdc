"""Format strings for moments and spans, standard and custom, with English names."""

import re
from collections.abc import Callable
from datetime import datetime

from certloom.scripting.powershell.values.dates import MONTHS
from certloom.scripting.powershell.values.errors import failure
from certloom.scripting.powershell.values.text import distance, offset_text, span_text
from certloom.scripting.powershell.values.times import (
    TICKS_PER_DAY,
    TICKS_PER_SECOND,
    UNSPECIFIED,
    UTC_KIND,
    DateTimeOffsetValue,
    DateTimeValue,
    TimeSpanValue,
    to_datetime,
)

__all__ = ["DAYS", "STANDARD_DATES", "format_date", "format_offset", "format_span"]

DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

STANDARD_DATES = {
    "d": "MM/dd/yyyy",
    "D": "dddd, dd MMMM yyyy",
    "f": "dddd, dd MMMM yyyy HH:mm",
    "F": "dddd, dd MMMM yyyy HH:mm:ss",
    "g": "MM/dd/yyyy HH:mm",
    "G": "MM/dd/yyyy HH:mm:ss",
    "m": "MMMM dd",
    "M": "MMMM dd",
    "o": "yyyy-MM-ddTHH:mm:ss.fffffffK",
    "O": "yyyy-MM-ddTHH:mm:ss.fffffffK",
    "r": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "R": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "s": "yyyy-MM-ddTHH:mm:ss",
    "t": "HH:mm",
    "T": "HH:mm:ss",
    "u": "yyyy-MM-dd HH:mm:ss'Z'",
    "U": "dddd, dd MMMM yyyy HH:mm:ss",
    "y": "yyyy MMMM",
    "Y": "yyyy MMMM",
}
_TOKEN = re.compile(r"\.F+|'[^']*'|\"[^\"]*\"|\\.|%|d+|M+|y+|H+|h+|m+|s+|f+|F+|t+|K|z+|g+|.", re.DOTALL)
_SPAN_TOKEN = re.compile(r"'[^']*'|\"[^\"]*\"|\\.|%|d+|h+|m+|s+|f+|F+|.", re.DOTALL)


def format_date(value: DateTimeValue, form: str) -> str:
    """A moment by a format string."""
    if len(form) == 1:
        standard = STANDARD_DATES.get(form)
        if standard is None:
            raise failure("Input string was not in a correct format.", inner="System.FormatException")
        form = standard
    moment = to_datetime(value)
    return "".join(_date_piece(mark, moment, value) for mark in _TOKEN.findall(form or STANDARD_DATES["G"]))


def format_offset(value: DateTimeOffsetValue, form: str) -> str:
    """A moment with its distance from UTC by a format string."""
    if not form:
        return offset_text(value)
    clock = DateTimeValue(value.utc() if form in {"u", "r", "R"} else value.ticks)
    whole = STANDARD_DATES.get(form, form)
    shown = distance(value.offset)
    return "".join(
        shown if mark in {"K", "zzz"} else format_date(clock, f"%{mark}" if len(mark) == 1 else mark)
        for mark in _TOKEN.findall(whole)
    )


def _date_piece(mark: str, moment: datetime, value: DateTimeValue) -> str:
    if mark.startswith(".F"):
        fraction = _fraction(len(mark) - 1, moment, value).rstrip("0")
        return f".{fraction}" if fraction else ""
    piece = _PIECES.get(mark[0])
    if piece is not None:
        return piece(len(mark), moment, value)
    return _literal(mark)


def _literal(mark: str) -> str:
    if len(mark) > 1 and mark[0] in "'\"":
        return mark[1:-1]
    if mark[0] == "\\":
        return mark[1:]
    return "" if mark == "%" else mark


def _named(width: int, number: int, names: list[str]) -> str:
    if width <= 2:  # noqa: PLR2004 - d and dd are numbers
        return str(number).rjust(width, "0")
    return names[0][:3] if width == 3 else names[0]  # noqa: PLR2004 - ddd is the short name


def _year(width: int, moment: datetime, _: DateTimeValue) -> str:
    if width <= 2:  # noqa: PLR2004 - two digits of the year
        return str(moment.year % 100).rjust(width, "0")
    return str(moment.year).rjust(width, "0")


def _fraction(width: int, _: datetime, value: DateTimeValue) -> str:
    return f"{value.ticks % TICKS_PER_SECOND:07d}"[:width]


def _offset(width: int, _: datetime, __: DateTimeValue) -> str:
    return {1: "+0", 2: "+00"}.get(width, "+00:00")


def _zone(_: int, __: datetime, value: DateTimeValue) -> str:
    return {UNSPECIFIED: "", UTC_KIND: "Z"}.get(value.kind, "+00:00")


def _two(number: int, width: int) -> str:
    return str(number).rjust(min(width, 2), "0")


_PIECES: dict[str, Callable[[int, datetime, DateTimeValue], str]] = {
    "d": lambda width, moment, _: _named(width, moment.day, [DAYS[moment.weekday()]]),
    "M": lambda width, moment, _: _named(width, moment.month, [MONTHS[moment.month - 1]]),
    "y": _year,
    "H": lambda width, moment, _: _two(moment.hour, width),
    "h": lambda width, moment, _: _two(moment.hour % 12 or 12, width),
    "m": lambda width, moment, _: _two(moment.minute, width),
    "s": lambda width, moment, _: _two(moment.second, width),
    "f": _fraction,
    "F": lambda width, moment, value: _fraction(width, moment, value).rstrip("0"),
    "t": lambda width, moment, _: ("AM" if moment.hour < 12 else "PM")[: min(width, 2)],  # noqa: PLR2004 - noon
    "K": _zone,
    "z": _offset,
    "g": lambda _, __, ___: "A.D.",
}


def format_span(value: TimeSpanValue, form: str) -> str:
    """A span by a format string: ``c``, ``g``, ``G`` or custom."""
    if form in {"", "c", "t", "T"}:
        return span_text(value)
    parts = _span_parts(value)
    if form in {"g", "G"}:
        return _general(value, parts, long=form == "G")
    if len(form) == 1:
        raise failure("Input string was not in a correct format.", inner="System.FormatException")
    return "".join(_span_piece(mark, parts) for mark in _SPAN_TOKEN.findall(form))


def _span_parts(value: TimeSpanValue) -> dict[str, int]:
    days, rest = divmod(abs(value.ticks), TICKS_PER_DAY)
    seconds, fraction = divmod(rest, TICKS_PER_SECOND)
    return {"d": days, "h": seconds // 3600, "m": seconds // 60 % 60, "s": seconds % 60, "f": fraction}


def _general(value: TimeSpanValue, parts: dict[str, int], *, long: bool) -> str:
    sign = "-" if value.ticks < 0 else ""
    fraction = f"{parts['f']:07d}"
    if long:
        return f"{sign}{parts['d']}:{parts['h']:02d}:{parts['m']:02d}:{parts['s']:02d}.{fraction}"
    days = f"{parts['d']}:" if parts["d"] else ""
    tail = f".{fraction.rstrip('0')}" if parts["f"] else ""
    return f"{sign}{days}{parts['h']}:{parts['m']:02d}:{parts['s']:02d}{tail}"


def _span_piece(mark: str, parts: dict[str, int]) -> str:
    letter = mark[0]
    if letter in "fF":
        digits = f"{parts['f']:07d}"[: len(mark)]
        return digits.rstrip("0") if letter == "F" else digits
    if letter in parts:
        return str(parts[letter]).rjust(len(mark), "0")
    if letter.isalpha() or letter in ":.":
        raise failure("Input string was not in a correct format.", inner="System.FormatException")
    return _literal(mark)
