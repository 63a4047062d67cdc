"""Lookup in free-form maps, whose names are the caller's but are meant whatever their case."""

from collections.abc import Mapping
from typing import TypeVar

from certloom.errors import Invalid

__all__ = ["NameAmbiguous", "find"]

V = TypeVar("V")


class NameAmbiguous(Invalid):
    """A map in which more than one name is equal but for case to the one looked for."""


def find(mapping: Mapping[str, V], name: str) -> V | None:
    """The value under this name, else under the one name that is equal but for case, else None.

    Some clients lower the first letter of every name they send (reference: api-surface 2.2).

    Raises:
        NameAmbiguous: when several names fit and none exactly.
    """
    if name in mapping:
        return mapping[name]
    wanted = name.casefold()
    fitting = [spelling for spelling in mapping if spelling.casefold() == wanted]
    if len(fitting) > 1:
        message = f"The names {fitting[0]!r} and {fitting[1]!r} are equal but for case. Send one of them."
        raise NameAmbiguous(message)
    return mapping[fitting[0]] if fitting else None
