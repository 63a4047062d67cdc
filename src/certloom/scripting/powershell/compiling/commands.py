"""Commands: cmdlets, functions and blocks with their arguments."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches

from certloom.scripting.powershell.cmdlets.binding import bind
from certloom.scripting.powershell.cmdlets.refused import REFUSED
from certloom.scripting.powershell.cmdlets.registry import COMMANDS
from certloom.scripting.powershell.cmdlets.spec import Call, Cmdlet
from certloom.scripting.powershell.compiling.compiler import Compiler, Evaluate
from certloom.scripting.powershell.runtime.session import Body, Emit, Given, Scope, Stage, Starter
from certloom.scripting.powershell.syntax import expressions
from certloom.scripting.powershell.syntax import statements as tree
from certloom.scripting.powershell.values.collections import Hashtable, ListValue
from certloom.scripting.powershell.values.conversion import items_of
from certloom.scripting.powershell.values.errors import ScriptError, failure
from certloom.scripting.powershell.values.objects import ErrorRecord, ScriptBlock
from certloom.scripting.powershell.values.text import text

__all__ = ["command", "instead_of"]

Collect = Callable[[Scope], list[Given]]


def command(compiler: Compiler, node: tree.Command) -> Starter:
    """What begins a command: its name is looked up when it runs, its arguments are computed then."""
    collect = _arguments(compiler, node)
    if not isinstance(node.name, expressions.Literal) or not isinstance(node.name.value, str):
        return _called(compiler.expression(node.name), collect, inside=node.call == ".")
    name = node.name.value
    cmdlet = COMMANDS.get(name.lower())

    def start(scope: Scope, fed: bool, emit: Emit) -> Stage:  # noqa: FBT001 - part of the contract of a starter
        body = scope.function(name.lower())
        if body is not None:
            return _function(scope, body, collect(scope), fed, emit)
        if cmdlet is None:
            raise unknown(name)
        return _cmdlet(scope, cmdlet, collect(scope), fed, emit)

    return start


def nearest_command(name: str) -> str:
    """The allowed command that is spelled most like another."""
    close = get_close_matches(name.lower(), COMMANDS, 1, 0.4)
    return COMMANDS[close[0]].name if close else "ForEach-Object"


def instead_of(name: str) -> str:
    """What to write instead of a command that is not allowed."""
    known = next((instead for one, instead in REFUSED.items() if one.lower() == name.lower()), None)
    return f"use {known}" if known is not None else f"the nearest one is {nearest_command(name)}"


def unknown(name: str) -> ScriptError:
    """The error of a command that does not exist."""
    return failure(
        f"The term '{name[:100]}' is not recognized as a name of a cmdlet or function of restricted PowerShell; "
        f"{instead_of(name)}.",
        "System.Management.Automation.CommandNotFoundException",
    )


def _arguments(compiler: Compiler, node: tree.Command) -> Collect:
    parts = tuple(
        (argument.name, compiler.expression(argument.value) if argument.value is not None else None, argument.value)
        for argument in node.arguments
    )

    def collect(scope: Scope) -> list[Given]:
        given: list[Given] = []
        for name, value, written in parts:
            if isinstance(written, expressions.Splat) and value is not None:
                given += _splatted(value(scope))
            else:
                given.append(Given(name, value(scope) if value is not None else None, value is not None))
        return given

    return collect


def _splatted(value: object) -> list[Given]:
    if isinstance(value, Hashtable):
        return [Given(text(entry.key), entry.value) for entry in value]
    return [Given("", item) for item in items_of(value)] if value is not None else []


def _called(value: Evaluate, collect: Collect, *, inside: bool) -> Starter:
    def start(scope: Scope, fed: bool, emit: Emit) -> Stage:  # noqa: FBT001 - part of the contract of a starter
        called = value(scope)
        if isinstance(called, ScriptBlock) and isinstance(called.body, Body):
            if inside:
                return _inside(scope, called.body, collect(scope), emit)
            captured = [Given(name, one) for name, one in (called.captured or {}).items()]
            return _function(scope, called.body, collect(scope), fed, emit, captured)
        name = text(called)
        body, cmdlet = scope.function(name.lower()), COMMANDS.get(name.lower())
        if body is not None:
            return _function(scope, body, collect(scope), fed, emit)
        if cmdlet is None:
            raise unknown(name)
        return _cmdlet(scope, cmdlet, collect(scope), fed, emit)

    return start


def _inside(scope: Scope, body: Body, given: list[Given], emit: Emit) -> Stage:
    def run() -> None:
        body.take(scope, given)
        body.within(scope, emit)

    return Stage(lambda _: None, run)


def _function(
    scope: Scope,
    body: Body,
    given: list[Given],
    fed: bool,  # noqa: FBT001 - part of the contract of a stage
    emit: Emit,
    captured: list[Given] | None = None,
) -> Stage:
    return body.stage(scope, given, fed, emit, {one.name: one.value for one in captured or []})


def _cmdlet(scope: Scope, cmdlet: Cmdlet, given: list[Given], fed: bool, emit: Emit) -> Stage:  # noqa: FBT001
    scope.session.budget.step()
    values = bind(cmdlet, given)
    stage = cmdlet.start(Call(scope, values, fed), _kept(scope, values.get("OutVariable"), emit))
    source = next((parameter.name for parameter in cmdlet.parameters if parameter.pipeline), "")
    if text(values.get("ErrorAction")).lower() in {"silentlycontinue", "ignore"}:
        stage = _forgiving(scope, stage, text(values.get("ErrorVariable")).lower())
    if fed and source not in values:
        return stage
    return _given(stage, values.get(source) if source in values else None, bound=source in values)


def _given(stage: Stage, value: object, *, bound: bool) -> Stage:
    """A command whose input was an argument: it is handed over as one item."""

    def end() -> None:
        if bound:
            stage.process(value)
        stage.end()

    return Stage(lambda _: None, end, stage.inside or stage.process)


def _kept(scope: Scope, variable: object, emit: Emit) -> Emit:
    """``-OutVariable``: what is put out is also kept in a variable."""
    if variable is None:
        return emit
    kept = ListValue([])
    scope.put(text(variable).lower(), kept)

    def put_out(item: object) -> None:
        kept.grow()
        kept.items.append(item)
        emit(item)

    return put_out


def _forgiving(scope: Scope, stage: Stage, variable: str) -> Stage:
    """``-ErrorAction SilentlyContinue``: what fails puts nothing out; ``-ErrorVariable`` keeps the errors."""
    errors = ListValue([])
    if variable:
        scope.put(variable, errors)

    def attempt(run: Callable[[], None]) -> None:
        try:
            run()
        except ScriptError as wrong:
            if wrong.thrown:
                raise
            scope.session.succeeded = False
            errors.grow()
            errors.items.append(ErrorRecord(wrong.exception, wrong.target, wrong.name, wrong.line))

    return Stage(lambda item: attempt(lambda: stage.process(item)), lambda: attempt(stage.end), stage.process)
