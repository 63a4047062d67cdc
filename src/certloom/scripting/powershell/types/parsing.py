"""``Parse`` and ``TryParse`` of the numeric types."""

from certloom.scripting.powershell.values.conversion import convert
from certloom.scripting.powershell.values.errors import ScriptError, failure
from certloom.scripting.powershell.values.objects import TypeRef
from certloom.scripting.powershell.values.reading import float_text, number_text

__all__ = ["parse_number", "try_parse"]

_REAL = frozenset({"System.Double", "System.Single", "System.Decimal"})


def parse_number(value: str, name: str) -> object:
    """The number of a text; stricter than a cast: whole types take digits and a sign only."""
    read = float_text(value) if name in {"System.Double", "System.Single"} and value.strip() else number_text(value)
    whole = name not in _REAL
    plain = not any(mark in value.lower() for mark in ".,ex")
    if read is None or (whole and not plain):
        raise failure(f"The input string '{value[:100]}' was not in a correct format.", inner="System.FormatException")
    try:
        return convert(read, TypeRef(name))
    except ScriptError as wrong:
        inner = wrong.exception.inner
        raise failure(inner.message if inner else wrong.exception.message, inner="System.OverflowException") from wrong


def try_parse(value: str, name: str) -> bool:
    """Whether it would parse; a [ref] for the number does not exist, cast after testing."""
    try:
        parse_number(value, name)
    except ScriptError:
        return False
    return True
