"""Floating point numbers as text, as .NET writes them in the invariant culture."""

import math
import struct
from decimal import Context, Decimal

from certloom.scripting.powershell.values.numbers import Single

__all__ = ["WIDE", "decimal_text", "double_text", "shortest"]

_EXPONENTIAL_FROM, _SMALLEST = 15, -5
_SINGLE_FROM = 7

WIDE = Context(prec=500)
"""Enough digits to round any double or decimal to the most places a format may ask for."""


def double_text(value: float) -> str:
    """The shortest text that reads back as the same number; exponents from 1E+15 and below 1E-05."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    digits, exponent = shortest(value)
    sign = "-" if math.copysign(1, value) < 0 else ""
    if value == 0:
        return f"{sign}0"
    limit = _SINGLE_FROM if isinstance(value, Single) else _EXPONENTIAL_FROM
    if exponent >= limit or exponent <= _SMALLEST:
        return sign + _scientific(digits, exponent)
    return sign + _plain(digits, exponent)


def shortest(value: float) -> tuple[str, int]:
    """The significant digits and the decimal exponent of the first of them."""
    written = _single_text(value) if isinstance(value, Single) else repr(abs(float(value)))
    _, digits, exponent = Decimal(written).as_tuple()
    text = "".join(map(str, digits))
    first = len(text) + int(exponent) - 1
    return text.rstrip("0") or "0", first


def _single_text(value: Single) -> str:
    for precision in range(1, 10):
        written = f"{abs(float(value)):.{precision}g}"
        if Single(_round(float(written))) == abs(value):
            return written
    return repr(abs(float(value)))


def _round(value: float) -> float:
    return float(struct.unpack("f", struct.pack("f", value))[0])


def _scientific(digits: str, exponent: int) -> str:
    mantissa = digits[0] + (f".{digits[1:]}" if len(digits) > 1 else "")
    return f"{mantissa}E{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _plain(digits: str, exponent: int) -> str:
    if exponent < 0:
        return "0." + "0" * (-exponent - 1) + digits
    if len(digits) <= exponent + 1:
        return digits + "0" * (exponent + 1 - len(digits))
    return f"{digits[: exponent + 1]}.{digits[exponent + 1 :]}"


def decimal_text(value: Decimal) -> str:
    """All digits, keeping the scale: 1.50 stays 1.50."""
    written = format(value, "f")
    return written.removeprefix("-") if value == 0 and written.startswith("-") else written
