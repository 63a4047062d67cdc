"""``value[index]``: positions from both ends, several at once, keys."""

from certloom.scripting.powershell.values.collections import Hashtable, ListValue, Properties, TypedArray
from certloom.scripting.powershell.values.conversion import convert, items_of, to_int
from certloom.scripting.powershell.values.errors import ScriptError, failure
from certloom.scripting.powershell.values.kinds import kind_name
from certloom.scripting.powershell.values.numbers import Char
from certloom.scripting.powershell.values.numeric import is_number
from certloom.scripting.powershell.values.objects import TypeRef
from certloom.scripting.powershell.values.patterns import Groups
from certloom.scripting.powershell.xml.nodes import XmlNode

__all__ = ["element", "set_element"]


def _attribute(attributes: ListValue, name: str) -> object:
    return next((one for one in attributes.items if isinstance(one, XmlNode) and one.name == name), None)


def _property(properties: ListValue, name: str) -> object:
    return properties.named(name) if isinstance(properties, Properties) else None


_BY_NAME = {
    "System.Xml.XmlAttributeCollection": _attribute,
    "System.Management.Automation.PSPropertySet": _property,
}


def element(value: object, index: object) -> object:
    """What stands at an index; nothing outside an array, an array for several indexes.

    A single thing counts as an array of one (about_Arrays).
    """
    if isinstance(index, list | ListValue):
        return _several(value, items_of(index))
    if isinstance(value, Hashtable):
        return _keyed(value, index)
    if isinstance(value, Groups):
        return value.named(index)
    if isinstance(value, ListValue) and isinstance(index, str) and value.type in _BY_NAME:
        return _BY_NAME[value.type](value, index)
    if isinstance(value, list | ListValue):
        return _at(items_of(value), index)
    return _character(value, index) if isinstance(value, str) else _single(value, index)


def _character(value: str, index: object) -> object:
    found = _at(value, index)
    return Char(found) if isinstance(found, str) else None


def _single(value: object, index: object) -> object:
    if type(index) is int and not isinstance(value, XmlNode):
        return value if index in {0, -1} else None
    raise failure(f"Unable to index into an object of type {kind_name(value)}.")


def _at(items: list[object] | str, index: object) -> object:
    place = to_int(index)
    return items[place] if -len(items) <= place < len(items) else None


def _several(value: object, indexes: list[object]) -> object:
    if isinstance(value, Hashtable):
        return [_keyed(value, index) for index in indexes]
    found = []
    for index in indexes:
        size = len(value) if isinstance(value, str) else len(items_of(value))
        if -size <= to_int(index) < size:
            found.append(element(value, index))
    return found


def _keyed(table: Hashtable, key: object) -> object:
    if key is None:
        raise failure("Index operation failed; the array index evaluated to null.")
    if table.ordered and is_number(key) and type(key) is int:
        entries = list(table.entries.values())
        return entries[key].value if -len(entries) <= key < len(entries) else None
    return table.get(key)


def set_element(target: object, index: object, value: object) -> None:
    """``target[index] = value``."""
    if isinstance(target, Hashtable):
        _set_key(target, index, value)
        return
    if isinstance(target, list | ListValue):
        items = items_of(target)
        place = to_int(index)
        if not -len(items) <= place < len(items):
            raise out_of_bounds(target, place)
        element_type = target.element if isinstance(target, TypedArray | ListValue) else ""
        known = element_type and not element_type.endswith("]")
        items[place] = convert(value, TypeRef(element_type)) if known else value
        return
    raise failure(f"Unable to index into an object of type {kind_name(target)}.")


def _set_key(table: Hashtable, key: object, value: object) -> None:
    if table.ordered and type(key) is int:
        entries = list(table.entries.values())
        if not 0 <= key < len(entries):
            raise out_of_bounds(table, key)
        entries[key].value = value
        return
    if key is None:
        raise failure("Index operation failed; the array index evaluated to null.")
    table.put(key, value)


def out_of_bounds(target: object, _: int) -> ScriptError:
    """The error of an index outside what it indexes."""
    if isinstance(target, list):
        return failure("Index was outside the bounds of the array.", inner="System.IndexOutOfRangeException")
    return failure(
        "Index was out of range. Must be non-negative and less than the size of the collection. (Parameter 'index')",
        inner="System.ArgumentOutOfRangeException",
    )
