"""Regular expressions and what they find; every search has a time limit."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

import msgspec
import regex

from certloom.scripting.powershell.faults import ScriptLimitReached
from certloom.scripting.powershell.values.errors import failure
from certloom.scripting.powershell.values.translation import Translated, translated

__all__ = ["IGNORE_CASE", "Capture", "Groups", "Pattern", "pattern", "searches"]

SECONDS = 0.25
"""How long one search may take. The module ``regex`` looks at the clock while it backtracks."""

IGNORE_CASE = 1
_FLAGS = {
    1: regex.IGNORECASE,
    2: regex.MULTILINE,
    16: regex.DOTALL,
    32: regex.VERBOSE,
}
_KEPT = 256
_Found = TypeVar("_Found")
_compiled: dict[tuple[str, int], Pattern] = {}


class Capture(msgspec.Struct, frozen=True):
    """A Match or a Group: what was found and where; groups in .NET's order, each with its name."""

    type: str
    value: str
    index: int
    success: bool
    name: str = "0"
    groups: tuple[Capture, ...] = ()


class Groups(list[object]):
    """The groups of a match: found by number or by name."""

    __slots__ = ()

    def named(self, index: object) -> object:
        """The group of a number or name; one that does not exist did not succeed."""
        wanted = str(index)
        for group in self:
            if isinstance(group, Capture) and group.name == wanted:
                return group
        return Capture("System.Text.RegularExpressions.Group", "", 0, False, wanted)


class Pattern:
    """A regular expression in .NET's syntax."""

    __slots__ = ("compiled", "options", "source", "translation")

    def __init__(self, source: str, options: int) -> None:
        self.source = source
        self.options = options
        self.translation: Translated = translated(source, explicit=bool(options & 4), verbose=bool(options & 32))
        flags = regex.VERSION1
        for bit, flag in _FLAGS.items():
            flags |= flag if options & bit else 0
        try:
            self.compiled = regex.compile(self.translation.pattern, flags)
        except (regex.error, re.error, OverflowError, RecursionError, ValueError) as wrong:
            raise _invalid(source, str(wrong)) from wrong

    def search(self, text: str, start: int = 0) -> Capture | None:
        """The first place where it matches, or none."""
        found = searches(lambda: self.compiled.search(text, start, timeout=SECONDS))
        return None if found is None else self.capture(found)

    def every(self, text: str) -> list[Capture]:
        """All places where it matches, from left to right."""
        return [self.capture(found) for found in self.raw(text)]

    def raw(self, text: str) -> list[regex.Match[str]]:
        """The same, as the engine below gives them."""
        found: list[regex.Match[str]] = searches(lambda: list(self.compiled.finditer(text, timeout=SECONDS)))
        return found

    def capture(self, found: regex.Match[str]) -> Capture:
        """A match as a value, its groups numbered as .NET numbers them."""
        groups = [_group(found, number, name) for number, name in self.translation.groups]
        whole = Capture("System.Text.RegularExpressions.Group", found.group(), found.start(), True)
        return Capture(
            "System.Text.RegularExpressions.Match",
            found.group(),
            found.start(),
            True,
            "0",
            (whole, *groups),
        )


def _group(found: regex.Match[str], number: int, name: str) -> Capture:
    value = found.group(number)
    index = found.start(number) if value is not None else 0
    return Capture("System.Text.RegularExpressions.Group", value or "", index, value is not None, name)


def searches(search: Callable[[], _Found]) -> _Found:
    """Run one search; a pattern that needs too long ends the script, not the process."""
    try:
        return search()
    except TimeoutError as slow:
        raise ScriptLimitReached(
            f"A regular expression of the script searched for more than {SECONDS} seconds. Make it simpler."
        ) from slow


def pattern(source: str, options: int = 0) -> Pattern:
    """The compiled expression; the last few hundred are kept."""
    found = _compiled.get((source, options))
    if found is None:
        found = Pattern(source, options)
        if len(_compiled) >= _KEPT:
            _compiled.clear()
        _compiled[(source, options)] = found
    return found


def _invalid(source: str, reason: str) -> Exception:
    return failure(
        f"Invalid pattern '{source[:100]}': {reason}.",
        inner="System.Text.RegularExpressions.RegexParseException",
    )
