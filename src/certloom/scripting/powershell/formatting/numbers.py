"""Numeric format strings, standard (``N2``, ``X8``) and custom (``#,##0.00``)."""

import math
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

from certloom.scripting.powershell.formatting.custom_numbers import custom_number
from certloom.scripting.powershell.values.errors import failure
from certloom.scripting.powershell.values.floats import WIDE, decimal_text, double_text, shortest
from certloom.scripting.powershell.values.numbers import WHOLE_TYPES
from certloom.scripting.powershell.values.text import text

__all__ = ["format_number", "grouped", "rounded"]

_MOST_DIGITS = 99


def format_number(value: float | Decimal, form: str) -> str:
    """A number by a format string; an empty one gives its plain text."""
    if not form:
        return text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return text(value)
    letter, digits = form[0].upper(), form[1:]
    if letter in _STANDARD and (not digits or digits.isdigit()):
        count = int(digits[:4]) if digits else -1
        if count > _MOST_DIGITS or len(digits) > 3:  # noqa: PLR2004 - see _MOST_DIGITS
            raise failure(f"A number is formatted with at most {_MOST_DIGITS} digits.", inner="System.FormatException")
        return _STANDARD[letter](value, count, form[0])
    if (form[0].isalpha() and form[1:].isdigit()) or (len(form) == 1 and form.isalpha()):
        raise failure("Format specifier was invalid.", inner="System.FormatException")
    return custom_number(value, form)


def rounded(value: float | Decimal, places: int) -> Decimal:
    """A number to so many places, half away from zero."""
    exact = Decimal(value) if not isinstance(value, float) else Decimal(float(value))
    if exact.adjusted() > 60:  # noqa: PLR2004 - nothing behind the point is left
        return exact.to_integral_value(ROUND_HALF_EVEN)
    return exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, WIDE)


def grouped(digits: str) -> str:
    """Digits with a comma before every third from the right."""
    head = len(digits) % 3
    parts = [digits[:head]] if head else []
    return ",".join(parts + [digits[at : at + 3] for at in range(head, len(digits), 3)])


def _signed(value: Decimal, body: str) -> str:
    negative = value < 0 and any(one in "123456789" for one in body)
    return f"-{body}" if negative else body


def _fixed(value: float | Decimal, count: int, _: str) -> str:
    exact = rounded(value, 2 if count < 0 else count)
    return _signed(exact, format(abs(exact), "f"))


def _grouped(value: float | Decimal, count: int, _: str) -> str:
    exact = rounded(value, 2 if count < 0 else count)
    whole, point, part = format(abs(exact), "f").partition(".")
    return _signed(exact, grouped(whole) + point + part)


def _percent(value: float | Decimal, count: int, letter: str) -> str:
    return _grouped(_times_hundred(value), count, letter) + " %"


def _times_hundred(value: float | Decimal) -> Decimal:
    return (Decimal(repr(float(value))) if isinstance(value, float) else Decimal(value)) * 100


def _currency(value: float | Decimal, count: int, letter: str) -> str:
    body = _grouped(value, count, letter)
    return f"(¤{body[1:]})" if body.startswith("-") else f"¤{body}"


def _whole(value: object) -> int:
    if not isinstance(value, int):
        raise failure("Format specifier was invalid.", inner="System.FormatException")
    return int(value)


def _decimal(value: float | Decimal, count: int, _: str) -> str:
    whole = _whole(value)
    return ("-" if whole < 0 else "") + str(abs(whole)).rjust(max(count, 1), "0")


def _hexadecimal(value: float | Decimal, count: int, letter: str) -> str:
    whole = _whole(value)
    if whole < 0:
        least, _ = WHOLE_TYPES[type(value)]
        whole += -2 * least
    body = format(whole, "x" if letter == "x" else "X")
    return body.rjust(max(count, 1), "0")


def _binary(value: float | Decimal, count: int, _: str) -> str:
    whole = _whole(value)
    if whole < 0:
        whole += -2 * WHOLE_TYPES[type(value)][0]
    return format(whole, "b").rjust(max(count, 1), "0")


def _exponential(value: float | Decimal, count: int, letter: str) -> str:
    places = 6 if count < 0 else count
    body = format(Decimal(value), f".{places}e") if not isinstance(value, float) else f"{float(value):.{places}e}"
    mantissa, _, exponent = body.partition("e")
    return f"{mantissa}{letter}{exponent[0]}{int(exponent[1:]):03d}"


def _general(value: float | Decimal, count: int, letter: str) -> str:
    if count <= 0:
        return text(value)
    if isinstance(value, float):
        short = float(f"{float(value):.{count}g}")
        digits, exponent = shortest(short)
    else:
        exact = Decimal(format(Decimal(value), f".{count}g"))
        digits, exponent = "".join(map(str, exact.as_tuple().digits)).rstrip("0") or "0", exact.adjusted()
    if -5 <= exponent < count:  # noqa: PLR2004 - .NET's lower bound
        plain = Decimal(digits).scaleb(exponent - len(digits) + 1)
        body = format(plain, "f")
        return ("-" if value < 0 else "") + body
    mantissa = digits[0] + (f".{digits[1:]}" if len(digits) > 1 else "")
    sign = "-" if exponent < 0 else "+"
    return ("-" if value < 0 else "") + f"{mantissa}{'E' if letter == 'G' else 'e'}{sign}{abs(exponent):02d}"


def _round_trip(value: float | Decimal, _: int, __: str) -> str:
    return double_text(value) if isinstance(value, float) else decimal_text(Decimal(value))


_STANDARD = {
    "F": _fixed,
    "N": _grouped,
    "P": _percent,
    "C": _currency,
    "D": _decimal,
    "X": _hexadecimal,
    "B": _binary,
    "E": _exponential,
    "G": _general,
    "R": _round_trip,
}
