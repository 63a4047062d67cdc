"""How a type declares its members, and how their arguments are converted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from certloom.scripting.powershell.runtime.session import Session
from certloom.scripting.powershell.values.errors import ScriptError, failure

__all__ = ["Convert", "Method", "TypeSpec", "lowered", "no_overload", "static", "takes", "with_session"]

Convert = Callable[[object], object]
Method = Callable[[Session, object, Sequence[object]], object]
"""Called with the run, the value before the dot (none for a static member) and the arguments."""


class TypeSpec(msgspec.Struct, frozen=True):
    """One type: full name, names that mean it, what it derives from, and its members in their own spelling."""

    name: str
    aliases: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    properties: Mapping[str, Callable[..., object]] = {}
    methods: Mapping[str, Method] = {}
    static_properties: Mapping[str, Callable[[], object]] = {}
    static_methods: Mapping[str, Method] = {}
    new: Method | None = None
    generic: int = 0


def lowered(members: Mapping[str, object]) -> dict[str, str]:
    """The spellings of members by their names in lower case."""
    return {name.lower(): name for name in members}


def no_overload(name: str, count: int) -> ScriptError:
    """The error for a number of arguments that a member does not take."""
    return failure(
        f'Cannot find an overload for "{name}" and the argument count: "{count}".',
        "System.Management.Automation.MethodException",
    )


def _converted(arguments: Sequence[object], converts: Sequence[Convert], least: int | None) -> list[object] | None:
    needed = len(converts) if least is None else least
    if not needed <= len(arguments) <= len(converts):
        return None
    return [convert(argument) for convert, argument in zip(converts, arguments, strict=False)]


def takes(function: Callable[..., object], *converts: Convert, least: int | None = None) -> Method:
    """A method of the value and its converted arguments; ``least`` are needed, all by default."""

    def method(_: Session, target: object, arguments: Sequence[object]) -> object:
        values = _converted(arguments, converts, least)
        if values is None:
            raise no_overload("method", len(arguments))
        return function(target, *values)

    return method


def static(function: Callable[..., object], *converts: Convert, least: int | None = None) -> Method:
    """A static method or constructor of its converted arguments."""

    def method(_: Session, __: object, arguments: Sequence[object]) -> object:
        values = _converted(arguments, converts, least)
        if values is None:
            raise no_overload("method", len(arguments))
        return function(*values)

    return method


def with_session(function: Callable[..., object], *converts: Convert, least: int | None = None) -> Method:
    """A method that also needs the run: for the clock, for random numbers, or to call a block."""

    def method(session: Session, target: object, arguments: Sequence[object]) -> object:
        values = _converted(arguments, converts, least)
        if values is None:
            raise no_overload("method", len(arguments))
        return function(session, target, *values)

    return method
