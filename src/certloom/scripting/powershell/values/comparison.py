"""Equality and order (about_Comparison_Operators): the left value's type decides."""

from collections.abc import Callable
from decimal import Decimal

from certloom.scripting.powershell.values.collation import compare_text
from certloom.scripting.powershell.values.conversion import convert
from certloom.scripting.powershell.values.errors import ScriptError, failure
from certloom.scripting.powershell.values.kinds import kind_name, type_of
from certloom.scripting.powershell.values.numbers import Char
from certloom.scripting.powershell.values.numeric import is_number, number_of
from certloom.scripting.powershell.values.objects import EnumValue, GuidValue, Nothing, TypeRef, UriValue, VersionValue
from certloom.scripting.powershell.values.reading import numeric_literal
from certloom.scripting.powershell.values.text import text
from certloom.scripting.powershell.values.times import DateTimeOffsetValue, DateTimeValue, TimeSpanValue
from certloom.scripting.powershell.values.truth import truth

__all__ = ["compare", "equal"]

_ORDERED = (DateTimeValue, DateTimeOffsetValue, TimeSpanValue, VersionValue)
_CONVERTED = (*_ORDERED, GuidValue, UriValue, EnumValue)


def same_text(left: str, right: str, *, case_sensitive: bool) -> bool:
    """Equality of texts."""
    return left == right or (not case_sensitive and left.casefold() == right.casefold())


def equal(left: object, right: object, *, case_sensitive: bool = False) -> bool:  # noqa: PLR0911 - one line for each kind of left operand
    """Whether ``-eq`` holds between two values that are not arrays on the left."""
    if left is None or right is None or isinstance(left, Nothing) or isinstance(right, Nothing):
        return _absent(left) and _absent(right)
    if isinstance(left, str):
        return _equal_text(left, right, case_sensitive=case_sensitive)
    if isinstance(left, bool):
        return left is truth(right)
    if is_number(left):
        return _equal_number(left, right)
    if isinstance(left, _CONVERTED):
        return _equal_converted(left, right)
    if isinstance(left, TypeRef) and isinstance(right, TypeRef):
        return left == right
    return left is right


def _absent(value: object) -> bool:
    return value is None or isinstance(value, Nothing)


def _equal_text(left: str, right: object, *, case_sensitive: bool) -> bool:
    if isinstance(left, Char) and is_number(right):
        return ord(left) == right
    return same_text(left, text(right), case_sensitive=case_sensitive)


def _equal_number(left: object, right: object) -> bool:
    other = _as_number(right)
    return False if other is None else _order(left, other) == 0


def _as_number(value: object) -> object | None:
    if isinstance(value, Char):
        return ord(value)
    if isinstance(value, str):
        return numeric_literal(value)
    try:
        return number_of(value, "System.Double")
    except ScriptError:
        return None


def _order(left: object, right: object) -> int:
    """Order of two numbers; a decimal beside a double is compared as a double."""
    exact = not isinstance(left, float) and not isinstance(right, float)
    first, second = (_number(left), _number(right)) if exact else (float(_number(left)), float(_number(right)))
    return (first > second) - (first < second)


def _number(value: object) -> int | float | Decimal:
    return value if isinstance(value, int | float | Decimal) else 0


def _equal_converted(left: object, right: object) -> bool:
    try:
        other = convert(right, type_of(left))
    except ScriptError:
        return False
    if isinstance(left, DateTimeValue) and isinstance(other, DateTimeValue):
        return left.ticks == other.ticks
    if isinstance(left, DateTimeOffsetValue) and isinstance(other, DateTimeOffsetValue):
        return left.utc() == other.utc()
    return left == other


def compare(left: object, right: object, *, case_sensitive: bool = False) -> int:
    """Below, equal or above zero; raises when the values have no order."""
    if _absent(left) or _absent(right):
        return _present(right) * -1 if _absent(left) else 1
    if isinstance(left, str):
        return compare_text(left, text(right), case_sensitive=case_sensitive)
    if isinstance(left, bool):
        return int(left) - int(truth(right))
    if is_number(left):
        return _compare_number(left, right)
    if isinstance(left, _ORDERED):
        return _compare_converted(left, right)
    if isinstance(left, EnumValue):
        other = _cast(left, right)
        return left.value - (other.value if isinstance(other, EnumValue) else 0)
    raise failure(f'Cannot compare "{text(left)[:100]}" because it is not IComparable.')


def _present(value: object) -> int:
    return 0 if _absent(value) else 1


def _compare_number(left: object, right: object) -> int:
    other = _as_number(right)
    if other is None:
        raise failure(
            f'Could not compare "{text(left)}" to "{text(right)[:100]}". '
            f'Error: "Cannot convert value "{text(right)[:100]}" to type "{kind_name(left)}"."'
        )
    return _order(left, other)


def _cast(left: object, right: object) -> object:
    try:
        return convert(right, type_of(left))
    except ScriptError as wrong:
        raise failure(
            f'Could not compare "{text(left)}" to "{text(right)[:100]}". Error: "{wrong.exception.message}"'
        ) from wrong


_KEYS: dict[type, Callable[..., tuple[int, ...]]] = {
    DateTimeValue: lambda value: (value.ticks,),
    DateTimeOffsetValue: lambda value: (value.utc(),),
    TimeSpanValue: lambda value: (value.ticks,),
    VersionValue: lambda value: (value.major, value.minor, value.build, value.revision),
}


def _compare_converted(left: object, right: object) -> int:
    key = _KEYS[type(left)]
    first, second = key(left), key(_cast(left, right))
    return (first > second) - (first < second)
