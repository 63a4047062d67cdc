"""``Parse`` and ``TryParse`` of the numeric types."""

from collections.abc import Sequence

from certloom.scripting.powershell.values.conversion import convert
from certloom.scripting.powershell.values.enums import enum_member
from certloom.scripting.powershell.values.errors import ScriptError, failure
from certloom.scripting.powershell.values.objects import EnumValue, TypeRef
from certloom.scripting.powershell.values.reading import float_text, number_text, whole_text
from certloom.scripting.powershell.values.text import text

__all__ = ["parse_number", "parse_styled"]

_HEX = 512
_MARKS = {".": 32, ",": 64, "e": 128, "x": _HEX}
_REAL = frozenset({"System.Double", "System.Single", "System.Decimal"})


def parse_number(value: str, name: str, style: int = 0) -> object:
    """The number of a text; stricter than a cast: whole types take what a NumberStyles allows, or digits and a sign."""
    if style & _HEX:
        value = f"0x{value}"
    read = float_text(value) if name in {"System.Double", "System.Single"} and value.strip() else number_text(value)
    whole = name not in _REAL
    plain = not any(mark in value.lower() for mark, flag in _MARKS.items() if not style & flag)
    if style & _HEX:
        read = whole_text(value)
    if read is None or (whole and not plain):
        raise failure(f"The input string '{value[:100]}' was not in a correct format.", inner="System.FormatException")
    try:
        return convert(read, TypeRef(name))
    except ScriptError as wrong:
        inner = wrong.exception.inner
        raise failure(inner.message if inner else wrong.exception.message, inner="System.OverflowException") from wrong


def parse_styled(given: Sequence[object], name: str) -> object:
    """The number of a text with the NumberStyles that may stand behind it."""
    style = next((one.value for one in given[1:] if isinstance(one, EnumValue)), 0)
    named = next((one for one in given[1:] if isinstance(one, str)), None)
    if named is not None:
        style = enum_member("System.Globalization.NumberStyles", named).value
    return parse_number(text(given[0]), name, style)
