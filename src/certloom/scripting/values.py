"""What comes back from where scripts and expressions run: plain JSON within limits, or a refusal."""

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from typing import Any

from certloom.scripting.powershell.faults import ProtectedValue, ScriptFailed, ScriptLimitReached

__all__ = ["json_value", "refuse_protected"]

_DEEPEST = 32
_PART_SIZE = 2  # what a value costs beside its text: a bracket and a comma


def json_value(value: object, size: int) -> Any:
    """The value as JSON has it: tuples as lists, moments in ISO 8601; ``size`` bounds its text in characters.

    Raises ScriptLimitReached for one too large or too deep, ScriptFailed for what JSON does not have.
    """
    return _Reading(size).read(value, 0)


def refuse_protected(names: Iterable[str], protected: Iterable[str]) -> None:
    """Raise ProtectedValue when a name is one of ``protected``, ignoring case (check D06)."""
    kept = {name.casefold() for name in protected}
    for name in names:
        if name.casefold() in kept:
            raise ProtectedValue(
                f"The script returned '{name}', which scripts may read but not change. Return it under another name."
            )


class _Reading:
    """One walk through a value. A part that stands in it many times is paid for every time."""

    def __init__(self, size: int) -> None:
        self._size = self._left = size

    def read(self, value: object, level: int) -> Any:  # noqa: PLR0911 - one line for each kind of value
        if level > _DEEPEST:
            raise ScriptLimitReached(f"A value nests more than {_DEEPEST} levels deep. Return less.")
        match value:
            case None | bool():
                self._pay(_PART_SIZE)
                return value
            case int():
                # Before its text is made: the digits of a huge number take longer than it took to compute it.
                self._pay(value.bit_length() // 3 + _PART_SIZE)
                return value
            case float():
                return self._number(value)
            case str():
                return self._text(value)
            case dt.datetime() | dt.date():
                return self._text(value.isoformat())
            case list() | tuple():
                self._pay(_PART_SIZE)
                return [self.read(item, level + 1) for item in value]
            case Mapping():
                self._pay(_PART_SIZE)
                return {self._name(name): self.read(item, level + 1) for name, item in value.items()}
        raise ScriptFailed(
            f"A value is {type(value).__name__}, which JSON does not have. Return text, numbers, True, False, None, "
            "lists and dictionaries."
        )

    def _number(self, value: float) -> float:
        self._pay(len(repr(value)))
        if not math.isfinite(value):
            raise ScriptFailed(f"A value is {value}, which JSON does not have.")
        return value

    def _name(self, name: object) -> str:
        if not isinstance(name, str):
            raise ScriptFailed(f"A name in a dictionary is {type(name).__name__}, but names are text.")
        return self._text(name)

    def _text(self, value: str) -> str:
        self._pay(len(value) + _PART_SIZE)
        # Half a surrogate pair can be neither stored nor sent.
        return value.encode("utf-8", "replace").decode()

    def _pay(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise ScriptLimitReached(
                f"The result has more than {self._size} characters. Return only what later steps need."
            )
