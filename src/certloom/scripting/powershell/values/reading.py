"""Text as numbers, as .NET reads it in the invariant culture."""

import re
from decimal import Decimal

__all__ = ["float_text", "number_text", "numeric_literal", "whole_text"]

_NUMBER = re.compile(r"\s*([+-]?)(\d[\d,]*)?(\.\d*)?(?:[eE]([+-]?\d{1,4}))?\s*", re.ASCII)
_HEX = re.compile(r"\s*0[xX]([0-9A-Fa-f]{1,16})\s*", re.ASCII)
_NAMES = {"infinity": float("inf"), "-infinity": float("-inf"), "nan": float("nan"), "∞": float("inf")}
_LONGEST = 320


def number_text(text: str) -> Decimal | None:
    """The number a text stands for, exactly; none when it is no number."""
    found = _NUMBER.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None or (found[2] is None and (found[3] is None or len(found[3]) < 2)):  # noqa: PLR2004 - "." and a digit
        return None
    digits = f"{found[1]}{(found[2] or '0').replace(',', '')}{found[3] or ''}"
    return Decimal(f"{digits.rstrip('.')}e{found[4] or 0}")


def whole_text(text: str) -> Decimal | None:
    """The same, reading hexadecimal too; the empty text is zero, as PowerShell's casts have it."""
    if not text.strip():
        return Decimal(0)
    found = _HEX.fullmatch(text)
    return Decimal(int(found[1], 16)) if found is not None else number_text(text)


def float_text(text: str) -> float | None:
    """A text as a double, its names for the infinities included."""
    named = _NAMES.get(text.strip().lower())
    if named is not None:
        return named
    read = whole_text(text)
    return None if read is None else float(read)


def numeric_literal(text: str) -> Decimal | float | None:
    """What an arithmetic operator makes of a text: an exact whole number, or a double."""
    read = whole_text(text)
    if read is None:
        return None
    plain = not any(mark in text.lower() for mark in ".e") or text.strip()[:2].lower() == "0x"
    return read if plain else float(read)
