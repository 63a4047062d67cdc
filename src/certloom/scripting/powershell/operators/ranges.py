"""``..``: whole numbers, or characters, upwards and downwards."""

from certloom.scripting.powershell.values.errors import MOST_ITEMS, room_for
from certloom.scripting.powershell.values.numbers import Char, Int64, fits
from certloom.scripting.powershell.values.numeric import to_whole

__all__ = ["between"]

_long = to_whole(Int64)


def between(first: object, last: object) -> list[object]:
    """All values from the first to the last."""
    if _is_letter(first) and _is_letter(last):
        return [Char(chr(code)) for code in _codes(ord(str(first)), ord(str(last)))]
    least, most = int(_long(first)), int(_long(last))
    kind = int if fits(int, least) and fits(int, most) else Int64
    codes = _codes(least, most)
    return list(codes) if kind is int else [Int64(code) for code in codes]


def _is_letter(value: object) -> bool:
    return isinstance(value, str) and len(value) == 1 and not value.isdigit()


def _codes(first: int, last: int) -> range:
    room_for(abs(last - first) + 1, MOST_ITEMS)
    return range(first, last + 1) if first <= last else range(first, last - 1, -1)
