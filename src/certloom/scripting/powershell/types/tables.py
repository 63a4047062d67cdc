"""Hashtable, ordered dictionary and Dictionary[,]."""

from collections.abc import Callable

from certloom.scripting.powershell.types.arrays import any_value
from certloom.scripting.powershell.types.spec import TypeSpec, takes
from certloom.scripting.powershell.values.collections import Hashtable
from certloom.scripting.powershell.values.conversion import convert, to_int
from certloom.scripting.powershell.values.errors import failure
from certloom.scripting.powershell.values.objects import NOTHING, EnumValue, RefValue, TypeRef
from certloom.scripting.powershell.values.text import text

__all__ = ["COMPARER", "DICTIONARY", "ENTRY", "HASHTABLE", "ORDERED", "ignores_case"]


def _add(table: Hashtable, key: object, value: object) -> object:
    if table.has(key):
        shown = text(key)[:100]
        raise failure(
            f"Item has already been added. Key in dictionary: '{shown}'  Key being added: '{shown}'",
            inner="System.ArgumentException",
        )
    table.put(key, value)
    return NOTHING


def _remove(table: Hashtable, key: object) -> object:
    removed = table.remove(key)
    return removed if table.type.startswith("System.Collections.Generic") else NOTHING


def _clear(table: Hashtable) -> object:
    table.entries.clear()
    return NOTHING


def _set(table: Hashtable, key: object, value: object) -> object:
    table.put(key, value)
    return NOTHING


def _try_get(table: Hashtable, key: object, target: object) -> bool:
    found = table.has(key)
    if isinstance(target, RefValue):
        target.write(table.get(key))
    return found


def _has_value(table: Hashtable, value: object) -> bool:
    return any(type(entry.value) is type(value) and entry.value == value for entry in table)


def _insert(table: Hashtable, index: int, key: object, value: object) -> object:
    entries = list(table.entries.items())
    if not 0 <= index <= len(entries):
        raise failure("Index was out of range. (Parameter 'index')", inner="System.ArgumentOutOfRangeException")
    _add(table, key, value)
    known, entry = list(table.entries.items())[-1]
    entries.insert(index, (known, entry))
    table.entries = dict(entries)
    return NOTHING


def _remove_at(table: Hashtable, index: int) -> object:
    keys = list(table.entries)
    if not 0 <= index < len(keys):
        raise failure("Index was out of range. (Parameter 'index')", inner="System.ArgumentOutOfRangeException")
    del table.entries[keys[index]]
    return NOTHING


def _keys(table: Hashtable) -> list[object]:
    return [entry.key for entry in table]


def _values(table: Hashtable) -> list[object]:
    return [entry.value for entry in table]


def _made(kind: str, *, ordered: bool = False) -> Callable[..., Hashtable]:
    """A constructor: of nothing, of a number to make room for, of entries to copy, of what compares the keys."""

    def make(target: object, *given: object) -> Hashtable:
        made = Hashtable(ordered=ordered, case_sensitive=not any(map(ignores_case, given)), kind=kind)
        if isinstance(target, TypeRef) and len(target.arguments) == _KEY_AND_VALUE:
            made.typed = (_converter(target.arguments[0]), _converter(target.arguments[1]))
        for one in given:
            for entry in one if isinstance(one, Hashtable) else ():
                _add(made, entry.key, entry.value)
        return made

    return make


def ignores_case(given: object) -> bool:
    """Whether an argument of a constructor is a comparer that takes 'a' and 'A' for one."""
    return isinstance(given, EnumValue) and given.type == _COMPARER and given.name.endswith("IgnoreCase")


def _converter(kind: TypeRef) -> Callable[[object], object]:
    return lambda value: convert(value, kind)


_KEY_AND_VALUE = 2
_BASES = ("System.Collections.IDictionary", "System.Collections.ICollection", "System.Collections.IEnumerable")
_PROPERTIES = {
    "Count": len,
    "Keys": _keys,
    "Values": _values,
    "IsReadOnly": lambda _: False,
    "IsFixedSize": lambda _: False,
    "SyncRoot": any_value,
}
_METHODS = {
    "Add": takes(_add, any_value, any_value),
    "Remove": takes(_remove, any_value),
    "Clear": takes(_clear),
    "Contains": takes(Hashtable.has, any_value),
    "ContainsKey": takes(Hashtable.has, any_value),
    "ContainsValue": takes(_has_value, any_value),
    "Clone": takes(Hashtable.copy),
    "Item": takes(Hashtable.get, any_value),
    "get_Item": takes(Hashtable.get, any_value),
    "set_Item": takes(_set, any_value, any_value),
    "GetEnumerator": takes(list),
}

_COMPARER = "System.StringComparer"
_CULTURES = ("Ordinal", "InvariantCulture", "CurrentCulture")
_CASES = ("", "IgnoreCase")


def _comparer(name: str) -> Callable[[], object]:
    return lambda: EnumValue(_COMPARER, name, 0)


COMPARER = TypeSpec(
    name=_COMPARER,
    aliases=("StringComparer",),
    static_properties={f"{culture}{case}": _comparer(f"{culture}{case}") for culture in _CULTURES for case in _CASES},
)
HASHTABLE = TypeSpec(
    name="System.Collections.Hashtable",
    aliases=("hashtable",),
    bases=_BASES,
    properties=_PROPERTIES,
    methods=_METHODS,
    new=takes(_made(""), any_value, any_value, least=0),
)
ORDERED = TypeSpec(
    name="System.Collections.Specialized.OrderedDictionary",
    aliases=("ordered",),
    bases=_BASES,
    properties=_PROPERTIES,
    methods=_METHODS | {"Insert": takes(_insert, to_int, any_value, any_value), "RemoveAt": takes(_remove_at, to_int)},
    new=takes(_made("", ordered=True), any_value, any_value, least=0),
)
DICTIONARY = TypeSpec(
    name="System.Collections.Generic.Dictionary`2",
    aliases=("System.Collections.Generic.Dictionary",),
    bases=_BASES,
    properties=_PROPERTIES,
    methods=_METHODS | {"TryGetValue": takes(_try_get, any_value, any_value)},
    new=takes(_made("System.Collections.Generic.Dictionary`2"), any_value, any_value, least=0),
    generic=2,
)
ENTRY = TypeSpec(
    name="System.Collections.DictionaryEntry",
    properties={
        "Key": lambda entry: entry.key,
        "Value": lambda entry: entry.value,
        "Name": lambda entry: entry.key,
    },
)
