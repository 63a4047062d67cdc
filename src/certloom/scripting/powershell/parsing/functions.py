"""Functions, ``param()`` and the named blocks of a body."""

import re

from certloom.scripting.powershell.parsing.branches import block
from certloom.scripting.powershell.parsing.cursor import Cursor
from certloom.scripting.powershell.parsing.types import attribute_or_type
from certloom.scripting.powershell.parsing.variables import variable
from certloom.scripting.powershell.syntax.expressions import TypeName
from certloom.scripting.powershell.syntax.statements import (
    Attribute,
    Block,
    Body,
    Function,
    Parameter,
    Statement,
)

__all__ = ["body", "function_statement"]

_PARAM = re.compile(r"param\s*\(", re.IGNORECASE)
_NAMED = re.compile(r"(begin|process|end)\s*(?=\{)", re.IGNORECASE)
_REFUSED = re.compile(r"(dynamicparam|clean)\s*(?=\{)", re.IGNORECASE)
_NAME = re.compile(r"(?:(?:script|global|local|private):)?([\w][\w\-?]*)", re.IGNORECASE)
_ATTRIBUTE = r"\[\s*[A-Za-z_][\w.]*+\s*+\((?:[^\[\]()]|\[[\w.]*+(?:\[\])?\])*+\)\s*+\]\s*+"
_ATTRIBUTES = re.compile(rf"(?:{_ATTRIBUTE})++(?=param\b)", re.IGNORECASE)


def function_statement(cursor: Cursor, keyword: str) -> Statement:
    """What follows ``function`` or ``filter``."""
    line, column = cursor.place()
    cursor.lines()
    found = cursor.match(_NAME)
    if found is None:
        raise cursor.fail(f"A function needs a name, found {cursor.found()}.")
    cursor.position = found.end()
    cursor.lines()
    outer = _parameters(cursor) if cursor.accept("(") else ()
    cursor.lines()
    cursor.expect("{", "to open the function")
    inner = body(cursor, "}")
    cursor.expect("}", "to close the function")
    per_item = keyword == "filter" and inner.process is None
    return Function(
        line,
        column,
        found[1],
        Body(
            inner.line,
            inner.column,
            outer or inner.parameters,
            inner.begin,
            inner.end if per_item else inner.process,
            None if per_item else inner.end,
            inner.text,
            inner.attributes,
        ),
    )


def body(cursor: Cursor, closing: str) -> Body:
    """``param()`` and either named blocks or statements, up to a closing brace that is left standing."""
    start = cursor.position
    line, column = cursor.place()
    cursor.separators()
    attributes: list[Attribute] = []
    leading = cursor.match(_ATTRIBUTES)
    while leading is not None and cursor.position < leading.end():
        read = attribute_or_type(cursor)
        attributes += [read] if isinstance(read, Attribute) else []
        cursor.lines()
    parameters = _parameters(cursor) if cursor.take(_PARAM) is not None else ()
    cursor.separators()
    if cursor.match(_NAMED) is None:
        _refuse(cursor)
        last = cursor.rules.statements(cursor, closing)
        text = cursor.text[start : cursor.position]
        return Body(line, column, parameters, None, None, last, text, tuple(attributes))
    named = _named_blocks(cursor)
    text = cursor.text[start : cursor.position]
    if not cursor.ended() and not (closing and cursor.at(closing)):
        raise cursor.fail("Beside begin, process and end no other statements may stand. Move them into a block.")
    return Body(
        line, column, parameters, named.get("begin"), named.get("process"), named.get("end"), text, tuple(attributes)
    )


def _refuse(cursor: Cursor) -> None:
    found = cursor.match(_REFUSED)
    if found is not None:
        raise cursor.fail(
            f"'{found[1]}' blocks are not supported in restricted PowerShell; use begin, process and end."
        )


def _named_blocks(cursor: Cursor) -> dict[str, Block]:
    named: dict[str, Block] = {}
    while (found := cursor.match(_NAMED)) is not None:
        name = found[1].lower()
        if name in named:
            raise cursor.fail(f"The block '{name}' stands twice.")
        cursor.position = found.end()
        named[name] = block(cursor)
        cursor.separators()
    return named


def _parameters(cursor: Cursor) -> tuple[Parameter, ...]:
    """Parameters up to and including the closing parenthesis."""
    found: list[Parameter] = []
    cursor.lines()
    while not cursor.accept(")"):
        found.append(_parameter(cursor))
        cursor.lines()
        if not cursor.accept(",") and not cursor.at(")"):
            raise cursor.fail(f"Expected ',' or ')' among the parameters, found {cursor.found()}.")
        cursor.lines()
    return tuple(found)


def _parameter(cursor: Cursor) -> Parameter:
    line, column = cursor.place()
    attributes: list[Attribute] = []
    kind: TypeName | None = None
    while cursor.at("["):
        read = attribute_or_type(cursor)
        if isinstance(read, Attribute):
            attributes.append(read)
        else:
            kind = read
        cursor.lines()
    name = variable(cursor)
    if name is None:
        raise cursor.fail(f"Expected a parameter such as $Name, found {cursor.found()}.")
    start = cursor.position
    cursor.lines()
    if not cursor.accept("="):
        cursor.position = start
        return Parameter(line, column, name.name, kind, None, tuple(attributes))
    cursor.lines()
    return Parameter(line, column, name.name, kind, cursor.rules.element(cursor), tuple(attributes))
