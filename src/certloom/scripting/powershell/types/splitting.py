"""String.Split: at a text, at characters or at blanks, by options."""

from collections.abc import Sequence

from certloom.scripting.powershell.runtime.session import Session
from certloom.scripting.powershell.values.collections import ListValue, TypedArray
from certloom.scripting.powershell.values.conversion import items_of
from certloom.scripting.powershell.values.enums import enum_member
from certloom.scripting.powershell.values.errors import room_for
from certloom.scripting.powershell.values.text import text

__all__ = ["MOST_SEPARATORS", "split"]

MOST_SEPARATORS = 256


def split(session: Session, value: object, arguments: Sequence[object]) -> object:
    """Split at a text, at characters or at blanks, at most so many pieces, by options."""
    rest = list(arguments)
    separators = _separators(rest)
    room_for(len(separators), MOST_SEPARATORS)
    session.budget.step(len(text(value)) * (len(separators) + 1) // 16)
    most, options = 0, 0
    for extra in rest:
        if isinstance(extra, int) and not isinstance(extra, bool):
            most = extra
        else:
            options = enum_member("System.StringSplitOptions", extra).value
    pieces = _cut(text(value), separators, most if not options & 1 else 0)
    if options & 2:
        pieces = [piece.strip() for piece in pieces]
    if options & 1:
        pieces = [piece for piece in pieces if piece]
        if most and len(pieces) > most:
            pieces = _cut(text(value), separators, most)
    return TypedArray(list(pieces), "System.String")


def _separators(rest: list[object]) -> list[str]:
    if not rest:
        return []
    first = rest.pop(0)
    if isinstance(first, list | ListValue):
        return [text(item) for item in items_of(first) if text(item)]
    found = [text(first)]
    while rest and isinstance(rest[0], str) and not _is_option(rest[0]):
        found.append(text(rest.pop(0)))
    return [one for one in found if one]


def _is_option(value: object) -> bool:
    return text(value).lower() in {"none", "removeemptyentries", "trimentries"}


def _cut(value: str, separators: list[str], most: int) -> list[str]:
    pieces: list[str] = []
    start = at = 0
    while at < len(value) and (not most or len(pieces) < most - 1):
        found = _separator_at(value, separators, at)
        if not found:
            at += 1
            continue
        pieces.append(value[start:at])
        at = start = at + found
    return [*pieces, value[start:]]


def _separator_at(value: str, separators: list[str], at: int) -> int:
    if not separators:
        return 1 if value[at].isspace() else 0
    return next((len(one) for one in separators if value.startswith(one, at)), 0)
