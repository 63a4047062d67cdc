"""Get-Date, New-TimeSpan, New-Guid, Get-Random, New-Object."""

from certloom.scripting.powershell.cmdlets.spec import ANY, INT, LONG, SWITCH, TEXT, Call, Cmdlet, Parameter, collecting
from certloom.scripting.powershell.formatting.dates import format_date
from certloom.scripting.powershell.formatting.unix_dates import format_unix
from certloom.scripting.powershell.runtime.session import Emit, Session
from certloom.scripting.powershell.types.members import put
from certloom.scripting.powershell.types.plain import new_guid
from certloom.scripting.powershell.types.statics import construct
from certloom.scripting.powershell.types.written import written_type
from certloom.scripting.powershell.values.collections import Hashtable, PSObject
from certloom.scripting.powershell.values.conversion import convert, items_of, to_int
from certloom.scripting.powershell.values.errors import failure
from certloom.scripting.powershell.values.numbers import Int64
from certloom.scripting.powershell.values.numeric import to_double, to_whole
from certloom.scripting.powershell.values.objects import TypeRef
from certloom.scripting.powershell.values.text import text
from certloom.scripting.powershell.values.times import (
    TICKS_PER_DAY,
    TICKS_PER_SECOND,
    UTC_KIND,
    DateTimeValue,
    TimeSpanValue,
    from_parts,
    to_datetime,
)

__all__ = ["MAKING"]

_PARTS = ("Year", "Month", "Day", "Hour", "Minute", "Second")
_FILE_FORMS = {
    "filedate": "yyyyMMdd",
    "filedateuniversal": "yyyyMMdd'Z'",
    "filedatetime": "yyyyMMdd'T'HHmmssffff",
    "filedatetimeuniversal": "yyyyMMdd'T'HHmmssffff'Z'",
}
_UNITS = {
    "Days": TICKS_PER_DAY,
    "Hours": 3600 * TICKS_PER_SECOND,
    "Minutes": 60 * TICKS_PER_SECOND,
    "Seconds": TICKS_PER_SECOND,
    "Milliseconds": 10_000,
}


def _moment(value: object) -> DateTimeValue:
    made = convert(value, TypeRef("System.DateTime"))
    return made if isinstance(made, DateTimeValue) else DateTimeValue(0)


def _date(call: Call, items: list[object], emit: Emit) -> None:
    for item in items or [None]:
        emit(_shown(call, _chosen(call, item)))


def _chosen(call: Call, item: object) -> DateTimeValue:
    if call.has("UnixTimeSeconds"):
        value = from_parts((1970, 1, 1), UTC_KIND).plus(to_whole(Int64)(call.get("UnixTimeSeconds")) * TICKS_PER_SECOND)
        value = DateTimeValue(value.ticks, 2)
    else:
        value = call.scope.session.now() if item is None else _moment(item)
    if any(call.has(name) for name in _PARTS):
        moment = to_datetime(value)
        now = (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
        parts = tuple(to_int(call.get(name)) if call.has(name) else now[at] for at, name in enumerate(_PARTS))
        value = from_parts(parts, value.kind, value.ticks % TICKS_PER_SECOND)
    return DateTimeValue(value.ticks, UTC_KIND) if call.flag("AsUTC") else value


def _shown(call: Call, value: DateTimeValue) -> object:
    if call.has("Format"):
        form = text(call.get("Format"))
        return format_date(value, _FILE_FORMS.get(form.lower(), form))
    if call.has("UFormat"):
        return format_unix(value, text(call.get("UFormat")))
    return value


def _span(call: Call, items: list[object], emit: Emit) -> None:
    if any(call.has(name) for name in _UNITS):
        emit(TimeSpanValue(sum(to_int(call.get(name)) * unit for name, unit in _UNITS.items() if call.has(name))))
        return
    now = call.scope.session.now()
    start = _moment(items[0]) if items and items[0] is not None else now
    end = _moment(call.get("End")) if call.has("End") else now
    emit(TimeSpanValue(end.ticks - start.ticks))


def _guid(call: Call, _: list[object], emit: Emit) -> None:
    empty = convert("00000000-0000-0000-0000-000000000000", TypeRef("System.Guid"))
    emit(empty if call.flag("Empty") else new_guid(call.scope.session))


def _random(call: Call, items: list[object], emit: Emit) -> None:
    """A number of a range, some of the items, or all of them in another order."""
    pool = [one for item in items for one in items_of(item)] if items and items != [None] else []
    if pool:
        _drawn(call, pool, emit)
        return
    least, most = call.get("Minimum") or 0, call.get("Maximum")
    for _ in range(to_int(call.get("Count")) if call.has("Count") else 1):
        call.scope.session.budget.step()
        emit(_number(call.scope.session, least, most))


def _number(session: Session, least: object, most: object) -> object:
    if isinstance(least, float) or isinstance(most, float):
        low, high = to_double(least), to_double(1.0 if most is None else most)
        return low + session.draw() * (high - low)
    low, high = to_int(least), (1 << 31) - 1 if most is None else to_int(most)
    if high <= low:
        raise failure(f"The Minimum value ({low}) cannot be greater than or equal to the Maximum value ({high}).")
    return low + int(session.draw() * (high - low))


def _drawn(call: Call, pool: list[object], emit: Emit) -> None:
    draw = call.scope.session.draw
    call.scope.session.budget.step(len(pool))
    count = len(pool) if call.flag("Shuffle") else to_int(call.get("Count")) if call.has("Count") else 1
    rest = list(pool)
    for at in range(min(count, len(rest))):
        chosen = at + int(draw() * (len(rest) - at))
        rest[at], rest[chosen] = rest[chosen], rest[at]
        emit(rest[at])


def _object(call: Call, _: list[object], emit: Emit) -> None:
    kind = written_type(text(call.get("TypeName")))
    given = call.get("ArgumentList")
    made = construct(call.scope.session, kind, items_of(given) if given is not None else [])
    table = call.get("Property")
    for entry in table if isinstance(table, Hashtable) else []:
        if isinstance(made, PSObject):
            made.add(text(entry.key), entry.value)
        else:
            put(made, text(entry.key), entry.value)
    emit(made)


MAKING = (
    Cmdlet(
        "Get-Date",
        collecting(_date),
        (
            Parameter("Date", ANY, 0, pipeline=True, aliases=("LastWriteTime",)),
            *(Parameter(name, INT) for name in _PARTS),
            Parameter("UnixTimeSeconds", LONG),
            Parameter("Format", TEXT),
            Parameter("UFormat", TEXT),
            Parameter("AsUTC", SWITCH),
        ),
    ),
    Cmdlet(
        "New-TimeSpan",
        collecting(_span),
        (
            Parameter("Start", ANY, 0, pipeline=True, aliases=("LastWriteTime",)),
            Parameter("End", ANY, 1),
            *(Parameter(name, INT) for name in _UNITS),
        ),
    ),
    Cmdlet("New-Guid", collecting(_guid), (Parameter("Empty", SWITCH),)),
    Cmdlet(
        "Get-Random",
        collecting(_random),
        (
            Parameter("InputObject", pipeline=True),
            Parameter("Maximum", ANY, 0),
            Parameter("Minimum"),
            Parameter("Count", INT),
            Parameter("Shuffle", SWITCH),
        ),
    ),
    Cmdlet(
        "New-Object",
        collecting(_object),
        (
            Parameter("TypeName", TEXT, 0),
            Parameter("ArgumentList", ANY, 1, aliases=("Args",)),
            Parameter("Property"),
        ),
    ),
)
