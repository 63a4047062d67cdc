"""Operators between and before values, with the precedence of about_Operator_Precedence."""

import re

from certloom.scripting.powershell.parsing.cursor import Cursor
from certloom.scripting.powershell.parsing.lists import listed
from certloom.scripting.powershell.parsing.numbers import NUMBER, number_from
from certloom.scripting.powershell.parsing.primary import postfix, primary
from certloom.scripting.powershell.parsing.words import PRECEDENCE, UNARY
from certloom.scripting.powershell.syntax.expressions import (
    ArrayLiteral,
    Binary,
    Expression,
    Index,
    Literal,
    Member,
    Step,
    Ternary,
    Unary,
    Variable,
)

__all__ = ["argument", "expression", "unary"]

_DASHED = re.compile(r"[-\u2013\u2014\u2015]([A-Za-z]+)\b")
_SIGNS = re.compile(r"\?\?(?!=)|\.\.|[+\-*/%](?!=)")
_TERNARY = re.compile(r"\?(?![.?\[])")


def expression(cursor: Cursor) -> Expression:
    """A whole expression: ternary, binary operators, commas."""
    return _ternary(cursor, commas=True)


def argument(cursor: Cursor) -> Expression:
    """An expression in a list whose commas separate: method arguments, attribute values, defaults."""
    return _ternary(cursor, commas=False)


def _ternary(cursor: Cursor, *, commas: bool) -> Expression:
    with cursor.nested():
        condition = _binary(cursor, 0, commas=commas)
        start = cursor.position
        cursor.space()
        if cursor.take(_TERNARY) is None:
            cursor.position = start
            return condition
        cursor.lines()
        then = _ternary(cursor, commas=commas)
        cursor.lines()
        cursor.expect(":", "between the two values of '? :'")
        cursor.lines()
        return Ternary(condition.line, condition.column, condition, then, _ternary(cursor, commas=commas))


def _operator(cursor: Cursor) -> tuple[str, int] | None:
    """The binary operator that stands here and its end, without moving."""
    dashed = cursor.match(_DASHED)
    if dashed is not None:
        name = dashed[1].lower()
        return (name, dashed.end()) if name in PRECEDENCE else None
    sign = cursor.match(_SIGNS)
    return None if sign is None else (sign.group(), sign.end())


def _binary(cursor: Cursor, floor: int, *, commas: bool) -> Expression:
    left = _array(cursor) if commas else unary(cursor)
    while True:
        start = cursor.position
        cursor.space()
        found = _operator(cursor)
        if found is None or PRECEDENCE[found[0]] <= floor:
            cursor.position = start
            return left
        line, column = cursor.place()
        cursor.position = found[1]
        cursor.lines()
        with cursor.nested():
            right = _binary(cursor, PRECEDENCE[found[0]], commas=commas or found[0] == "f")
        left = Binary(line, column, found[0], left, right)


def _array(cursor: Cursor) -> Expression:
    return listed(cursor, unary)


def unary(cursor: Cursor) -> Expression:
    """An operand with the operators before it."""
    with cursor.nested():
        line, column = cursor.place()
        found = _sign(cursor)
        if found is None:
            return primary(cursor)
        if found in {"++", "--"}:
            return Step(line, column, found, True, _changeable(cursor, found))
        if found in {"-", "+"} and cursor.match(NUMBER) is not None:
            return postfix(cursor, Literal(line, column, number_from(cursor, found)))
        cursor.lines()
        if found == ",":
            return ArrayLiteral(line, column, (unary(cursor),))
        return Unary(line, column, found, unary(cursor))


def _changeable(cursor: Cursor, operator: str) -> Expression:
    start = cursor.position
    target = primary(cursor)
    if not isinstance(target, Variable | Member | Index):
        raise cursor.fail(f"'{operator}' changes a variable, a property or an element, which this is not.", start)
    return target


def _sign(cursor: Cursor) -> str | None:
    dashed = cursor.match(_DASHED)
    if dashed is not None:
        name = dashed[1].lower()
        if name not in UNARY:
            raise cursor.fail(f"'{dashed[0]}' needs a value on its left. Did you leave one out?")
        cursor.position = dashed.end()
        return name
    for sign in ("++", "--", "!", ",", "-", "+"):
        if cursor.accept(sign):
            return "not" if sign == "!" else sign
    return None
