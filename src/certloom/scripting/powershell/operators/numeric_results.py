"""What an operator between two numbers gives, and in which type."""

import math
from collections.abc import Callable
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow

from certloom.scripting.powershell.values.errors import ScriptError, failure, room_for
from certloom.scripting.powershell.values.kinds import kind_name
from certloom.scripting.powershell.values.numbers import (
    MOST_BITS,
    BigInteger,
    Char,
    Int64,
    Single,
    UInt32,
    UInt64,
    fits,
)
from certloom.scripting.powershell.values.numeric import MOST_DECIMAL, no_conversion, number_of
from certloom.scripting.powershell.values.objects import Nothing
from certloom.scripting.powershell.values.reading import numeric_literal

__all__ = ["DECIMALS", "Number", "calculated", "divided_by_zero", "left_number", "operand", "whole_result"]

Number = int | float | Decimal


DECIMALS = Context(prec=60)
_PLACES = 28


_WIDE = (Int64, UInt32, UInt64)


def operand(value: object) -> Number:
    """What arithmetic takes a value for: text is read, booleans and characters are whole numbers."""
    if type(value) is int or type(value) is float:
        return value
    if isinstance(value, str) and not isinstance(value, Char):
        read = numeric_literal(value)
        if read is None:
            reason = f"The input string '{value[:200]}' was not in a correct format."
            raise no_conversion(value, "System.Int32", reason)
        return read if isinstance(read, float) else _smallest(int(read))
    if value is None or isinstance(value, Nothing):
        return 0
    return number_of(value, "System.Int32")


def _smallest(value: int) -> Number:
    if fits(int, value):
        return value
    return Int64(value) if fits(Int64, value) else float(value)


def whole_result(value: int, left: object, right: object) -> Number:
    """A whole result in the type of its operands; what does not fit becomes a double."""
    if isinstance(left, BigInteger) or isinstance(right, BigInteger):
        room_for(value.bit_length(), MOST_BITS)
        return BigInteger(value)
    if type(left) is UInt64 or type(right) is UInt64:
        kind: type[int] = UInt64
    elif isinstance(left, _WIDE) or isinstance(right, _WIDE):
        kind = UInt32 if type(left) is type(right) is UInt32 else Int64
    else:
        kind = int
    return kind(value) if fits(kind, value) else float(value)


def calculated(
    left: Number,
    right: Number,
    whole: Callable[[int, int], int],
    real: Callable[[float, float], float],
    exact: Callable[[Decimal, Decimal], Decimal],
) -> Number:
    """Two numbers by the rule of their common type: decimal before double before whole."""
    if isinstance(left, Decimal) or isinstance(right, Decimal):
        return _exactly(_as_decimal(left), _as_decimal(right), exact)
    if isinstance(left, float) or isinstance(right, float):
        return _really(left, right, real)
    return whole_result(whole(left, right), left, right)


def _as_decimal(value: Number) -> Decimal:
    if isinstance(value, float) and not math.isfinite(value):
        raise failure("Value was either too large or too small for a Decimal.", inner="System.OverflowException")
    return Decimal(f"{value:.15g}") if isinstance(value, float) else Decimal(value)


def _exactly(left: Decimal, right: Decimal, exact: Callable[[Decimal, Decimal], Decimal]) -> Decimal:
    try:
        value = exact(left, right)
    except (DivisionByZero, InvalidOperation, Overflow, ZeroDivisionError) as wrong:
        raise divided_by_zero() from wrong
    if abs(value) > MOST_DECIMAL:
        raise failure("Value was either too large or too small for a Decimal.", inner="System.OverflowException")
    return (
        value
        if len(value.as_tuple().digits) < _PLACES and int(value.as_tuple().exponent) > -_PLACES
        else _rounded(value)
    )


def _rounded(value: Decimal) -> Decimal:
    """The nearest decimal that .NET has: at most 28 places, and digits that fit in 96 bits."""
    places = min(_PLACES, max(0, -int(value.as_tuple().exponent)))
    while True:
        made = value.quantize(Decimal(1).scaleb(-places), context=DECIMALS)
        if not places or abs(made.scaleb(places, DECIMALS)) <= MOST_DECIMAL:
            return made
        places -= 1


def _really(left: Number, right: Number, real: Callable[[float, float], float]) -> float:
    try:
        value = real(float(left), float(right))
    except OverflowError:
        value = math.inf
    narrow = isinstance(left, Single) and isinstance(right, Single)
    return Single(value) if narrow else value


def divided_by_zero() -> ScriptError:
    """The error of a division by zero."""
    return failure("Attempted to divide by zero.", inner="System.DivideByZeroException")


def left_number(value: object, name: str) -> Number:
    """The left operand as a number; raises when its type has no such operator."""
    if isinstance(value, int | float | Decimal | str) or value is None:
        return operand(value)
    raise failure(
        f"Method invocation failed because [{kind_name(value)}] does not contain a method named '{name}'.",
        name_kind(),
    )


def name_kind() -> str:
    """The type of the error when an operator does not exist for a type."""
    return "System.Management.Automation.RuntimeException"
