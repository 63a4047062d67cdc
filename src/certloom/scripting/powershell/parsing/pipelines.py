"""Pipelines and assignments."""

import re

from certloom.scripting.powershell.parsing.commands import command, redirections
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
    Validated,
    Variable,
)
from certloom.scripting.powershell.syntax.statements import (
    Assignment,
    Chain,
    Command,
    Evaluation,
    Pipeline,
    Statement,
    alone,
)

__all__ = ["pipeline"]

_EXPRESSION = re.compile(
    r"[$@(\[{'\"\u2018\u2019\u201c\u201d\u201e!,]|[+\-](?=[\s\d$(.'\"+\-@\[])|\.\d|-(?:not|bnot|i?join|[ic]?split)\b",
    re.IGNORECASE,
)
_NUMBER_FOLLOWED = re.compile(r"(?=[\s,;)|}\]+\-*/%.&<>]|$(?![\s\S]))")
_ASSIGNMENT = re.compile(r"\?\?=|[-+*/%]=|=(?!=)")
_BAR = re.compile(r"\|(?!\|)")
_NEXT_LINE_BAR = re.compile(r"(?:[ \t\r\n]|#[^\r\n]*+|<#(?s:.*?)#>)*+\|(?!\|)")
_CHAIN = re.compile(r"&&|\|\|")


def pipeline(cursor: Cursor) -> Statement:
    """Pipelines joined by ``&&`` and ``||``, or an assignment."""
    with cursor.nested():
        line, column = cursor.place()
        if not _is_expression(cursor):
            return _chained(cursor, _rest(cursor, line, column, command(cursor)))
        value = expression(cursor)
        cursor.space()
        operator = cursor.take(_ASSIGNMENT)
        if operator is not None:
            return _assignment(cursor, value, operator)
        return _chained(cursor, _rest(cursor, line, column, Evaluation(line, column, value, redirections(cursor))))


def _chained(cursor: Cursor, left: Statement) -> Statement:
    while True:
        line, column = cursor.place()
        operator = cursor.take(_CHAIN)
        if operator is None:
            break
        cursor.lines()
        at = cursor.place()
        left = Chain(line, column, operator, left, _rest(cursor, *at, _first(cursor)))
    if cursor.at("&"):
        raise cursor.fail("'&' starts a job, which scripts cannot. Use a new line, or '&&' for what follows a success.")
    return left


def _rest(cursor: Cursor, line: int, column: int, first: Evaluation | Command) -> Statement:
    elements = [first]
    cursor.space()
    while cursor.take(_BAR) is not None or cursor.take(_NEXT_LINE_BAR) is not None:
        cursor.lines()
        elements.append(command(cursor))
        cursor.space()
    return Pipeline(line, column, tuple(elements))


def _first(cursor: Cursor) -> Evaluation | Command:
    line, column = cursor.place()
    if _is_expression(cursor):
        return Evaluation(line, column, expression(cursor), redirections(cursor))
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
    if isinstance(target, Cast | Validated):
        return _assignable(target.operand)
    if isinstance(target, ArrayLiteral):
        return all(_assignable(item) for item in target.items)
    if isinstance(target, Parenthesized):
        inside = alone(target.statement)
        return inside is not None and _assignable(inside)
    return isinstance(target, Variable | Member | Index)
