"""``-band -bor -bxor -bnot -shl -shr``, in 32 or 64 bits."""

from collections.abc import Callable

from certloom.scripting.powershell.operators.numeric_results import operand
from certloom.scripting.powershell.values.enums import enum_of
from certloom.scripting.powershell.values.numbers import Int64, UInt32, UInt64, fits
from certloom.scripting.powershell.values.numeric import to_whole
from certloom.scripting.powershell.values.objects import EnumValue

__all__ = ["BITWISE", "complement", "shift_left", "shift_right"]

_long = to_whole(Int64)


def _bits(value: object) -> int:
    number = operand(value)
    if isinstance(number, int):
        return number
    whole = _long(number)
    return int(whole) if fits(int, int(whole)) else whole


def _kind(left: int, right: int) -> type[int]:
    if isinstance(left, UInt64) or isinstance(right, UInt64):
        return UInt64
    if isinstance(left, UInt32) and isinstance(right, UInt32):
        return UInt32
    return Int64 if isinstance(left, Int64 | UInt32) or isinstance(right, Int64 | UInt32) else int


def _bitwise(operator: Callable[[int, int], int]) -> Callable[[object, object], object]:
    def apply(left: object, right: object) -> object:
        first, second = _bits(left), _bits(right)
        value = operator(int(first), int(second))
        return enum_of(left.type, value) if isinstance(left, EnumValue) else _kind(first, second)(value)

    return apply


BITWISE = {
    "band": _bitwise(int.__and__),
    "bor": _bitwise(int.__or__),
    "bxor": _bitwise(int.__xor__),
}


def complement(value: object) -> object:
    """``-bnot``."""
    bits = _bits(value)
    if isinstance(bits, UInt32 | UInt64):
        return type(bits)(~int(bits) % (1 << (32 if isinstance(bits, UInt32) else 64)))
    return _kind(bits, 0)(~int(bits))


def _width(value: int) -> tuple[type[int], int]:
    kind = _kind(value, value)
    return kind, 64 if kind in {Int64, UInt64} else 32


def shift_left(left: object, right: object) -> object:
    """``-shl``: bits that leave the type are lost."""
    bits = _bits(left)
    kind, width = _width(bits)
    moved = (int(bits) << (int(_bits(right)) & (width - 1))) & ((1 << width) - 1)
    signed = kind in {int, Int64} and moved >> (width - 1)
    return kind(moved - (1 << width) if signed else moved)


def shift_right(left: object, right: object) -> object:
    """``-shr``: the sign stays."""
    bits = _bits(left)
    kind, width = _width(bits)
    return kind(int(bits) >> (int(_bits(right)) & (width - 1)))
