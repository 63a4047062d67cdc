"""When a value counts as true (about_Booleans)."""

from decimal import Decimal

from certloom.scripting.powershell.values.collections import ListValue
from certloom.scripting.powershell.values.objects import Nothing

__all__ = ["truth"]


def truth(value: object) -> bool:
    """Nothing, zero, the empty string and the empty array are false; an array of one is what its item is."""
    if value is True or value is False:
        return value
    if isinstance(value, ListValue):
        value = value.items
    if isinstance(value, list):
        return _of_array(value)
    if isinstance(value, Nothing):
        return False
    if isinstance(value, int | float | str) or value is None:
        return bool(value) and value != "\0"
    return bool(value) if isinstance(value, Decimal) else True


def _of_array(items: list[object]) -> bool:
    if len(items) != 1:
        return bool(items)
    return len(items[0]) > 0 if isinstance(items[0], list) else truth(items[0])
