"""CSV and string data: the ConvertFrom and ConvertTo commands for them."""

import csv
import io
import re

from certloom.scripting.powershell.cmdlets.blocks import value_of
from certloom.scripting.powershell.cmdlets.spec import SWITCH, TEXT, TEXTS, Call, Cmdlet, Parameter, collecting
from certloom.scripting.powershell.operators.matching import like
from certloom.scripting.powershell.runtime.session import Emit
from certloom.scripting.powershell.types.properties import property_names
from certloom.scripting.powershell.values.collections import Hashtable, PSObject
from certloom.scripting.powershell.values.conversion import items_of
from certloom.scripting.powershell.values.errors import failure
from certloom.scripting.powershell.values.text import joined, text

__all__ = ["TABLES"]

_STRING_DATA = re.compile(r"\\(u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|.)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\"}


def _delimiter(call: Call) -> str:
    given = text(call.get("Delimiter")) if call.has("Delimiter") else ","
    if len(given) != 1 or given in '\r\n"':
        raise failure("The delimiter of CSV is a single character.")
    return given


def _from_csv(call: Call, items: list[object], emit: Emit) -> None:
    source = joined(items, "\n")
    call.scope.session.budget.spend(len(source) * 4)
    lines = io.StringIO("\n".join(line for line in source.splitlines() if not line.startswith("#TYPE")))
    try:
        rows = [row for row in csv.reader(lines, delimiter=_delimiter(call), strict=False) if row]
    except csv.Error as wrong:
        raise failure(f"The text is not CSV: {wrong}.") from wrong
    header = (
        [text(one) for one in items_of(call.get("Header"))] if call.has("Header") else (rows.pop(0) if rows else [])
    )
    for row in rows:
        call.scope.session.budget.step(len(header))
        made = PSObject()
        for at, name in enumerate(header):
            made.add(name.strip() or f"H{at + 1}", row[at] if at < len(row) else None)
        emit(made)


def _columns(call: Call, items: list[object]) -> list[str]:
    names = property_names(items[0]) if items else []
    if not call.has("Property"):
        return names
    wanted = [text(one) for one in items_of(call.get("Property"))]
    return [
        name
        for one in wanted
        for name in ([one] if "*" not in one else [n for n in names if like(n, one, case_sensitive=False)])
    ]


def _quoted(value: object, mode: str, delimiter: str) -> str:
    if value is None:
        return ""
    shown = text(value)
    needed = any(mark in shown for mark in (delimiter, '"', "\n", "\r"))
    if mode == "never" or (mode == "asneeded" and not needed):
        return shown
    doubled = shown.replace('"', '""')
    return f'"{doubled}"'


def _to_csv(call: Call, items: list[object], emit: Emit) -> None:
    if not items:
        return
    delimiter, names = _delimiter(call), _columns(call, items)
    mode = text(call.get("UseQuotes")).lower() if call.has("UseQuotes") else "always"
    if not call.flag("NoHeader"):
        emit(delimiter.join(_quoted(name, mode, delimiter) for name in names))
    for item in items:
        call.scope.session.budget.step(len(names))
        emit(delimiter.join(_quoted(value_of(call.scope, item, name), mode, delimiter) for name in names))


def _from_string_data(call: Call, items: list[object], emit: Emit) -> None:
    delimiter = text(call.get("Delimiter")) if call.has("Delimiter") else "="
    if len(delimiter) != 1:
        raise failure("The delimiter of string data is a single character.")
    for item in items:
        table = Hashtable()
        for line in text(item).splitlines():
            written = line.strip()
            if not written or written.startswith("#"):
                continue
            key, found, value = written.partition(delimiter)
            if not found or table.has(key.strip()):
                raise failure(
                    f"Data line '{written[:100]}' is not in 'name{delimiter}value' format, or its name stands twice."
                )
            table.put(key.strip(), _STRING_DATA.sub(_unescaped, value.strip()))
        emit(table)


def _unescaped(found: re.Match[str]) -> str:
    written = found[1]
    if len(written) > 1:
        return chr(int(written[1:], 16))
    return _ESCAPES.get(written, written)


TABLES = (
    Cmdlet(
        "ConvertFrom-Csv",
        collecting(_from_csv),
        (
            Parameter("InputObject", position=0, pipeline=True),
            Parameter("Delimiter", TEXT, 1),
            Parameter("Header", TEXTS),
        ),
    ),
    Cmdlet(
        "ConvertTo-Csv",
        collecting(_to_csv),
        (
            Parameter("InputObject", position=0, pipeline=True),
            Parameter("Property", TEXTS),
            Parameter("Delimiter", TEXT, 1),
            Parameter("NoTypeInformation", SWITCH, aliases=("nti",)),
            Parameter("NoHeader", SWITCH),
            Parameter("UseQuotes", TEXT),
        ),
    ),
    Cmdlet(
        "ConvertFrom-StringData",
        collecting(_from_string_data),
        (Parameter("StringData", TEXT, 0, pipeline=True), Parameter("Delimiter", TEXT, 1)),
    ),
)
