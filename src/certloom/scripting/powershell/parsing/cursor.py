"""A place in the text of a script, and what every rule needs to move it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from certloom.scripting.powershell.faults import ScriptUnreadable
from certloom.scripting.powershell.syntax.expressions import Expression, TypeName
from certloom.scripting.powershell.syntax.statements import Block, Body, Statement

__all__ = ["Cursor", "Rules"]

MOST_CHARACTERS = 200_000
DEEPEST = 200

_SPACE = re.compile(r"(?:[ \t\f\v\u00a0\u0085]|`\r?\n|<#(?s:.*?)#>|#[^\r\n]*)+")
_LINES = re.compile(r"(?:[ \t\f\v\u00a0\u0085\r\n]|`\r?\n|<#(?s:.*?)#>|#[^\r\n]*)+")
_SEPARATORS = re.compile(r"(?:[ \t\f\v\u00a0\u0085\r\n;]|`\r?\n|<#(?s:.*?)#>|#[^\r\n]*)+")


class Rules(msgspec.Struct, frozen=True):
    """The rules that need each other across modules; ``parser`` ties them together."""

    expression: Callable[[Cursor], Expression]
    element: Callable[[Cursor], Expression]
    unary: Callable[[Cursor], Expression]
    statement: Callable[[Cursor], Statement]
    pipeline: Callable[[Cursor], Statement]
    statements: Callable[[Cursor, str], Block]
    body: Callable[[Cursor, str], Body]
    type_name: Callable[[Cursor], TypeName]


class Cursor:
    """A position in a text that moves forward; raises ScriptUnreadable with the place where reading stopped."""

    def __init__(self, text: str, rules: Rules) -> None:
        self.text = text
        self.rules = rules
        self.position = 0
        self.depth = 0
        self._starts = [0, *(found.end() for found in re.finditer(r"\r\n|\r|\n", text))]
        if len(text) > MOST_CHARACTERS:
            message = f"The script has {len(text)} characters; at most {MOST_CHARACTERS} are read. Shorten it."
            raise ScriptUnreadable(message, 1, 1)

    def place(self, position: int | None = None) -> tuple[int, int]:
        """Line and column of a position, by default the current one."""
        at = self.position if position is None else position
        line = bisect_right(self._starts, at)
        return line, at - self._starts[line - 1] + 1

    def fail(self, message: str, position: int | None = None) -> ScriptUnreadable:
        """The error to raise here."""
        return ScriptUnreadable(message, *self.place(position))

    def found(self) -> str:
        """What stands here, for a message."""
        rest = self.text[self.position : self.position + 20].split("\n", maxsplit=1)[0].strip()
        return f"'{rest}'" if rest else "the end of the line" if not self.ended() else "the end of the script"

    def ended(self) -> bool:
        """Whether the text is read."""
        return self.position >= len(self.text)

    def peek(self, width: int = 1) -> str:
        """The next characters, fewer at the end."""
        return self.text[self.position : self.position + width]

    def at(self, word: str) -> bool:
        """Whether this stands next."""
        return self.text.startswith(word, self.position)

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """What a pattern finds here, without moving."""
        return pattern.match(self.text, self.position)

    def take(self, pattern: re.Pattern[str]) -> str | None:
        """What a pattern finds here, moving behind it."""
        found = pattern.match(self.text, self.position)
        if found is None:
            return None
        self.position = found.end()
        return found.group()

    def accept(self, word: str) -> bool:
        """Move behind a word if it stands next."""
        if not self.at(word):
            return False
        self.position += len(word)
        return True

    def expect(self, word: str, purpose: str) -> None:
        """Move behind a word that must stand next."""
        if not self.accept(word):
            raise self.fail(f"Expected '{word}' {purpose}, found {self.found()}.")

    def space(self) -> None:
        """Skip blanks, comments and continued lines."""
        self.take(_SPACE)

    def lines(self) -> None:
        """Skip blanks, comments and ends of lines."""
        self.take(_LINES)

    def separators(self) -> None:
        """Skip everything that may stand between two statements."""
        self.take(_SEPARATORS)

    @contextmanager
    def nested(self) -> Iterator[None]:
        """Count one level of nesting; deeper than any sensible script is an error, not a crash."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.fail(f"The script nests more than {DEEPEST} levels deep here. Use functions or variables.")
        try:
            yield
        finally:
            self.depth -= 1
