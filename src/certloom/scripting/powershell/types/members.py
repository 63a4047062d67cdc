"""Members of values: properties, methods, indexes, static members. Nothing here looks into Python objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from certloom.scripting.powershell.runtime.session import Session
from certloom.scripting.powershell.types.registry import SPECS
from certloom.scripting.powershell.types.spec import Method, TypeSpec, lowered
from certloom.scripting.powershell.values.collections import (
    Entry,
    Hashtable,
    ListValue,
    MemberView,
    Property,
    PSObject,
)
from certloom.scripting.powershell.values.conversion import items_of
from certloom.scripting.powershell.values.errors import ExceptionValue, ScriptError, failure
from certloom.scripting.powershell.values.kinds import kind_name, type_of
from certloom.scripting.powershell.values.objects import NOTHING, Nothing, RefValue
from certloom.scripting.powershell.xml.adapter import assign, named, names
from certloom.scripting.powershell.xml.nodes import XmlNode

__all__ = ["MISSING", "call", "called", "get", "no_method", "own", "property_of", "put"]

MISSING = object()
_INVOCATION = "System.Management.Automation.MethodInvocationException"


@cache
def _spellings(spec: str, section: str) -> dict[str, str]:
    return lowered(_section(SPECS[spec], section))


def _section(spec: TypeSpec, section: str) -> Mapping[str, object]:
    sections: dict[str, Mapping[str, object]] = {
        "properties": spec.properties,
        "methods": spec.methods,
        "static_properties": spec.static_properties,
        "static_methods": spec.static_methods,
    }
    return sections[section]


@cache
def _chain(name: str) -> tuple[str, ...]:
    """The type and what it derives from, as far as members go."""
    spec = SPECS.get(name)
    if spec is None:
        fallback = "System.Exception" if name.endswith("Exception") else "System.Object"
        return (fallback, "System.Object")
    bases = tuple(base for base in spec.bases if base in SPECS)
    return (name, *bases, "System.Object")


def own(name: str, section: str, member: str) -> object | None:
    """A member of a type or of what it derives from, by its name in lower case."""
    for kind in _chain(name):
        spelling = _spellings(kind, section).get(member)
        if spelling is not None:
            return _section(SPECS[kind], section)[spelling]
    return None


def property_of(session: Session, target: object, name: str) -> object:
    """A property of one value, MISSING when it has none of that name."""
    if isinstance(target, PSObject):
        found = target.properties.get(name.lower())
        if found is not None:
            return session.computed(found.value, target) if found.kind == "ScriptProperty" else found.value
    if isinstance(target, XmlNode):
        return _of_node(session, target, name)
    if isinstance(target, Hashtable) and target.has(name):
        return target.get(name)
    reader = own(type_of(target).name, "properties", name.lower())
    if reader is None:
        return _everywhere(target, name.lower())
    return reader(target) if callable(reader) else MISSING


def _of_node(session: Session, target: XmlNode, name: str) -> object:
    """What the document calls by that name comes before what every node has."""
    session.budget.step(len(target.children) // 8)
    found = named(target, name)
    if found:
        return found[0] if len(found) == 1 else found
    reader = own(type_of(target).name, "properties", name.lower())
    value = reader(target) if callable(reader) else MISSING
    session.budget.made(value.items if isinstance(value, ListValue) else value)
    return value


def _everywhere(target: object, name: str) -> object:
    if name in {"count", "length"} and not isinstance(target, Hashtable):
        return 1
    return MISSING


def get(session: Session, target: object, name: str) -> object:
    """``target.name``: null for what is not there; on an array, of every item that has it."""
    if target is None or isinstance(target, Nothing):
        return 0 if name.lower() in {"count", "length"} else None
    if name.lower() in {"psobject", "psbase"} and not (isinstance(target, Hashtable) and target.has(name)):
        return _viewed(session, target) if name.lower() == "psobject" else target
    if isinstance(target, list | ListValue):
        return _of_items(session, target, name)
    found = property_of(session, target, name)
    return None if found is MISSING else found


def _viewed(session: Session, target: object) -> MemberView:
    """The properties of a value: those of a custom object themselves, of any other what its type has."""
    if isinstance(target, PSObject):
        shown = [_shown(session, target, one) for one in target]
    elif isinstance(target, XmlNode):
        shown = [Property(name, property_of(session, target, name), "Property") for name in names(target)]
    else:
        spec = SPECS.get(type_of(target).name)
        readers = spec.properties.items() if spec is not None else ()
        shown = [Property(name, read(target), "Property") for name, read in readers]
    session.budget.step(len(shown))
    session.budget.spend(100 * (len(shown) + 1))
    return MemberView(target, shown)


def _shown(session: Session, target: PSObject, one: Property) -> Property:
    if one.kind != "ScriptProperty":
        return one
    return Property(one.name, session.computed(one.value, target), one.kind)


def _of_items(session: Session, target: list[object] | ListValue, name: str) -> object:
    reader = own(type_of(target).name, "properties", name.lower())
    if callable(reader):
        return reader(target)
    items = items_of(target)
    session.budget.step(len(items))
    found: list[object] = []
    for item in items:
        value = _item_value(session, item, name)
        if value is not MISSING:
            found += items_of(value) if isinstance(value, list | ListValue) else [value]
    if not found:
        return None
    return found[0] if len(found) == 1 else found


def _item_value(session: Session, item: object, name: str) -> object:
    if isinstance(item, list | ListValue):
        return _of_items(session, item, name)
    if item is None or (name.lower() in {"count", "length"} and not isinstance(item, PSObject | Hashtable | str)):
        return MISSING
    return property_of(session, item, name)


def put(target: object, name: str, value: object) -> None:
    """``target.name = value``: only keys of hashtables may be new."""
    if isinstance(value, Nothing):
        value = None
    if isinstance(target, Hashtable):
        target.put(name, value)
        return
    if isinstance(target, XmlNode):
        assign(target, name, value)
        return
    found = target.properties.get(name.lower()) if isinstance(target, PSObject) else None
    if found is not None and found.kind == "NoteProperty":
        found.value = value
        return
    if isinstance(target, Property) and name.lower() == "value" and target.kind == "NoteProperty":
        target.value = value
        return
    if isinstance(target, RefValue) and name.lower() == "value":
        target.write(value)
        return
    if isinstance(target, Entry) and name.lower() == "value":
        target.value = value
        return
    raise failure(
        f"The property '{name}' cannot be found on this object. Verify that the property exists and can be set."
    )


def call(session: Session, target: object, name: str, arguments: Sequence[object]) -> object:
    """``target.name(arguments)``."""
    if target is None or isinstance(target, Nothing):
        raise failure("You cannot call a method on a null-valued expression.")
    if isinstance(target, PSObject):
        found = target.properties.get(name.lower())
        if found is not None and found.kind == "ScriptMethod":
            return session.computed(found.value, target, arguments)
    method = own(type_of(target).name, "methods", name.lower())
    if isinstance(target, list | ListValue) and (method is None or _belongs_to_object(target, name)):
        return _call_items(session, target, name, arguments)
    if method is None:
        raise no_method(kind_name(target), name)
    return called(method, session, target, name, arguments)


def _belongs_to_object(target: object, name: str) -> bool:
    chain = _chain(type_of(target).name)
    return name.lower() not in {"gettype", "tostring", "equals"} and not any(
        name.lower() in _spellings(kind, "methods") for kind in chain[:-1]
    )


def _call_items(session: Session, target: list[object] | ListValue, name: str, arguments: Sequence[object]) -> object:
    items = items_of(target)
    if not items:
        raise no_method(kind_name(target), name)
    session.budget.step(len(items))
    results = [call(session, item, name, arguments) for item in items]
    kept = [result for result in results if not isinstance(result, Nothing)]
    if not kept:
        return NOTHING
    return kept[0] if len(kept) == 1 else kept


def no_method(kind: str, name: str) -> ScriptError:
    """The error of a method that a type does not have."""
    return failure(f"Method invocation failed because [{kind}] does not contain a method named '{name}'.")


def called(method: object, session: Session, target: object, name: str, arguments: Sequence[object]) -> object:
    """Call a method; its own errors come wrapped, as PowerShell wraps exceptions of methods."""
    run: Method = method  # type: ignore[assignment]
    try:
        return run(session, target, arguments)
    except ScriptError as wrong:
        raise _wrapped(wrong, name, len(arguments)) from wrong


def _wrapped(wrong: ScriptError, name: str, count: int) -> ScriptError:
    inner = wrong.exception.inner
    if wrong.exception.type == "System.Management.Automation.MethodException":
        message = f'Cannot find an overload for "{name}" and the argument count: "{count}".'
        return ScriptError(ExceptionValue(wrong.exception.type, message))
    if inner is None or wrong.exception.type == _INVOCATION:
        return wrong
    message = f'Exception calling "{name}" with "{count}" argument(s): "{inner.message}"'
    return ScriptError(ExceptionValue(_INVOCATION, message, inner), name=inner.type.rpartition(".")[2])
