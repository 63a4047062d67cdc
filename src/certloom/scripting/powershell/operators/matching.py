"""``-like``, ``-match``, ``-replace`` and ``-split`` on single texts."""

import re
from collections.abc import Callable
from functools import lru_cache

import regex

from certloom.scripting.powershell.values.errors import MOST_ITEMS, failure, room_for
from certloom.scripting.powershell.values.patterns import IGNORE_CASE, Capture, Pattern, pattern

__all__ = ["expanded", "like", "matched", "replaced", "split_text", "wildcard"]

_LAST_OF_FOUR_DIGITS = 0xFFFF
_SUBSTITUTION = re.compile(r"\$(?:(\d+)|\{(\w+)\}|([$&`'_+]))")


@lru_cache(maxsize=256)
def wildcard(source: str, *, case_sensitive: bool = False) -> Pattern:
    """A wildcard pattern (about_Wildcards) as a regular expression: ``*``, ``?``, ``[a-z]``, backtick escapes."""
    return pattern(f"^(?:{_regex_of(source)})\\z", 16 if case_sensitive else 17)


def _regex_of(source: str) -> str:
    made: list[str] = []
    at = 0
    while at < len(source):
        piece, width = _wildcard_piece(source, at)
        if piece != ".*" or not made or made[-1] != ".*":
            made.append(piece)
        at += width
    return "".join(made)


def _wildcard_piece(source: str, at: int) -> tuple[str, int]:
    character = source[at]
    if character == "`" and at + 1 < len(source):
        return _literal(source[at + 1]), 2
    if character == "*":
        return ".*", 1
    if character == "?":
        return ".", 1
    if character == "[":
        return _set(source, at)
    return _literal(character), 1


def _literal(character: str) -> str:
    if character.isalnum() or character in "_ " or ord(character) > _LAST_OF_FOUR_DIGITS:
        return character
    return f"\\u{ord(character):04x}"


def _set(source: str, at: int) -> tuple[str, int]:
    end = source.find("]", at + 1)
    if end < 0:
        raise failure(f"The specified wildcard character pattern is not valid: {source[:100]}")
    inner = source[at + 1 : end]
    kept = "".join(
        one if one == "-" and 0 < where < len(inner) - 1 else _literal(one) for where, one in enumerate(inner)
    )
    return f"[{kept}]", end - at + 1


def like(value: str, source: str, *, case_sensitive: bool) -> bool:
    """Whether a text fits a wildcard pattern as a whole."""
    return wildcard(source, case_sensitive=case_sensitive).search(value) is not None


def matched(value: str, source: Pattern | str, *, case_sensitive: bool) -> Capture | None:
    """What a regular expression finds first."""
    return _pattern(source, case_sensitive=case_sensitive).search(value)


def _pattern(source: Pattern | str, *, case_sensitive: bool) -> Pattern:
    return source if isinstance(source, Pattern) else pattern(source, 0 if case_sensitive else IGNORE_CASE)


def expanded(found: Capture, template: str, value: str) -> str:
    """A replacement with its ``$1``, ``${name}``, ``$&`` and ``$$`` filled in; what names no group stays."""

    def substitute(reference: re.Match[str]) -> str:
        if reference[3] is not None:
            return _special(reference[3], found, value)
        name = reference[1] or reference[2]
        group = next((group for group in found.groups if group.name == name), None)
        return reference[0] if group is None else group.value

    return _SUBSTITUTION.sub(substitute, template)


def _special(mark: str, found: Capture, value: str) -> str:
    end = found.index + len(found.value)
    parts: dict[str, Callable[[], str]] = {
        "$": lambda: "$",
        "&": lambda: found.value,
        "`": lambda: value[: found.index],
        "'": lambda: value[end:],
        "_": lambda: value,
        "+": lambda: found.groups[-1].value,
    }
    return parts[mark]()


def replaced(
    value: str,
    source: Pattern | str,
    replacement: Callable[[Capture], str] | str,
    *,
    case_sensitive: bool,
    count: int = -1,
) -> str:
    """A text with every match replaced."""
    found = _pattern(source, case_sensitive=case_sensitive)
    make = replacement if callable(replacement) else lambda one: expanded(one, replacement, value)
    parts: list[str] = []
    end = size = 0
    for one in found.raw(value)[: count if count >= 0 else None]:
        parts += [value[end : one.start()], make(found.capture(one))]
        size += len(parts[-1]) + len(parts[-2])
        room_for(size)
        end = one.end()
    return "".join([*parts, value[end:]])


def split_text(value: str, source: Pattern | str, most: int, *, case_sensitive: bool) -> list[str]:
    """A text in pieces; groups of the separator are pieces too; ``most`` limits the pieces, negative from the end."""
    found = _pattern(source, case_sensitive=case_sensitive).raw(value)
    if most > 0:
        found = found[: most - 1]
    elif most < 0:
        found = found[len(found) + most + 1 :] if len(found) >= -most else found
    return _pieces(value, found)


def _pieces(value: str, found: list[regex.Match[str]]) -> list[str]:
    room_for(len(found), MOST_ITEMS)
    pieces: list[str] = []
    end = 0
    for one in found:
        pieces.append(value[end : one.start()])
        pieces += [group for group in one.groups() if group is not None]
        end = one.end()
    return [*pieces, value[end:]]
