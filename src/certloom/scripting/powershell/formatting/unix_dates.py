"""Get-Date -UFormat: the percent signs of Unix."""

import re

from certloom.scripting.powershell.formatting.dates import format_date
from certloom.scripting.powershell.values.times import TICKS_PER_SECOND, DateTimeValue, from_parts, to_datetime

__all__ = ["format_unix"]

_FORMS = {
    "Y": "yyyy",
    "y": "yy",
    "m": "MM",
    "d": "dd",
    "H": "HH",
    "I": "hh",
    "M": "mm",
    "S": "ss",
    "p": "tt",
    "B": "MMMM",
    "b": "MMM",
    "h": "MMM",
    "A": "dddd",
    "a": "ddd",
    "F": "yyyy-MM-dd",
    "T": "HH:mm:ss",
    "R": "HH:mm",
    "D": "MM/dd/yy",
}


def format_unix(value: DateTimeValue, form: str) -> str:
    """A moment by a Unix format."""
    return re.sub(r"%(.)", lambda found: _piece(value, found[1]), form)


def _piece(value: DateTimeValue, letter: str) -> str:
    if letter in _FORMS:
        return format_date(value, f"{_FORMS[letter]}")
    if letter == "s":
        return str((value.ticks - from_parts((1970, 1, 1)).ticks) // TICKS_PER_SECOND)
    if letter == "j":
        return f"{to_datetime(value).timetuple().tm_yday:03d}"
    return {"n": "\n", "t": "\t", "%": "%"}.get(letter, letter)
