"""The order of strings: by letters, then accents, then case with lower case first, as linguistic order has it."""

import unicodedata
from functools import lru_cache

__all__ = ["collation_key", "compare_text"]

_RANKS = {"Z": 0, "C": 0, "P": 1, "S": 2, "N": 3, "L": 4, "M": 5}
_LONG = 256


def _primary(character: str) -> tuple[int, str]:
    return _RANKS[unicodedata.category(character)[0]], character.casefold()


@lru_cache(maxsize=4096)
def _short_key(text: str) -> tuple[tuple[tuple[int, str], ...], str]:
    if text.isascii():
        return tuple(map(_primary, text)), ""
    apart = unicodedata.normalize("NFD", text)
    letters = [one for one in apart if not unicodedata.combining(one)]
    return tuple(map(_primary, letters)), "".join(one for one in apart if unicodedata.combining(one))


def _case(text: str) -> tuple[bool, ...]:
    return tuple(one.isupper() for one in text)


def collation_key(text: str, *, case_sensitive: bool = False) -> tuple[object, ...]:
    """A key that sorts texts in linguistic order."""
    key = _short_key(text) if len(text) <= _LONG else _short_key.__wrapped__(text)
    return (*key, _case(text) if case_sensitive else ())


def compare_text(left: str, right: str, *, case_sensitive: bool = False) -> int:
    """Below, equal or above zero as the left text comes before, with or after the right one."""
    if left == right:
        return 0
    first = collation_key(left, case_sensitive=case_sensitive)
    second = collation_key(right, case_sensitive=case_sensitive)
    return (first > second) - (first < second)
