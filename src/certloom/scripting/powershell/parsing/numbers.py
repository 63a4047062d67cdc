"""Numeric literals (about_Numeric_Literals): bases, suffixes and multipliers."""

import re
import sys
from decimal import Decimal, InvalidOperation

from certloom.scripting.powershell.parsing.cursor import Cursor
from certloom.scripting.powershell.values.numbers import (
    WHOLE_BY_SUFFIX,
    Int64,
    fits,
)

__all__ = ["NUMBER", "number_from", "numeric_value"]

_BODY = r"(?:0x[0-9a-f]+|0b[01]+|(?:\d+(?:\.(?!\.)\d*)?|\.\d+)(?:e[+-]?\d+)?)"
NUMBER = re.compile(rf"({_BODY})(ul|us|uy|[dlusyn])?(kb|mb|gb|tb|pb)?(?![\w])", re.IGNORECASE)
_UNIT = {"": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30, "tb": 1 << 40, "pb": 1 << 50}
_HEX_WIDTHS = ((8, 32), (16, 64))
_LONGEST = 400
_LARGEST_DOUBLE = int(sys.float_info.max)


def numeric_value(body: str, suffix: str, unit: str) -> object | None:
    """The value of a literal, or none when no type holds it."""
    factor = _UNIT[unit.lower()]
    if len(body) > _LONGEST:
        return None
    if body[:2].lower() in {"0x", "0b"}:
        return _whole(_based(body) * factor, suffix)
    if suffix.lower() == "d":
        return _decimal(body, factor)
    if any(mark in body.lower() for mark in ".e"):
        return float(body) * factor if not suffix else _whole(int(float(body) * factor), suffix)
    return _whole(int(body) * factor, suffix)


def _based(body: str) -> int:
    """Hexadecimal and binary literals that fill a signed type wrap into its negative half."""
    base, digits = (16, body[2:]) if body[1] in "xX" else (2, body[2:])
    value = int(digits, base)
    per_digit = 4 if base == 16 else 1  # noqa: PLR2004 - bits of a hexadecimal digit
    for _, bits in _HEX_WIDTHS:
        if len(digits) * per_digit <= bits:
            return value - (1 << bits) if len(digits) * per_digit == bits and value >> (bits - 1) else value
    return value


def _decimal(body: str, factor: int) -> Decimal | None:
    try:
        return Decimal(body) * factor
    except InvalidOperation:
        return None


def _whole(value: int, suffix: str) -> object | None:
    if suffix:
        kind = WHOLE_BY_SUFFIX[suffix.lower()]
        return kind(value) if fits(kind, value) else None
    if fits(int, value):
        return value
    if fits(Int64, value):
        return Int64(value)
    if abs(value) < 1 << 96:
        return Decimal(value)
    return float(value) if abs(value) <= _LARGEST_DOUBLE else None


def number_from(cursor: Cursor, sign: str = "") -> object | None:
    """The number that stands here, or none; a sign that was read before belongs to it."""
    found = cursor.match(NUMBER)
    if found is None:
        return None
    value = numeric_value(found[1], found[2] or "", found[3] or "")
    if value is None:
        raise cursor.fail(f"The numeric constant {found[0]} is too large for its type.")
    cursor.position = found.end()
    return _negative(value) if sign == "-" else value


def _negative(value: object) -> object:
    if isinstance(value, float | Decimal):
        return -value
    if type(value) is Int64 and fits(int, -value):
        return -int(value)
    return type(value)(-value) if isinstance(value, int) else value
