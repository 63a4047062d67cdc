"""From .NET's regular expressions to those of the module ``regex``.

Only what both mean alike passes; what ``regex`` understands beyond .NET (recursion, fuzzy matching, verbs,
possessive quantifiers) is refused or taken as plain text, as .NET does.
"""

from __future__ import annotations

import re

import msgspec

from certloom.scripting.powershell.values.errors import ScriptError, failure

__all__ = ["Translated", "translated"]

LONGEST = 2_000
_MOST_REPEATS = 1_000

_COUNTED = re.compile(r"\{(\d+)(,(\d*))?\}")
_NAMED = re.compile(r"\(\?(?:<([A-Za-z_]\w*|\d+)>|'([A-Za-z_]\w*|\d+)')")
_OPENERS = re.compile(r"\(\?(?:[:=!>]|<[=!]|[imnsx]*(?:-[imnsx]+)?[:)])")
_COMMENT = re.compile(r"\(\?#[^)]*\)")
_REFERENCE = re.compile(r"\\k(?:<(\w+)>|'(\w+)')")
_PROPERTY = re.compile(r"\\[pP]\{(\w+)\}")
_CHARACTER = re.compile(r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|[0-7]{2,3}|c[A-Za-z@\[\\\]^_])")
_CLASSES = frozenset("dDwWsS")
_ASSERTIONS = {"b": r"\b", "B": r"\B", "A": r"\A", "z": r"\Z", "Z": r"(?=\n?\Z)", "G": r"\G"}
_CONTROLS = {"a": "\\x07", "e": "\\x1b", "f": "\\f", "n": "\\n", "r": "\\r", "t": "\\t", "v": "\\x0b", "0": "\\x00"}


class Translated(msgspec.Struct, frozen=True):
    """A pattern for ``regex`` and its groups in .NET's order: unnamed first, then named."""

    pattern: str
    groups: tuple[tuple[int, str], ...]


def translated(source: str, *, explicit: bool = False, verbose: bool = False) -> Translated:
    """Translate a pattern; raises the error of a script when it has no meaning in .NET or no limit."""
    if len(source) > LONGEST:
        raise failure(f"The regular expression has {len(source)} characters; at most {LONGEST} are allowed.")
    return _Translation(source, explicit=explicit, verbose=verbose).run()


class _Translation:
    def __init__(self, source: str, *, explicit: bool, verbose: bool) -> None:
        self.source = source
        self.explicit = explicit
        self.verbose = verbose
        self.position = 0
        self.made: list[str] = []
        self.unnamed: list[int] = []
        self.named: dict[str, int] = {}
        self.count = 0
        self.repeats = 1

    def run(self) -> Translated:
        while self.position < len(self.source):
            self._one()
        unnamed = [(number, str(at)) for at, number in enumerate(self.unnamed, start=1)]
        named = [(number, name) for name, number in self.named.items()]
        return Translated("".join(self.made), tuple(unnamed + named))

    def _one(self) -> None:
        character = self.source[self.position]
        if character == "\\":
            self._escape()
        elif character == "[":
            self._class()
        elif character == "(":
            self._open()
        elif character == "{":
            self._counted()
        elif character in "*+?":
            self._quantifier(character)
        else:
            self._copy(character, 1)

    def _copy(self, text: str, width: int) -> None:
        self.made.append(text)
        self.position += width

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        return pattern.match(self.source, self.position)

    def _escape(self) -> None:
        self._copy(*self._escaped(assertions=True))

    def _escaped(self, *, assertions: bool) -> tuple[str, int]:
        reference, kind, character = self._match(_REFERENCE), self._match(_PROPERTY), self._match(_CHARACTER)
        following = self.source[self.position + 1 : self.position + 2]
        if reference is not None and assertions:
            return self._named_reference(reference)
        if kind is not None:
            return kind[0], len(kind[0])
        if character is not None and following not in "123456789":
            return _numbered(character[0]), len(character[0])
        return self._single(following, assertions=assertions), 2

    def _named_reference(self, found: re.Match[str]) -> tuple[str, int]:
        name = found[1] or found[2]
        number = self.named.get(name) if not name.isdigit() else int(name)
        if number is None:
            raise self._wrong(f"Reference to undefined group name '{name}'")
        return f"(?:\\{number})", len(found[0])

    def _single(self, following: str, *, assertions: bool) -> str:
        if following in _CLASSES and following:
            return f"\\{following}"
        if following in _CONTROLS and following:
            return _CONTROLS[following]
        if following == "b" and not assertions:
            return "\\x08"
        if assertions and following in _ASSERTIONS:
            return _ASSERTIONS[following]
        if assertions and following.isdigit():
            return f"(?:\\{following})"
        if not following or following.isalnum() or following == "_":
            raise self._wrong(f"Unrecognized escape sequence \\{following}")
        return f"\\{following}"

    def _class(self) -> None:
        self.made.append("[")
        self.position += 1
        if self.source[self.position : self.position + 1] == "^":
            self._copy("^", 1)
        first = True
        while first or self.source[self.position : self.position + 1] != "]":
            if self.position >= len(self.source):
                raise self._wrong("Unterminated [] set")
            self._class_item()
            first = False
        self._copy("]", 1)

    def _class_item(self) -> None:
        character = self.source[self.position]
        if character == "\\":
            self._copy(*self._escaped(assertions=False))
        elif character == "-" and self.source[self.position + 1 : self.position + 2] == "[":
            self._copy("--", 1)
            self._class()
        elif character in "[]&|~":
            self._copy(f"\\{character}", 1)
        elif character == "-" and self.source[self.position + 1 : self.position + 2] in {"-", "]"}:
            self._copy("\\-", 1)
        else:
            self._copy(character, 1)

    def _open(self) -> None:
        comment, named, opener = self._match(_COMMENT), self._match(_NAMED), self._match(_OPENERS)
        if comment is not None:
            self.position = comment.end()
        elif named is not None:
            self._named_group(named)
        elif opener is not None:
            self._opener(opener[0])
        elif self.source[self.position + 1 : self.position + 2] in {"?", "*"}:
            raise self._wrong("Unrecognized grouping construct")
        else:
            self._plain_group()

    def _opener(self, found: str) -> None:
        kept = found.replace("n", "") if "n" in found else found
        if "n" in found and "-" not in found:
            self.explicit = True
        self._copy("" if kept in {"(?)", "(?-)"} else kept, len(found))

    def _plain_group(self) -> None:
        if self.explicit:
            self._copy("(?:", 1)
            return
        self.count += 1
        self.unnamed.append(self.count)
        self._copy("(", 1)

    def _named_group(self, found: re.Match[str]) -> None:
        name = found[1] or found[2]
        if name in self.named or name.isdigit():
            raise self._wrong(f"The group name '{name}' is a number or is used twice, which is not supported")
        self.count += 1
        self.named[name] = self.count
        self._copy("(", len(found[0]))

    def _counted(self) -> None:
        found = self._match(_COUNTED)
        if found is None:
            self._copy("\\{", 1)
            return
        least, most = int(found[1]), int(found[3] or found[1])
        if most < least:
            raise self._wrong("Illegal {x,y} with x > y")
        self.repeats *= max(most, 1)
        if self.repeats > _MOST_REPEATS * 10 or most > _MOST_REPEATS:
            raise self._wrong(f"A repetition of more than {_MOST_REPEATS} is not supported")
        self._quantifier(found[0])

    def _quantifier(self, written: str) -> None:
        self._copy(written, len(written))
        if self.source[self.position : self.position + 1] == "?":
            self._copy("?", 1)
        following = self.source[self.position : self.position + 1]
        if following in {"*", "+", "?"} or self._match(_COUNTED) is not None:
            raise self._wrong(f"Nested quantifier '{following}'")

    def _wrong(self, reason: str) -> ScriptError:
        return failure(
            f"Invalid pattern '{self.source[:100]}' at offset {self.position + 1}. {reason}.",
            inner="System.Text.RegularExpressions.RegexParseException",
        )


def _numbered(written: str) -> str:
    if written[1] == "c":
        return f"\\x{ord(written[2].upper()) ^ 64:02x}"
    if written[1] in "xu":
        return written
    return f"\\x{int(written[1:], 8) & 255:02x}"
