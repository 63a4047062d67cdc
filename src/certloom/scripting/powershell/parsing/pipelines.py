"""Pipelines and assignments."""

import re

from certloom.scripting.powershell.parsing.commands import command, silence
from certloom.scripting.powershell.parsing.cursor import Cursor
from certloom.scripting.powershell.parsing.numbers import NUMBER
from certloom.scripting.powershell.parsing.operators import expression
from certloom.scripting.powershell.syntax.expressions import (
    ArrayLiteral,
    Cast,
    Expression,
    Index,
    Member,
    Parenthesized,
    Variable,
)
from certloom.scripting.powershell.syntax.statements import Assignment, Command, Evaluation, Pipeline, Statement

__all__ = ["pipeline"]

_EXPRESSION = re.compile(
    r"[$@(\[{'\"\u2018\u2019\u201c\u201d\u201e!,]|[+\-](?=[\s\d$(.'\"+\-@\[])|\.\d|-(?:not|bnot|i?join|[ic]?split)\b",
    re.IGNORECASE,
)
_NUMBER_FOLLOWED = re.compile(r"(?=[\s,;)|}\]+\-*/%.&]|$(?![\s\S]))")
_ASSIGNMENT = re.compile(r"\?\?=|[-+*/%]=|=(?!=)")
_BAR = re.compile(r"\|(?!\|)")
_NEXT_LINE_BAR = re.compile(r"(?:[ \t\r\n]|#[^\r\n]*+|<#(?s:.*?)#>)*+\|(?!\|)")
_CHAIN = re.compile(r"&&|\|\|")


def pipeline(cursor: Cursor) -> Statement:
    """Commands joined by ``|``, or an assignment."""
    with cursor.nested():
        line, column = cursor.place()
        first = _first(cursor)
        if isinstance(first, Evaluation):
            cursor.space()
            operator = cursor.take(_ASSIGNMENT)
            if operator is not None:
                return _assignment(cursor, first.expression, operator)
        return _rest(cursor, line, column, first)


def _rest(cursor: Cursor, line: int, column: int, first: Evaluation | Command) -> Statement:
    elements = [first]
    silenced = _silenced(cursor)
    while cursor.take(_BAR) is not None or cursor.take(_NEXT_LINE_BAR) is not None:
        cursor.lines()
        elements.append(command(cursor))
        silenced = _silenced(cursor)
    if cursor.match(_CHAIN) is not None or cursor.at("&"):
        raise cursor.fail("'&&', '||' and '&' chain programs, which scripts cannot start. Use if, or a new line.")
    return Pipeline(line, column, tuple(elements), silenced)


def _silenced(cursor: Cursor) -> bool:
    cursor.space()
    silenced = False
    while silence(cursor):
        silenced = True
        cursor.space()
    return silenced


def _first(cursor: Cursor) -> Evaluation | Command:
    line, column = cursor.place()
    if _is_expression(cursor):
        return Evaluation(line, column, expression(cursor))
    return command(cursor)


def _is_expression(cursor: Cursor) -> bool:
    if cursor.match(_EXPRESSION) is not None:
        return True
    number = cursor.match(NUMBER)
    return number is not None and _NUMBER_FOLLOWED.match(cursor.text, number.end()) is not None


def _assignment(cursor: Cursor, target: Expression, operator: str) -> Statement:
    if not _assignable(target):
        raise cursor.fail("Only a variable, a property, an element or a list of them can be assigned to.")
    cursor.lines()
    value = cursor.rules.statement(cursor)
    return Assignment(target.line, target.column, target, operator, value)


def _assignable(target: Expression) -> bool:
    if isinstance(target, Cast):
        return _assignable(target.operand)
    if isinstance(target, ArrayLiteral):
        return all(_assignable(item) for item in target.items)
    if isinstance(target, Parenthesized):
        return False
    return isinstance(target, Variable | Member | Index)
