"""Composite format strings: ``{0,-10:N2}`` (the operator ``-f`` and [string]::Format)."""

import re
from collections.abc import Sequence
from decimal import Decimal

from certloom.scripting.powershell.formatting.dates import format_date, format_span
from certloom.scripting.powershell.formatting.numbers import format_number
from certloom.scripting.powershell.values.collections import ListValue
from certloom.scripting.powershell.values.errors import failure, room_for
from certloom.scripting.powershell.values.kinds import kind_name
from certloom.scripting.powershell.values.objects import EnumValue, GuidValue
from certloom.scripting.powershell.values.text import text
from certloom.scripting.powershell.values.times import DateTimeValue, TimeSpanValue

__all__ = ["composite", "formatted"]

_ITEM = re.compile(r"\{\{|\}\}|\{(\d{1,6})\s*(?:,\s*(-?\d{1,7})\s*)?(?::((?:[^{}]|\{\{|\}\})*))?\}|[{}]")


def formatted(value: object, form: str) -> str:
    """One value by a format string; what has no formats gives its text."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return format_number(value, form)
    if isinstance(value, DateTimeValue):
        return format_date(value, form)
    if isinstance(value, TimeSpanValue):
        return format_span(value, form)
    if isinstance(value, GuidValue):
        return format_guid(value, form)
    if isinstance(value, EnumValue) and form.lower() in {"d", "x"}:
        return str(value.value) if form.lower() == "d" else f"{value.value:08X}"
    return text(value)


def format_guid(value: GuidValue, form: str) -> str:
    """A GUID as ``D``, ``N``, ``B`` or ``P``."""
    written = str(value.value)
    forms = {"": written, "D": written, "N": value.value.hex, "B": f"{{{written}}}", "P": f"({written})"}
    found = forms.get(form.upper())
    if found is None:
        raise failure(
            "Format string can be only 'D', 'd', 'N', 'n', 'P', 'p', 'B', 'b'.", inner="System.FormatException"
        )
    return found


def composite(form: str, values: Sequence[object]) -> str:
    """A text with its items filled in."""
    size = len(form)

    def fill(found: re.Match[str]) -> str:
        nonlocal size
        if found[1] is None:
            return _brace(found[0])
        made = _item(found, values)
        size += len(made)
        room_for(size)
        return made

    return _ITEM.sub(fill, form)


def _brace(written: str) -> str:
    if len(written) == 2:  # noqa: PLR2004 - doubled
        return written[0]
    raise failure(
        "Error formatting a string: Input string was not in a correct format.", inner="System.FormatException"
    )


def _item(found: re.Match[str], values: Sequence[object]) -> str:
    index = int(found[1])
    if index >= len(values):
        raise failure(
            "Error formatting a string: Index (zero based) must be greater than or equal to zero "
            "and less than the size of the argument list..",
            inner="System.FormatException",
        )
    form = (found[3] or "").replace("{{", "{").replace("}}", "}")
    value = values[index]
    made = kind_name(value) if isinstance(value, list | ListValue) else formatted(value, form)
    width = int(found[2] or 0)
    room_for(abs(width))
    return made.rjust(width) if width >= 0 else made.ljust(-width)
