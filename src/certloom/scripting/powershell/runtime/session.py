"""One run of a script: its budget, its clock and random numbers, what it says on the way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC

import msgspec

from certloom.clock import Clock
from certloom.scripting.powershell.limits import Budget, Limits
from certloom.scripting.powershell.values.objects import MessageRecord
from certloom.scripting.powershell.values.times import LOCAL, DateTimeValue, from_datetime
from certloom.scripting.powershell.values.unicode import well_formed

__all__ = ["STREAMS", "Body", "Draw", "Emit", "Given", "Message", "Scope", "Session", "Stage", "Starter"]

Emit = Callable[[object], None]
Invoke = Callable[[object, list[object], dict[str, object]], object]
"""Runs a block with arguments and further variables; gives what it puts out, unrolled when it is one thing."""
Draw = Callable[[], float]
"""Returns a number of at least 0 and below 1."""


STREAMS = {"error": "2", "warning": "3", "verbose": "4", "debug": "5", "information": "6", "host": "6"}
"""The number of the stream that each kind of message belongs to (about_Output_Streams)."""


class Message(msgspec.Struct, frozen=True):
    """What a script wrote beside its output: one of the kinds of ``STREAMS``."""

    kind: str
    text: str


class Session:
    """What all scopes of one run share."""

    __slots__ = ("_clock", "budget", "draw", "invoke", "messages", "routes", "succeeded", "trying")

    def __init__(self, limits: Limits, clock: Clock, draw: Draw) -> None:
        self.budget = Budget(limits, clock)
        self.draw = draw
        self.messages: list[Message] = []
        self.invoke: Invoke | None = None
        self.routes: Mapping[str, Emit] = {}
        self.succeeded = True
        self.trying = 0
        self._clock = clock

    def now(self) -> DateTimeValue:
        """The present moment; local time is UTC."""
        return from_datetime(self._clock().astimezone(UTC), LOCAL)

    def computed(self, block: object, this: object, arguments: Sequence[object] = ()) -> object:
        """What the block of a script property or method gives for its object."""
        if self.invoke is None:
            return None
        return self.invoke(block, list(arguments), {"this": this})

    def say(self, kind: str, text: str) -> None:
        """Write into the journal of the step, or where a redirection sends messages of that kind."""
        route = self.routes.get(STREAMS[kind])
        if route is not None:
            route(MessageRecord(kind, text))
            return
        self.budget.put_out(len(text) + 1)
        self.messages.append(Message(kind, well_formed(text)))


class Scope:
    """Variables and functions of one level; what is not found is looked for in the levels above."""

    __slots__ = ("functions", "parent", "session", "types", "variables")

    def __init__(self, session: Session, parent: Scope | None) -> None:
        self.session = session
        self.parent = parent
        self.variables: dict[str, object] = {}
        self.types: dict[str, Callable[[object], object]] = {}
        self.functions: dict[str, Body] = {}

    def get(self, name: str) -> object:
        """The value of a variable, by its name in lower case; none when nobody set it."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.variables:
                return scope.variables[name]
            scope = scope.parent
        return None

    def has(self, name: str) -> bool:
        """Whether anybody set a variable."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.variables:
                return True
            scope = scope.parent
        return False

    def put(self, name: str, value: object) -> None:
        """Set a variable of this level; a type it was declared with converts the value."""
        cast = self.types.get(name)
        self.variables[name] = value if cast is None else cast(value)

    def script(self) -> Scope:
        """The level of the script itself."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    def function(self, name: str) -> Body | None:
        """A function by its name in lower case."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.functions:
                return scope.functions[name]
            scope = scope.parent
        return None


class Given(msgspec.Struct, frozen=True):
    """An argument as it came: its name (empty by position), its value, and whether a value was written."""

    name: str
    value: object
    written: bool = True


class Stage(msgspec.Struct, frozen=True):
    """A running command: takes one item after the other, then is told that no more come."""

    process: Emit
    end: Callable[[], None]
    inside: Emit | None = None
    """The ``process`` that this one wraps: what a stage that stops early names itself by."""


Starter = Callable[["Scope", bool, Emit], Stage]
"""Begins a command in a scope; the flag says whether input will come."""


class Body(ABC):
    """The compiled inside of a script, function or block: ``compiling.bodies`` makes them."""

    __slots__ = ()

    @abstractmethod
    def call(self, scope: Scope, positional: list[object], named: Mapping[str, object], emit: Emit) -> None:
        """Run it in a level of its own below a scope."""

    @abstractmethod
    def stage(
        self,
        scope: Scope,
        given: Sequence[Given],
        fed: bool,  # noqa: FBT001 - part of the contract of a stage
        emit: Emit,
        captured: Mapping[str, object],
    ) -> Stage:
        """Begin it as a command in a pipeline; ``fed`` says whether input will come."""

    @abstractmethod
    def take(self, scope: Scope, given: Sequence[Given]) -> None:
        """Bind arguments to the parameters in a scope, without a level of its own."""

    @abstractmethod
    def within(self, scope: Scope, emit: Emit) -> None:
        """Run it in a scope, without a level of its own."""
