"""System.Math."""

import math
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

from certloom.scripting.powershell.types.arrays import any_value
from certloom.scripting.powershell.types.spec import Method, TypeSpec, static
from certloom.scripting.powershell.values.conversion import convert, to_int
from certloom.scripting.powershell.values.enums import enum_member
from certloom.scripting.powershell.values.errors import failure
from certloom.scripting.powershell.values.floats import WIDE
from certloom.scripting.powershell.values.numbers import Int64, fits
from certloom.scripting.powershell.values.numeric import is_number, to_double
from certloom.scripting.powershell.values.objects import TypeRef

__all__ = ["MATH"]

Number = int | float | Decimal
_ROUNDINGS = {
    "ToEven": ROUND_HALF_EVEN,
    "AwayFromZero": ROUND_HALF_UP,
    "ToZero": ROUND_DOWN,
    "ToNegativeInfinity": ROUND_FLOOR,
    "ToPositiveInfinity": ROUND_CEILING,
}
_MOST_PLACES = 15


def _number(value: object) -> Number:
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return value
    return to_double(value)


def _absolute(value: Number) -> Number:
    made: Number = -value if value < 0 else value
    kind = next((one for one in (Int64, int) if type(value) is one), None)
    if kind is None or not isinstance(made, int):
        return made
    if not fits(kind, made):
        raise failure(
            "Negating the minimum value of a twos complement number is invalid.", inner="System.OverflowException"
        )
    return Int64(made) if kind is Int64 else int(made)


def _round(value: Number, *extra: object) -> Number:
    """``Round(value)``, with places, with a mode, with both: half to even unless a mode says otherwise."""
    places, mode = 0, "ToEven"
    for one in extra:
        if is_number(one):
            places = to_int(one)
        else:
            mode = enum_member("System.MidpointRounding", one).name
    if not 0 <= places <= _MOST_PLACES:
        raise failure(
            "Rounding digits must be between 0 and 15, inclusive. (Parameter 'digits')",
            inner="System.ArgumentOutOfRangeException",
        )
    if isinstance(value, float) and (not math.isfinite(value) or abs(value) >= 1e16):  # noqa: PLR2004 - whole already
        return value
    if isinstance(value, Decimal):
        return value.quantize(Decimal(1).scaleb(-places), _ROUNDINGS[mode], WIDE)
    power = 10.0**places
    return float(Decimal(float(value) * power).quantize(Decimal(1), _ROUNDINGS[mode])) / power


def _towards(choose: Callable[[float], int], exact: str) -> Callable[[Number], Number]:
    def apply(value: Number) -> Number:
        if isinstance(value, Decimal):
            return value.to_integral_value(exact)
        real = float(value)
        return float(choose(real)) if math.isfinite(real) else real

    return apply


def _wider(left: Number, right: Number) -> TypeRef:
    for kind, name in ((Decimal, "System.Decimal"), (float, "System.Double"), (Int64, "System.Int64")):
        if isinstance(left, kind) or isinstance(right, kind):
            return TypeRef(name)
    return TypeRef("System.Int32")


def _choice(better: Callable[[Number, Number], bool]) -> Callable[[Number, Number], object]:
    def choose(left: Number, right: Number) -> object:
        return convert(left if better(left, right) else right, _wider(left, right))

    return choose


def _power(base: float, exponent: float) -> float:
    try:
        made = math.pow(base, exponent)
    except OverflowError:
        return math.inf if base > 0 or exponent % 2 == 0 else -math.inf
    except ValueError:
        return math.nan if base else math.inf
    return made


def _real(function: Callable[[float], float]) -> Method:
    def apply(value: float) -> float:
        try:
            return float(function(value))
        except ValueError:
            return -math.inf if value == 0 and function in {math.log, math.log10, math.log2} else math.nan
        except OverflowError:
            return math.inf

    return static(apply, to_double)


def _log(value: float, base: float | None = None) -> float:
    if value <= 0:
        return -math.inf if value == 0 else math.nan
    return math.log(value) if base is None else math.log(value, base) if base > 0 and base != 1 else math.nan


def _divide(left: Number, right: Number) -> tuple[int, int]:
    if right == 0:
        raise failure("Attempted to divide by zero.", inner="System.DivideByZeroException")
    whole = abs(int(left)) // abs(int(right)) * (1 if (left < 0) == (right < 0) else -1)
    return whole, int(left) - whole * int(right)


MATH = TypeSpec(
    name="System.Math",
    aliases=("math",),
    static_properties={"PI": lambda: math.pi, "E": lambda: math.e, "Tau": lambda: math.tau},
    static_methods={
        "Abs": static(_absolute, _number),
        "Round": static(_round, _number, any_value, any_value, least=1),
        "Floor": static(_towards(math.floor, ROUND_FLOOR), _number),
        "Ceiling": static(_towards(math.ceil, ROUND_CEILING), _number),
        "Truncate": static(_towards(math.trunc, ROUND_DOWN), _number),
        "Max": static(_choice(lambda left, right: left >= right), _number, _number),
        "Min": static(_choice(lambda left, right: left <= right), _number, _number),
        "Clamp": static(lambda value, least, most: min(max(value, least), most), _number, _number, _number),
        "Sign": static(lambda value: (value > 0) - (value < 0), _number),
        "Pow": static(_power, to_double, to_double),
        "Sqrt": _real(math.sqrt),
        "Cbrt": _real(math.cbrt),
        "Exp": _real(math.exp),
        "Log": static(_log, to_double, to_double, least=1),
        "Log10": _real(math.log10),
        "Log2": _real(math.log2),
        "Sin": _real(math.sin),
        "Cos": _real(math.cos),
        "Tan": _real(math.tan),
        "Asin": _real(math.asin),
        "Acos": _real(math.acos),
        "Atan": _real(math.atan),
        "Atan2": static(math.atan2, to_double, to_double),
        "BigMul": static(lambda left, right: Int64(left * right), to_int, to_int),
        "IEEERemainder": static(
            lambda left, right: math.remainder(left, right) if right else math.nan, to_double, to_double
        ),
        "DivRem": static(lambda left, right: list(_divide(left, right)), _number, _number),
    },
)
