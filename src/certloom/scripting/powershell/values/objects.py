"""The remaining kinds of values: types, blocks, regular expressions, versions, addresses, errors."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import msgspec

from certloom.scripting.powershell.values.errors import ExceptionValue

__all__ = [
    "NOTHING",
    "Culture",
    "Encoding",
    "EnumValue",
    "Enumeration",
    "ErrorRecord",
    "GuidValue",
    "MailAddress",
    "MessageRecord",
    "Nothing",
    "RandomValue",
    "RefValue",
    "ScriptBlock",
    "StringBuilder",
    "TypeRef",
    "UriValue",
    "VersionValue",
]


class Nothing:
    """AutomationNull: what a pipeline without output gives. It reads as null and enumerates to nothing."""

    __slots__ = ()


NOTHING = Nothing()


class TypeRef(msgspec.Struct, frozen=True):
    """A type: full name, type arguments, and for arrays the type of the elements."""

    name: str
    arguments: tuple[TypeRef, ...] = ()
    element: TypeRef | None = None

    def full_name(self) -> str:
        """The name as .NET writes it; generic arguments in short form as PowerShell's text of a type has them."""
        if self.element is not None:
            return f"{self.element.full_name()}[]"
        inner = ",".join(argument.full_name() for argument in self.arguments)
        return f"{self.name}[{inner}]" if inner else self.name


class ScriptBlock:
    """A block as a value: its compiled body, its text, and the variables a closure took along."""

    __slots__ = ("body", "captured", "text")

    def __init__(self, body: object, text: str, captured: dict[str, object] | None = None) -> None:
        self.body = body
        self.text = text
        self.captured = captured


class GuidValue(msgspec.Struct, frozen=True):
    """A GUID."""

    value: UUID


class VersionValue(msgspec.Struct, frozen=True, order=True):
    """Two to four numbers; a number that was not given is -1."""

    major: int
    minor: int
    build: int = -1
    revision: int = -1

    def text(self) -> str:
        """The numbers that were given, with dots."""
        return ".".join(str(part) for part in (self.major, self.minor, self.build, self.revision) if part >= 0)


class UriValue(msgspec.Struct, frozen=True):
    """An address: as written, and its parts when it is absolute."""

    original: str
    scheme: str = ""
    host: str = ""
    port: int = -1
    path: str = ""
    query: str = ""
    fragment: str = ""
    user: str = ""


class MailAddress(msgspec.Struct, frozen=True):
    """A mail address: display name, local part and domain."""

    display: str
    user: str
    host: str


class Enumeration:
    """A walk over items, one after the other: what ``$foreach`` and ``$switch`` are."""

    __slots__ = ("at", "items")

    def __init__(self, items: list[object]) -> None:
        self.items = items
        self.at = -1

    def move(self) -> bool:
        """Go to the next item; false behind the last."""
        self.at = min(self.at + 1, len(self.items))
        return self.at < len(self.items)

    def current(self) -> object:
        """The item it stands at, none before the first and behind the last."""
        return self.items[self.at] if 0 <= self.at < len(self.items) else None

    def reset(self) -> None:
        """Begin again."""
        self.at = -1


class RefValue:
    """``[ref]``: reads and writes a variable, or a cell of its own."""

    __slots__ = ("read", "write")

    def __init__(self, read: Callable[[], object], write: Callable[[object], None]) -> None:
        self.read = read
        self.write = write


class Culture(msgspec.Struct, frozen=True):
    """The invariant culture."""


class EnumValue(msgspec.Struct, frozen=True):
    """A member of an enumeration."""

    type: str
    name: str
    value: int


class Encoding(msgspec.Struct, frozen=True):
    """A text encoding: its .NET name and the codec that does it."""

    name: str
    codec: str


class StringBuilder:
    """A StringBuilder."""

    __slots__ = ("parts", "size")

    def __init__(self, text: str = "") -> None:
        self.parts = [text] if text else []
        self.size = len(text)

    def text(self) -> str:
        """What was built."""
        whole = "".join(self.parts)
        self.parts = [whole]
        self.size = len(whole)
        return whole


class RandomValue:
    """A System.Random over the random numbers that were handed in."""

    __slots__ = ("draw",)

    def __init__(self, draw: Callable[[], float]) -> None:
        self.draw = draw


class MessageRecord(msgspec.Struct, frozen=True):
    """What ``3>&1`` and its like put out: a warning or another message, by its kind."""

    kind: str
    text: str

    @property
    def type(self) -> str:
        """The full name of its type; what Write-Host writes is information."""
        kind = "information" if self.kind == "host" else self.kind
        return f"System.Management.Automation.{kind.capitalize()}Record"


class ErrorRecord(msgspec.Struct, frozen=True, eq=False):
    """What ``$_`` is inside ``catch``."""

    exception: ExceptionValue
    target: object
    name: str
    line: int
