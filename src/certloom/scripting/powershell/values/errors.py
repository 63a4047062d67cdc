"""Errors that a script can catch, and the cap on what one operation may make."""

from __future__ import annotations

import msgspec

from certloom.scripting.powershell.faults import ScriptLimitReached

__all__ = ["MOST_CHARACTERS", "MOST_ITEMS", "ExceptionValue", "ScriptError", "failure", "room_for"]

MOST_CHARACTERS = 1_000_000
MOST_ITEMS = 200_000

INVALID_CAST = "System.Management.Automation.PSInvalidCastException"
RUNTIME = "System.Management.Automation.RuntimeException"


class ExceptionValue(msgspec.Struct, frozen=True, eq=False):
    """A .NET exception as a value: full type name, message and the exception behind it."""

    type: str
    message: str
    inner: ExceptionValue | None = None


class ScriptError(Exception):
    """Raised inside the interpreter for what ``try`` and ``catch`` of a script can see; ``throw`` marks its own."""

    def __init__(self, exception: ExceptionValue, target: object = None, name: str = "") -> None:
        super().__init__(exception.message)
        self.exception = exception
        self.target = target
        self.name = name or exception.type.rpartition(".")[2]
        self.line = 0
        self.thrown = False


def failure(message: str, kind: str = RUNTIME, inner: str = "") -> ScriptError:
    """An error with a message; ``inner`` names the exception that a RuntimeException wraps."""
    behind = ExceptionValue(inner, message) if inner else None
    return ScriptError(ExceptionValue(kind, message, behind))


def room_for(size: int, most: int = MOST_CHARACTERS) -> None:
    """Refuse a single value larger than a step may make, before it is made."""
    if size > most:
        raise ScriptLimitReached(
            f"The script tried to make a single value of {size} characters or items; at most {most} are allowed."
        )
