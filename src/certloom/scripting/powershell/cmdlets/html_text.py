"""ConvertTo-Html."""

from html import escape

from certloom.scripting.powershell.cmdlets.blocks import computed, matching_names, value_of
from certloom.scripting.powershell.cmdlets.spec import SWITCH, TEXT, TEXTS, Call, Cmdlet, Parameter, collecting
from certloom.scripting.powershell.runtime.session import Emit
from certloom.scripting.powershell.values.collections import Hashtable
from certloom.scripting.powershell.values.conversion import items_of
from certloom.scripting.powershell.values.errors import failure, room_for
from certloom.scripting.powershell.values.text import text

__all__ = ["HTML"]

_DOCTYPE = '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 {0}//EN"  "http://www.w3.org/TR/xhtml1/DTD/xhtml1-{1}.dtd">'
_EQUIVALENT = frozenset({"content-type", "default-style", "x-ua-compatible"})
_NAMED = frozenset({"application-name", "author", "description", "generator", "keywords", "viewport"})
_Column = tuple[str, object]


def _texts(call: Call, name: str) -> list[str]:
    return [text(one) for one in items_of(call.get(name))] if call.has(name) else []


def _columns(call: Call, items: list[object]) -> list[_Column]:
    """Name and selector of each column, from the first object."""
    first = items[0] if items else None
    columns: list[_Column] = []
    for one in items_of(call.get("Property")) if call.has("Property") else ["*"]:
        if isinstance(one, Hashtable):
            columns.append(computed(one))
        elif isinstance(one, str):
            columns += [(name, name) for name in matching_names(call.scope, first, one)]
        else:
            columns.append((text(one), one))
    return columns


def _table(call: Call, items: list[object], columns: list[_Column]) -> list[str]:
    rows = ["<colgroup>" + "<col/>" * len(columns) + "</colgroup>"]
    rows.append("<tr>" + "".join(f"<th>{escape(name)}</th>" for name, _ in columns) + "</tr>")
    for item in items:
        call.scope.session.budget.step(len(columns))
        cells = [escape(text(value_of(call.scope, item, selector))) for _, selector in columns]
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    return rows


def _list(call: Call, items: list[object], columns: list[_Column]) -> list[str]:
    rows: list[str] = []
    for at, item in enumerate(items):
        call.scope.session.budget.step(len(columns))
        rows += ["<tr><td><hr></td></tr>"] if at else []
        for name, selector in columns:
            shown = escape(text(value_of(call.scope, item, selector)))
            rows.append(f"<tr><td>{escape(name)}:</td><td>{shown}</td></tr>")
    return rows


def _meta(call: Call) -> list[str]:
    table = call.get("Meta")
    lines = []
    for entry in table if isinstance(table, Hashtable) else []:
        name = text(entry.key)
        if name.lower() not in _EQUIVALENT | _NAMED:
            raise failure(f"'{name[:50]}' is no property of <meta> that ConvertTo-Html writes.")
        kind = "http-equiv" if name.lower() in _EQUIVALENT else "name"
        lines.append(f'<meta {kind}="{escape(name)}" content="{escape(text(entry.value))}">')
    return lines


def _before(call: Call) -> list[str]:
    kind = "Transitional" if call.flag("Transitional") else "Strict"
    title = escape(text(call.get("Title"))) if call.has("Title") else "HTML TABLE"
    style = escape(text(call.get("CssUri")))
    return [
        _DOCTYPE.format(kind, kind.lower()),
        '<html xmlns="http://www.w3.org/1999/xhtml">',
        "<head>",
        *([f'<meta charset="{escape(text(call.get("Charset")))}">'] if call.has("Charset") else []),
        *_meta(call),
        *(_texts(call, "Head") or [f"<title>{title}</title>"]),
        *([f'<link rel="stylesheet" type="text/css" href="{style}" />'] if style else []),
        "</head><body>",
        *_texts(call, "Body"),
    ]


def _to_html(call: Call, items: list[object], emit: Emit) -> None:
    form = text(call.get("As")).lower() if call.has("As") else "table"
    if form not in {"table", "list"}:
        raise failure(f"ConvertTo-Html makes a Table or a List, not '{form[:50]}'.")
    given = [item for item in items if item is not None]
    columns = _columns(call, given)
    rows = (_table if form == "table" else _list)(call, given, columns)
    lines = [*_texts(call, "PreContent"), "<table>", *rows, "</table>", *_texts(call, "PostContent")]
    if not call.flag("Fragment"):
        lines = [*_before(call), *lines, "</body></html>"]
    room_for(sum(map(len, lines)))
    for line in lines:
        emit(line)


HTML = (
    Cmdlet(
        "ConvertTo-Html",
        collecting(_to_html),
        (
            Parameter("InputObject", pipeline=True),
            Parameter("Property", TEXTS, 0),
            Parameter("Head", TEXTS, 1),
            Parameter("Title", TEXT, 2),
            Parameter("Body", TEXTS, 3),
            Parameter("As", TEXT),
            Parameter("CssUri", TEXT, aliases=("cu", "uri")),
            Parameter("PreContent", TEXTS),
            Parameter("PostContent", TEXTS),
            Parameter("Meta"),
            Parameter("Charset", TEXT),
            Parameter("Transitional", SWITCH),
            Parameter("Fragment", SWITCH),
        ),
    ),
)
