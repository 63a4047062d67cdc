"""Values as numbers: what casts to the numeric types make of them."""

import math
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal

from certloom.scripting.powershell.values.collections import ListValue
from certloom.scripting.powershell.values.errors import INVALID_CAST, ExceptionValue, ScriptError
from certloom.scripting.powershell.values.kinds import kind_name
from certloom.scripting.powershell.values.numbers import Char, Single, fits, single
from certloom.scripting.powershell.values.objects import EnumValue, Nothing
from certloom.scripting.powershell.values.reading import float_text, whole_text
from certloom.scripting.powershell.values.text import text

__all__ = ["NUMBERS", "is_number", "no_conversion", "number_of", "to_decimal", "to_double", "to_single", "to_whole"]

NUMBERS = (int, float, Decimal)
_NAMES = {int: "Int32"}
MOST_DECIMAL = Decimal(79228162514264337593543950335)


def is_number(value: object) -> bool:
    """Whether a value is a number; booleans and characters are not."""
    return isinstance(value, NUMBERS) and value is not True and value is not False


def no_conversion(value: object, target: str, reason: str = "", kind: str = "System.FormatException") -> ScriptError:
    """The error of a cast that is not possible."""
    if reason:
        message = f'Cannot convert value "{text(value)[:200]}" to type "{target}". Error: "{reason}"'
        return ScriptError(ExceptionValue(INVALID_CAST, message, ExceptionValue(kind, reason)), name="InvalidCast")
    shown = text(value)[:200]
    message = f'Cannot convert the "{shown}" value of type "{kind_name(value)}" to type "{target}".'
    return ScriptError(ExceptionValue(INVALID_CAST, message), name="InvalidCast")


def _format(value: str, target: str) -> ScriptError:
    return no_conversion(value, target, f"The input string '{value[:200]}' was not in a correct format.")


def number_of(value: object, target: str) -> int | float | Decimal:
    """Any value as a number of some kind; raises the error of a cast to the type named."""
    if isinstance(value, list | ListValue):
        items = value if isinstance(value, list) else value.items
        if len(items) != 1:
            raise no_conversion(value, target)
        return number_of(items[0], target)
    if isinstance(value, Char):
        return ord(value)
    if isinstance(value, NUMBERS):
        return int(value) if isinstance(value, bool) else value
    if isinstance(value, str):
        return _from_text(value, target)
    if value is None or isinstance(value, Nothing):
        return 0
    if isinstance(value, EnumValue):
        return value.value
    raise no_conversion(value, target)


def _from_text(value: str, target: str) -> int | float | Decimal:
    read: float | Decimal | None = (
        float_text(value) if target in {"System.Double", "System.Single"} else whole_text(value)
    )
    if read is None:
        raise _format(value, target)
    return read


def to_whole(kind: type[int]) -> Callable[[object], int]:
    """The cast to one of the whole types: rounds half to even, refuses what does not fit."""
    name = _NAMES.get(kind, kind.__name__)
    target = f"System.{name}"

    def convert(value: object) -> int:
        if type(value) is kind:
            return value
        number = number_of(value, target)
        if isinstance(number, float) and not math.isfinite(number):
            raise _too_large(value, target)
        exact = number if isinstance(number, int) else _rounded(number)
        if not fits(kind, exact):
            raise _too_large(value, target)
        return kind(exact)

    return convert


def _rounded(number: float | Decimal) -> int:
    if isinstance(number, float):
        return round(number)
    if number.adjusted() > 30:  # noqa: PLR2004 - beyond every whole type
        return 1 << 70
    return int(number.to_integral_value(ROUND_HALF_EVEN))


def _too_large(value: object, target: str) -> ScriptError:
    article = "an" if target in {"System.Int16", "System.Int32", "System.Int64", "System.Byte"} else "a"
    named = "unsigned byte" if target.endswith(".Byte") else target.rpartition(".")[2]
    reason = f"Value was either too large or too small for {article} {named}."
    return no_conversion(value, target, reason, "System.OverflowException")


def to_double(value: object) -> float:
    """The cast to double."""
    if type(value) is float:
        return value
    number = number_of(value, "System.Double")
    return float(number)


def to_single(value: object) -> Single:
    """The cast to float."""
    number = number_of(value, "System.Single")
    return single(float(number))


def to_decimal(value: object) -> Decimal:
    """The cast to decimal; a double brings 15 digits."""
    if isinstance(value, Decimal):
        return value
    number = number_of(value, "System.Decimal")
    if isinstance(number, float):
        if not math.isfinite(number):
            raise _too_large(value, "System.Decimal")
        number = Decimal(f"{number:.15g}")
    exact = Decimal(number)
    if abs(exact) > MOST_DECIMAL:
        raise _too_large(value, "System.Decimal")
    return Decimal(format(exact, "f")) if exact.as_tuple().exponent else exact
