"""Run a script: parameters in, values of the state out, within limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from certloom.clock import Clock
from certloom.scripting.powershell.compiling.compiler import collapsed
from certloom.scripting.powershell.faults import ScriptFailed, ScriptLimitReached, ScriptUnreadable
from certloom.scripting.powershell.limits import Limits
from certloom.scripting.powershell.program import compiled, compiled_text
from certloom.scripting.powershell.results import given_value, returned
from certloom.scripting.powershell.runtime.session import Body, Draw, Emit, Given, Message, Scope, Session
from certloom.scripting.powershell.runtime.signals import BreakSignal, ContinueSignal, ExitSignal, StopSignal
from certloom.scripting.powershell.syntax.statements import Script
from certloom.scripting.powershell.values.collections import ListValue
from certloom.scripting.powershell.values.errors import ScriptError
from certloom.scripting.powershell.values.objects import ScriptBlock
from certloom.scripting.powershell.values.unicode import well_formed
from certloom.scripting.values import refuse_protected

__all__ = ["Result", "run"]


class Result(msgspec.Struct, frozen=True):
    """What a script leaves: values for the state, as plain JSON, and what it said on the way."""

    values: dict[str, Any]
    messages: tuple[Message, ...]


def run(
    script: str | Script,
    parameters: Mapping[str, Any],
    limits: Limits,
    clock: Clock,
    random: Draw,
    protected: Iterable[str] = (),
) -> Result:
    """Run a script with parameters bound ignoring case, and give back the hashtable it returns.

    Raises ScriptUnreadable, ScriptFailed (with the script's own message where it threw), ScriptLimitReached,
    and ProtectedValue when a key of the result is one of ``protected``, ignoring case.
    """
    session = Session(limits, clock, random)
    values = _values(script, session, parameters)
    refuse_protected(values, protected)
    return Result(values, tuple(session.messages))


def _values(script: str | Script, session: Session, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Run and read the result; whatever goes wrong inside leaves as an error of this package."""
    try:
        body = compiled_text(script) if isinstance(script, str) else compiled(script)
        output: list[object] = []
        _execute(body, session, parameters, output.append)
        return returned(session.budget, output)
    except ScriptError as wrong:
        raise ScriptFailed(well_formed(wrong.exception.message)) from wrong
    except RecursionError as deep:
        raise ScriptLimitReached("The script called functions or blocks too deep. Use a loop.") from deep
    except MemoryError as full:
        raise ScriptLimitReached("The script needed more memory than there is. Make it handle less at once.") from full
    except (ScriptFailed, ScriptLimitReached, ScriptUnreadable):
        raise
    except Exception as bug:
        raise ScriptFailed(
            f"The interpreter could not carry out the script ({type(bug).__name__}). Please report the script."
        ) from bug


def _execute(body: Body, session: Session, parameters: Mapping[str, Any], emit: Emit) -> None:
    scope = Scope(session, None)
    scope.variables["error"] = ListValue([])
    session.invoke = _invoker(scope)
    given = [Given(str(name), given_value(session.budget, value)) for name, value in parameters.items()]

    def put_out(item: object) -> None:
        session.budget.spend(16)
        emit(item)

    try:
        stage = body.stage(scope, given, False, put_out, {})
        stage.end()
    except (ExitSignal, BreakSignal, ContinueSignal, StopSignal):
        return


def _invoker(scope: Scope) -> Any:
    def invoke(block: object, arguments: list[object], variables: dict[str, object]) -> object:
        items: list[object] = []
        if isinstance(block, ScriptBlock) and isinstance(block.body, Body):
            block.body.call(scope, arguments, {**(block.captured or {}), **variables}, items.append)
        return collapsed(items)

    return invoke
