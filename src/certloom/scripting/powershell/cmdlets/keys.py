"""What makes two items the same for -Unique, Group-Object and Compare-Object."""

from certloom.scripting.powershell.values.collections import PSObject
from certloom.scripting.powershell.values.numeric import is_number
from certloom.scripting.powershell.values.text import text

__all__ = ["identity"]


def identity(value: object, *, exact: bool) -> object:
    """A key that equal values share: numbers by value, custom objects by their properties, the rest by text."""
    if is_number(value):
        return ("number", value)
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, PSObject):
        return ("object", tuple((name, _plain(one.value, exact=exact)) for name, one in value.properties.items()))
    return (None, None) if value is None else ("text", _cased(text(value), exact=exact))


def _plain(value: object, *, exact: bool) -> str:
    return _cased(text(value), exact=exact)


def _cased(value: str, *, exact: bool) -> str:
    return value if exact else value.casefold()
