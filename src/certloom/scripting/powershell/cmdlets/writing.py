"""Write-Output, Write-Host and its relatives, Out-Null, Out-String, Join-String."""

from collections.abc import Callable

from certloom.scripting.powershell.cmdlets.blocks import value_of
from certloom.scripting.powershell.cmdlets.spec import ANY, SWITCH, TEXT, Call, Cmdlet, Parameter, collecting, each
from certloom.scripting.powershell.compiling.compiler import pour
from certloom.scripting.powershell.formatting.composite import composite
from certloom.scripting.powershell.runtime.session import STREAMS, Emit
from certloom.scripting.powershell.values.collections import ListValue
from certloom.scripting.powershell.values.conversion import items_of
from certloom.scripting.powershell.values.errors import ExceptionValue, ScriptError, failure, room_for
from certloom.scripting.powershell.values.objects import ErrorRecord
from certloom.scripting.powershell.values.text import joined, text

__all__ = ["WRITING"]


def _output(call: Call, item: object, emit: Emit) -> None:
    if call.flag("NoEnumerate") or (call.fed and not call.has("InputObject")):
        emit(item)
    else:
        pour(item, emit)


def _host(call: Call, item: object, _: Emit) -> None:
    separator = text(call.get("Separator")) if call.has("Separator") else " "
    call.scope.session.say(
        "host", joined(items_of(item), separator) if isinstance(item, list | ListValue) else text(item)
    )


def _say(kind: str) -> Callable[[Call, object, Emit], None]:
    def work(call: Call, item: object, _: Emit) -> None:
        call.scope.session.say(kind, text(item))

    return work


def _error(call: Call, item: object, _: Emit) -> None:
    """An error ends the script, unless a redirection takes it."""
    error = _made_error(call.get("Exception") or item)
    route = call.scope.session.routes.get(STREAMS["error"])
    if route is None:
        raise error
    call.scope.session.succeeded = False
    route(ErrorRecord(error.exception, error.target, error.name, 0))


def _made_error(given: object) -> ScriptError:
    if isinstance(given, ErrorRecord):
        return ScriptError(given.exception, given.target, given.name)
    if isinstance(given, ExceptionValue):
        return ScriptError(given)
    return failure(text(given), "Microsoft.PowerShell.Commands.WriteErrorException")


def _discard(_: Call, __: object, ___: Emit) -> None:
    """Out-Null."""


def _string(call: Call, items: list[object], emit: Emit) -> None:
    lines = [text(item) for item in items]
    room_for(sum(len(line) + 1 for line in lines))
    if call.flag("Stream"):
        for line in lines:
            emit(line)
    else:
        emit("".join(line if call.flag("NoNewline") else f"{line}\n" for line in lines))


def _join(call: Call, items: list[object], emit: Emit) -> None:
    values = [value_of(call.scope, item, call.get("Property")) if call.has("Property") else item for item in items]
    quote = "'" if call.flag("SingleQuote") else '"' if call.flag("DoubleQuote") else ""
    parts: list[object] = []
    for value in values:
        shown = composite(text(call.get("FormatString")), [value]) if call.has("FormatString") else text(value)
        parts.append(f"{quote}{shown}{quote}")
    separator = text(call.get("Separator")) if call.has("Separator") else ""
    emit(text(call.get("OutputPrefix")) + joined(parts, separator) + text(call.get("OutputSuffix")))


def _message(name: str, kind: str, *extra: str) -> Cmdlet:
    parameters = (Parameter("Message", position=0, pipeline=True, aliases=("Msg",)), *(Parameter(one) for one in extra))
    return Cmdlet(name, each(_say(kind)), parameters)


WRITING = (
    Cmdlet(
        "Write-Output",
        each(_output),
        (Parameter("InputObject", position=0, pipeline=True, rest=True), Parameter("NoEnumerate", SWITCH)),
        ("echo", "write"),
    ),
    Cmdlet(
        "Write-Host",
        each(_host),
        (
            Parameter("Object", position=0, pipeline=True, rest=True),
            Parameter("Separator", TEXT),
            Parameter("ForegroundColor"),
            Parameter("BackgroundColor"),
            Parameter("NoNewline", SWITCH),
        ),
    ),
    _message("Write-Warning", "warning"),
    _message("Write-Verbose", "verbose"),
    _message("Write-Debug", "debug"),
    Cmdlet(
        "Write-Information",
        each(_say("information")),
        (Parameter("MessageData", position=0, pipeline=True), Parameter("Tags", position=1)),
    ),
    Cmdlet(
        "Write-Error",
        each(_error),
        (
            Parameter("Message", position=0, pipeline=True),
            Parameter("Exception"),
            Parameter("ErrorId"),
            Parameter("Category"),
            Parameter("TargetObject"),
        ),
    ),
    Cmdlet("Out-Null", each(_discard), (Parameter("InputObject", pipeline=True),)),
    Cmdlet(
        "Out-String",
        collecting(_string),
        (
            Parameter("InputObject", pipeline=True),
            Parameter("Stream", SWITCH),
            Parameter("NoNewline", SWITCH),
            Parameter("Width"),
        ),
    ),
    Cmdlet(
        "Join-String",
        collecting(_join),
        (
            Parameter("InputObject", pipeline=True),
            Parameter("Property", ANY, 0),
            Parameter("Separator", TEXT, 1),
            Parameter("OutputPrefix", TEXT, aliases=("op",)),
            Parameter("OutputSuffix", TEXT, aliases=("os",)),
            Parameter("SingleQuote", SWITCH),
            Parameter("DoubleQuote", SWITCH),
            Parameter("FormatString", TEXT),
        ),
    ),
)
