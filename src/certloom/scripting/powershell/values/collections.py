"""Arrays with a type, lists, hashtables and custom objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from certloom.scripting.powershell.values.errors import MOST_ITEMS, failure, room_for
from certloom.scripting.powershell.values.numbers import Char

__all__ = [
    "Entry",
    "Hashtable",
    "ListValue",
    "MemberView",
    "PSObject",
    "Properties",
    "Property",
    "SetValue",
    "TypedArray",
    "key_of",
    "unique",
]


Typed = Callable[[object], object]


class TypedArray(list[object]):
    """An array whose elements all have one type, given by its full name; a plain ``list`` is object[]."""

    __slots__ = ("element",)

    def __init__(self, items: list[object], element: str) -> None:
        super().__init__(items)
        self.element = element


class ListValue:
    """An ArrayList, or a generic collection of the given element type: a list that grows."""

    __slots__ = ("element", "items", "type")

    def __init__(self, items: list[object], kind: str = "System.Collections.ArrayList", element: str = "") -> None:
        self.items = items
        self.type = kind
        self.element = element

    def grow(self, count: int = 1) -> None:
        """Refuse to grow past what one value may hold."""
        room_for(len(self.items) + count, MOST_ITEMS)


class SetValue(ListValue):
    """A HashSet: every item once."""

    __slots__ = ("case_sensitive", "keys")

    def __init__(self, kind: str, element: str, *, case_sensitive: bool) -> None:
        super().__init__([], kind, element)
        self.case_sensitive = case_sensitive
        self.keys: set[object] = set()

    def key(self, item: object) -> object:
        """What equal items have in common."""
        return key_of(item, case_sensitive=self.case_sensitive)

    def add(self, item: object) -> bool:
        """Put an item in; false when it was there."""
        key = self.key(item)
        if key in self.keys:
            return False
        self.grow()
        self.keys.add(key)
        self.items.append(item)
        return True

    def keep(self, wanted: Callable[[object], bool]) -> None:
        """Take out every item whose key is not wanted."""
        self.items[:] = [item for item in self.items if wanted(self.key(item))]
        self.keys = {self.key(item) for item in self.items}


def unique(items: list[object], kind: str, element: str, *, case_sensitive: bool = True) -> SetValue:
    """A set of these items."""
    made = SetValue(kind, element, case_sensitive=case_sensitive)
    for item in items:
        made.add(item)
    return made


class Entry:
    """A key and its value, as enumerating a hashtable gives them."""

    __slots__ = ("key", "value")

    def __init__(self, key: object, value: object) -> None:
        self.key = key
        self.value = value


def key_of(key: object, *, case_sensitive: bool) -> object:
    """What two equal keys have in common: type and value, text ignoring case unless it matters."""
    kind = type(key)
    if kind is str:
        return key if case_sensitive else str(key).casefold()
    if isinstance(key, Char | int | float | Decimal):
        return (kind, key)
    if isinstance(key, list | ListValue | Hashtable | PSObject):
        return (kind, id(key))
    return key


class Hashtable:
    """A Hashtable, an ordered dictionary or a generic Dictionary; entries keep the order they came in."""

    __slots__ = ("case_sensitive", "entries", "ordered", "type", "typed")

    def __init__(self, *, ordered: bool = False, case_sensitive: bool = False, kind: str = "") -> None:
        self.entries: dict[object, Entry] = {}
        self.ordered = ordered
        self.case_sensitive = case_sensitive
        plain = "System.Collections.Specialized.OrderedDictionary" if ordered else "System.Collections.Hashtable"
        self.type = kind or plain
        self.typed: tuple[Typed, Typed] | None = None
        """How a generic Dictionary converts its keys and its values."""

    def get(self, key: object) -> object:
        """The value of a key, none without it."""
        entry = self.entries.get(self._known(key))
        return None if entry is None else entry.value

    def _known(self, key: object) -> object:
        return key_of(key if self.typed is None else self.typed[0](key), case_sensitive=self.case_sensitive)

    def has(self, key: object) -> bool:
        """Whether a key is there."""
        return self._known(key) in self.entries

    def put(self, key: object, value: object) -> None:
        """Set a key, which keeps its spelling when it was there before."""
        if key is None:
            raise failure("Array index evaluated to null.")
        if self.typed is not None:
            key, value = self.typed[0](key), self.typed[1](value)
        known = key_of(key, case_sensitive=self.case_sensitive)
        entry = self.entries.get(known)
        if entry is not None:
            entry.value = value
            return
        room_for(len(self.entries), MOST_ITEMS)
        self.entries[known] = Entry(key, value)

    def remove(self, key: object) -> bool:
        """Take a key away; false when it was not there."""
        return self.entries.pop(self._known(key), None) is not None

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self.entries.values()))

    def __len__(self) -> int:
        return len(self.entries)

    def copy(self) -> Hashtable:
        """The same entries in another table of the same kind."""
        made = Hashtable(ordered=self.ordered, case_sensitive=self.case_sensitive, kind=self.type)
        made.typed = self.typed
        made.entries = {known: Entry(entry.key, entry.value) for known, entry in self.entries.items()}
        return made


class Property:
    """A property of a custom object: its spelling and its value, or a block that computes it."""

    __slots__ = ("kind", "name", "value")

    def __init__(self, name: str, value: object, kind: str = "NoteProperty") -> None:
        self.name = name
        self.value = value
        self.kind = kind


class PSObject:
    """A custom object: properties found ignoring case, in the order they came in."""

    __slots__ = ("properties", "type")

    def __init__(self, kind: str = "System.Management.Automation.PSCustomObject") -> None:
        self.properties: dict[str, Property] = {}
        self.type = kind

    def add(self, name: str, value: object, kind: str = "NoteProperty") -> None:
        """Add a property or replace it."""
        room_for(len(self.properties), MOST_ITEMS)
        self.properties[name.lower()] = Property(name, value, kind)

    def get(self, name: str) -> object:
        """The value of a property, none without it."""
        found = self.properties.get(name.lower())
        return None if found is None else found.value

    def __iter__(self) -> Iterator[Property]:
        return iter(list(self.properties.values()))


class Properties(ListValue):
    """The properties of a value, found by name; taking one away changes the value."""

    __slots__ = ("owner",)

    def __init__(self, items: list[object], owner: object) -> None:
        super().__init__(items, "System.Management.Automation.PSPropertySet")
        self.owner = owner

    def named(self, name: str) -> object:
        """The property of a name, ignoring case; none without it."""
        wanted = name.lower()
        return next((one for one in self.items if isinstance(one, Property) and one.name.lower() == wanted), None)


class MemberView:
    """What ``PSObject`` of a value is: the value and its properties."""

    __slots__ = ("properties", "target")

    def __init__(self, target: object, properties: list[Property]) -> None:
        self.target = target
        self.properties = Properties(list(properties), target)
