"""``[type]::member``: static members and constructors."""

from __future__ import annotations

from collections.abc import Sequence

from certloom.scripting.powershell.runtime.session import Session
from certloom.scripting.powershell.types.members import called, no_method, own
from certloom.scripting.powershell.types.registry import SPECS
from certloom.scripting.powershell.values.collections import (
    TypedArray,
)
from certloom.scripting.powershell.values.conversion import convert, to_int
from certloom.scripting.powershell.values.errors import MOST_ITEMS, failure, room_for
from certloom.scripting.powershell.values.objects import TypeRef
from certloom.scripting.powershell.values.text import text

__all__ = ["call_static", "construct", "static_value"]

_WITH_ZERO = frozenset(
    f"System.{name}"
    for name in (
        "Boolean",
        "Byte",
        "Decimal",
        "Double",
        "Int16",
        "Int32",
        "Int64",
        "SByte",
        "Single",
        "UInt16",
        "UInt32",
        "UInt64",
    )
)


def static_value(session: Session, ref: TypeRef, name: str) -> object:
    """``[type]::name``; what depends on the run, such as the present moment, is declared as ``get_name``."""
    if ref.element is None:
        reader = own(ref.name, "static_properties", name.lower())
        if callable(reader):
            return reader()
        method = own(ref.name, "static_methods", f"get_{name.lower()}")
        if method is not None:
            return called(method, session, ref, name, ())
    return None


def call_static(session: Session, ref: TypeRef, name: str, arguments: Sequence[object]) -> object:
    """``[type]::name(arguments)``, ``new`` included."""
    if name.lower() == "new":
        return construct(session, ref, arguments)
    method = own(ref.name, "static_methods", name.lower()) if ref.element is None else None
    if method is None:
        raise no_method(ref.full_name(), name)
    return called(method, session, ref, name, arguments)


def construct(session: Session, ref: TypeRef, arguments: Sequence[object]) -> object:
    """``[type]::new(arguments)``: a method that is given the type as its value."""
    if ref.element is not None:
        return _array(ref.element, arguments)
    spec = SPECS.get(ref.name)
    if spec is None or spec.new is None:
        raise failure(f"A constructor was not found. Cannot find an appropriate constructor for type {text(ref)}.")
    return called(spec.new, session, ref, ".ctor", arguments)


def _array(element: TypeRef, arguments: Sequence[object]) -> object:
    """``[type[]]::new(size)``: elements of zero where the type has one, else null."""
    if len(arguments) != 1:
        raise failure(f'Cannot find an overload for "new" and the argument count: "{len(arguments)}".')
    size = to_int(arguments[0])
    if size < 0:
        raise failure("Arithmetic operation resulted in an overflow.", inner="System.OverflowException")
    room_for(size, MOST_ITEMS)
    zero = convert(0, element) if element.name in _WITH_ZERO else None
    items: list[object] = [zero] * size
    return items if element.name == "System.Object" else TypedArray(items, element.full_name())
