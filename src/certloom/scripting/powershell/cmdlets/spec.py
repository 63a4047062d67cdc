"""How a command declares its parameters and its behaviour."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from certloom.scripting.powershell.runtime.session import Emit, Scope, Stage
from certloom.scripting.powershell.values.conversion import to_int, to_string
from certloom.scripting.powershell.values.numbers import Int64
from certloom.scripting.powershell.values.numeric import to_whole
from certloom.scripting.powershell.values.truth import truth

__all__ = [
    "ANY",
    "INT",
    "LONG",
    "SWITCH",
    "TEXT",
    "TEXTS",
    "Call",
    "Cmdlet",
    "Parameter",
    "Stage",
    "collecting",
    "each",
]

Convert = Callable[[object], object]


def ANY(value: object) -> object:  # noqa: N802 - reads as a type in declarations
    """A parameter that takes any value."""
    return value


def TEXTS(value: object) -> object:  # noqa: N802 - likewise
    """A parameter that takes texts, or blocks and hashtables that compute them."""
    return value if isinstance(value, list) else [value]


INT, LONG, TEXT, SWITCH = to_int, to_whole(Int64), to_string, truth


class Parameter(msgspec.Struct, frozen=True):
    """One parameter: its conversion, its place among positional ones (-1 without), and whether it takes input."""

    name: str
    convert: Convert = ANY
    position: int = -1
    pipeline: bool = False
    aliases: tuple[str, ...] = ()
    rest: bool = False


class Call(msgspec.Struct, frozen=True):
    """A command being run: the scope it was called in and the values of its parameters by their own names."""

    scope: Scope
    values: dict[str, object]
    fed: bool

    def get(self, name: str) -> object:
        """A parameter's value, none when it was not given."""
        return self.values.get(name)

    def flag(self, name: str) -> bool:
        """Whether a switch was given."""
        return truth(self.values.get(name))

    def has(self, name: str) -> bool:
        """Whether a parameter was given."""
        return name in self.values


class Cmdlet(msgspec.Struct, frozen=True):
    """A command: name, aliases, parameters and how a call becomes a stage that puts out through ``emit``."""

    name: str
    start: Callable[[Call, Emit], Stage]
    parameters: tuple[Parameter, ...] = ()
    aliases: tuple[str, ...] = ()


def _nothing() -> None:
    """What most commands do at the end."""


def each(work: Callable[[Call, object, Emit], None]) -> Callable[[Call, Emit], Stage]:
    """A command that handles item by item."""

    def start(call: Call, emit: Emit) -> Stage:
        return Stage(lambda item: work(call, item, emit), _nothing)

    return start


def collecting(work: Callable[[Call, list[object], Emit], None]) -> Callable[[Call, Emit], Stage]:
    """A command that needs all items before it can begin."""

    def start(call: Call, emit: Emit) -> Stage:
        items: list[object] = []

        def process(item: object) -> None:
            call.scope.session.budget.spend(16)
            items.append(item)

        return Stage(process, lambda: work(call, items, emit))

    return start
