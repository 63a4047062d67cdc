"""System.Numerics.BigInteger: whole numbers of up to some thousand digits."""

import math

from certloom.scripting.powershell.types.spec import TypeSpec, static
from certloom.scripting.powershell.types.trying import tries
from certloom.scripting.powershell.values.conversion import convert, to_int, to_string
from certloom.scripting.powershell.values.errors import failure, room_for
from certloom.scripting.powershell.values.numbers import MOST_BITS, BigInteger
from certloom.scripting.powershell.values.objects import TypeRef

__all__ = ["BIG_INTEGER"]

_NAME = "System.Numerics.BigInteger"


def _big(value: object) -> BigInteger:
    made = convert(value, TypeRef(_NAME))
    return made if isinstance(made, BigInteger) else BigInteger(0)


def _power(base: BigInteger, exponent: int) -> BigInteger:
    if exponent < 0:
        raise failure(
            "The number must be greater than or equal to zero. (Parameter 'exponent')",
            inner="System.ArgumentOutOfRangeException",
        )
    room_for(base.bit_length() * exponent, MOST_BITS)
    return BigInteger(int(base) ** exponent)


def _power_modulo(base: BigInteger, exponent: BigInteger, modulus: BigInteger) -> BigInteger:
    if exponent < 0 or modulus == 0:
        raise failure("Attempted to divide by zero.", inner="System.DivideByZeroException")
    room_for(exponent.bit_length(), 2_048)
    found = pow(abs(int(base)), int(exponent), abs(int(modulus)))
    return BigInteger(-found if base < 0 and exponent % 2 else found)


BIG_INTEGER = TypeSpec(
    name=_NAME,
    aliases=("bigint", "BigInteger", "Numerics.BigInteger"),
    bases=("System.ValueType", "System.IComparable", "System.IFormattable"),
    properties={
        "IsZero": lambda value: value == 0,
        "IsOne": lambda value: value == 1,
        "IsEven": lambda value: value % 2 == 0,
        "Sign": lambda value: (value > 0) - (value < 0),
    },
    static_properties={
        "Zero": lambda: BigInteger(0),
        "One": lambda: BigInteger(1),
        "MinusOne": lambda: BigInteger(-1),
    },
    static_methods={
        "Parse": static(_big, to_string),
        "TryParse": tries(_big, lambda: BigInteger(0)),
        "Pow": static(_power, _big, to_int),
        "ModPow": static(_power_modulo, _big, _big, _big),
        "Abs": static(lambda value: BigInteger(abs(value)), _big),
        "Negate": static(lambda value: BigInteger(-value), _big),
        "Max": static(max, _big, _big),
        "Min": static(min, _big, _big),
        "GreatestCommonDivisor": static(lambda left, right: BigInteger(math.gcd(left, right)), _big, _big),
    },
    new=static(_big, lambda value: value),
)
