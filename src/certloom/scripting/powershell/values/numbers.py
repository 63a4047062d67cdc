"""Whole numbers of the sizes that .NET has; a plain ``int`` is an Int32, a ``float`` a Double."""

import struct

__all__ = [
    "MOST_BITS",
    "WHOLE_BY_SUFFIX",
    "WHOLE_TYPES",
    "BigInteger",
    "Byte",
    "Char",
    "Int16",
    "Int64",
    "SByte",
    "Single",
    "UInt16",
    "UInt32",
    "UInt64",
    "fits",
    "single",
]


class Int64(int):
    """A long."""

    __slots__ = ()


class Byte(int):
    """0 to 255."""

    __slots__ = ()


class SByte(int):
    """-128 to 127."""

    __slots__ = ()


class Int16(int):
    """A short."""

    __slots__ = ()


class UInt16(int):
    """A ushort."""

    __slots__ = ()


class UInt32(int):
    """A uint."""

    __slots__ = ()


class UInt64(int):
    """A ulong."""

    __slots__ = ()


class BigInteger(int):
    """A whole number without a size of its own; a script is held to some thousand digits."""

    __slots__ = ()


class Single(float):
    """A float of 32 bits."""

    __slots__ = ()


class Char(str):
    """One character, which is not a string."""

    __slots__ = ()


MOST_BITS = 12_000

WHOLE_TYPES: dict[type, tuple[int, int]] = {
    int: (-(1 << 31), (1 << 31) - 1),
    Int64: (-(1 << 63), (1 << 63) - 1),
    Byte: (0, 255),
    SByte: (-128, 127),
    Int16: (-(1 << 15), (1 << 15) - 1),
    UInt16: (0, (1 << 16) - 1),
    UInt32: (0, (1 << 32) - 1),
    UInt64: (0, (1 << 64) - 1),
    BigInteger: (-(1 << MOST_BITS), 1 << MOST_BITS),
}

WHOLE_BY_SUFFIX: dict[str, type[int]] = {
    "l": Int64,
    "u": UInt32,
    "ul": UInt64,
    "s": Int16,
    "us": UInt16,
    "y": SByte,
    "uy": Byte,
    "n": BigInteger,
}


def fits(kind: type, value: int) -> bool:
    """Whether a whole number is within the range of its type."""
    least, most = WHOLE_TYPES[kind]
    return least <= value <= most


def single(value: float) -> Single:
    """A number rounded to 32 bits."""
    try:
        return Single(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return Single(float("inf") if value > 0 else float("-inf"))
