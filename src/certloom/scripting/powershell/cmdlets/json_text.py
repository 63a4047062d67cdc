"""JSON: ConvertFrom-Json, ConvertTo-Json and Test-Json."""

from certloom.scripting.powershell.cmdlets.json_reading import read_json
from certloom.scripting.powershell.cmdlets.json_writing import write_json
from certloom.scripting.powershell.cmdlets.spec import INT, SWITCH, TEXT, Call, Cmdlet, Parameter, collecting
from certloom.scripting.powershell.runtime.session import Emit
from certloom.scripting.powershell.values.errors import ScriptError
from certloom.scripting.powershell.values.text import joined

__all__ = ["JSON"]


def _from_json(call: Call, items: list[object], emit: Emit) -> None:
    source = joined(items, "\n")
    if not source.strip():
        return
    value = read_json(call.scope.session.budget, source, tables=call.flag("AsHashtable"))
    if isinstance(value, list) and not call.flag("NoEnumerate"):
        for item in value:
            emit(item)
    else:
        emit(value)


def _to_json(call: Call, items: list[object], emit: Emit) -> None:
    depth = call.get("Depth")
    one = len(items) == 1 and not call.flag("AsArray")
    if not items and not call.flag("AsArray"):
        return
    emit(
        write_json(
            call.scope.session,
            items[0] if one else items,
            depth=depth if isinstance(depth, int) else 2,
            compact=call.flag("Compress"),
            names=call.flag("EnumsAsStrings"),
        )
    )


def _test_json(call: Call, items: list[object], emit: Emit) -> None:
    try:
        read_json(call.scope.session.budget, joined(items, "\n"), tables=True)
    except ScriptError:
        emit(False)
        return
    emit(True)


JSON = (
    Cmdlet(
        "ConvertFrom-Json",
        collecting(_from_json),
        (
            Parameter("InputObject", TEXT, 0, pipeline=True),
            Parameter("AsHashtable", SWITCH),
            Parameter("NoEnumerate", SWITCH),
            Parameter("Depth", INT),
        ),
    ),
    Cmdlet(
        "ConvertTo-Json",
        collecting(_to_json),
        (
            Parameter("InputObject", position=0, pipeline=True),
            Parameter("Depth", INT),
            Parameter("Compress", SWITCH),
            Parameter("AsArray", SWITCH),
            Parameter("EnumsAsStrings", SWITCH),
        ),
    ),
    Cmdlet("Test-Json", collecting(_test_json), (Parameter("Json", TEXT, 0, pipeline=True),)),
)
