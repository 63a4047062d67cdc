"""``+ - * / %``, and the types they give (about_Arithmetic_Operators)."""

import math

from certloom.scripting.powershell.operators.numeric_results import (
    DECIMALS,
    calculated,
    divided_by_zero,
    left_number,
    operand,
    whole_result,
)
from certloom.scripting.powershell.values.collections import Hashtable, ListValue
from certloom.scripting.powershell.values.conversion import items_of
from certloom.scripting.powershell.values.errors import MOST_ITEMS, failure, room_for
from certloom.scripting.powershell.values.numbers import (
    BigInteger,
    Char,
    Int64,
)
from certloom.scripting.powershell.values.numeric import to_whole
from certloom.scripting.powershell.values.objects import Nothing
from certloom.scripting.powershell.values.text import text
from certloom.scripting.powershell.values.times import DateTimeOffsetValue, DateTimeValue, TimeSpanValue

__all__ = ["add", "divide", "multiply", "negate", "remainder", "subtract"]


def add(left: object, right: object) -> object:  # noqa: PLR0911 - one line for each kind of left operand
    """``+``: adds, joins text, appends to arrays, merges hashtables."""
    if type(left) is int and type(right) is int:
        total = left + right
        return total if -2147483648 <= total <= 2147483647 else float(total)  # noqa: PLR2004 - Int32
    if isinstance(left, str):
        return _add_text(left, right)
    if isinstance(left, list | ListValue):
        return _add_items(items_of(left), items_of(right))
    if isinstance(left, Hashtable):
        return _merge(left, right)
    if left is None or isinstance(left, Nothing):
        return right
    if isinstance(left, DateTimeValue | DateTimeOffsetValue | TimeSpanValue):
        return _add_time(left, right)
    return calculated(left_number(left, "op_Addition"), operand(right), int.__add__, float.__add__, DECIMALS.add)


def _add_text(left: str, right: object) -> str:
    other = text(right)
    room_for(len(left) + len(other))
    return left + other


def _add_items(left: list[object], right: list[object]) -> list[object]:
    room_for(len(left) + len(right), MOST_ITEMS)
    return [*left, *right]


def _merge(left: Hashtable, right: object) -> Hashtable:
    if not isinstance(right, Hashtable):
        raise failure("A hash table can only be added to another hash table.")
    merged = left.copy()
    for entry in right:
        if merged.has(entry.key):
            shown = text(entry.key)[:100]
            raise failure(
                f"Item has already been added. Key in dictionary: '{shown}'  Key being added: '{shown}'",
                inner="System.ArgumentException",
            )
        merged.put(entry.key, entry.value)
    return merged


_long = to_whole(Int64)


def span_of(value: object) -> TimeSpanValue:
    """The span an operand of ``+`` or ``-`` stands for: a number counts ticks."""
    return value if isinstance(value, TimeSpanValue) else TimeSpanValue(_long(value))


def _add_time(left: DateTimeValue | DateTimeOffsetValue | TimeSpanValue, right: object) -> object:
    ticks = span_of(right).ticks
    if isinstance(left, DateTimeOffsetValue):
        return DateTimeOffsetValue(left.ticks + ticks, left.offset)
    return left.plus(ticks) if isinstance(left, DateTimeValue) else TimeSpanValue(left.ticks + ticks)


def subtract(left: object, right: object) -> object:
    """``-``."""
    if isinstance(left, DateTimeValue):
        if isinstance(right, DateTimeValue):
            return TimeSpanValue(left.ticks - right.ticks)
        return left.plus(-span_of(right).ticks)
    if isinstance(left, DateTimeOffsetValue):
        if isinstance(right, DateTimeOffsetValue):
            return TimeSpanValue(left.utc() - right.utc())
        return DateTimeOffsetValue(left.ticks - span_of(right).ticks, left.offset)
    if isinstance(left, TimeSpanValue):
        return TimeSpanValue(left.ticks - span_of(right).ticks)
    number = left_number(left, "op_Subtraction")
    return calculated(number, operand(right), int.__sub__, float.__sub__, DECIMALS.subtract)


def multiply(left: object, right: object) -> object:
    """``*``: multiplies, repeats text and arrays."""
    if isinstance(left, str) and not isinstance(left, Char):
        count = _times(right, len(left))
        return left * count
    if isinstance(left, list | ListValue):
        items = items_of(left)
        return items * _times(right, len(items), MOST_ITEMS)
    if isinstance(left, TimeSpanValue):
        return _ticks(left.ticks * float(operand(right)))
    number = left_number(left, "op_Multiply")
    return calculated(number, operand(right), int.__mul__, float.__mul__, DECIMALS.multiply)


def _times(right: object, size: int, most: int | None = None) -> int:
    count = to_whole(int)(right)
    if count < 0:
        raise failure(
            "The number of times to repeat a value must not be negative.", inner="System.ArgumentOutOfRangeException"
        )
    if most is None:
        room_for(size * count)
    else:
        room_for(size * count, most)
    return count


def _divided(left: float, right: float) -> float:
    if right:
        return left / right
    return math.nan if not left or math.isnan(left) else math.copysign(math.inf, left) * math.copysign(1, right)


def divide(left: object, right: object) -> object:
    """``/``: whole numbers that do not divide evenly give a double."""
    if isinstance(left, TimeSpanValue):
        return _divide_span(left, right)
    first, second = left_number(left, "op_Division"), operand(right)
    if isinstance(first, int) and isinstance(second, int):
        if second == 0:
            raise divided_by_zero()
        if isinstance(first, BigInteger) or isinstance(second, BigInteger):
            return BigInteger((abs(first) // abs(second)) * (1 if (first < 0) is (second < 0) else -1))
        if first % second:
            return first / second
        return whole_result(first // second, first, second)
    return calculated(first, second, int.__floordiv__, _divided, DECIMALS.divide)


def _ticks(count: float) -> TimeSpanValue:
    if not math.isfinite(count):
        raise failure("TimeSpan overflowed because the duration is too long.", inner="System.OverflowException")
    return TimeSpanValue(round(count))


def _divide_span(left: TimeSpanValue, right: object) -> object:
    if isinstance(right, TimeSpanValue):
        return _divided(float(left.ticks), float(right.ticks))
    number = float(operand(right))
    if number == 0:
        raise divided_by_zero()
    return _ticks(left.ticks / number)


def _modulo(left: int, right: int) -> int:
    if right == 0:
        raise divided_by_zero()
    rest = abs(left) % abs(right)
    return -rest if left < 0 else rest


def _real_modulo(left: float, right: float) -> float:
    return math.fmod(left, right) if right and math.isfinite(left) else math.nan


def remainder(left: object, right: object) -> object:
    """``%``: the sign is that of the left operand."""
    return calculated(left_number(left, "op_Modulus"), operand(right), _modulo, _real_modulo, DECIMALS.remainder)


def negate(value: object) -> object:
    """``-`` before a value."""
    if isinstance(value, TimeSpanValue):
        return TimeSpanValue(-value.ticks)
    number = operand(value)
    if isinstance(number, float):
        return -number
    return subtract(0, number)
