"""Primary expressions and what hangs on them: members, calls, indexes, ``++``."""

import re

from certloom.scripting.powershell.parsing.cursor import Cursor
from certloom.scripting.powershell.parsing.numbers import number_from
from certloom.scripting.powershell.parsing.strings import string
from certloom.scripting.powershell.parsing.types import ATTRIBUTE, attribute_or_type
from certloom.scripting.powershell.parsing.variables import variable
from certloom.scripting.powershell.syntax.expressions import (
    ArrayExpression,
    BlockLiteral,
    Cast,
    Expression,
    HashLiteral,
    Index,
    Invocation,
    Literal,
    Member,
    Parenthesized,
    Step,
    SubExpression,
    TypeLiteral,
    Validated,
    Variable,
)
from certloom.scripting.powershell.syntax.statements import Statement

__all__ = ["atom", "postfix", "primary"]

_SIMPLE = re.compile(r"[A-Za-z_\u0080-\uffff][\w]*")
_MEMBER = re.compile(r"(\?\.|\.(?!\.)|::)(?=\s*[\w'\"$({])")
_WORD_KEY = re.compile(r"[\w][\w\-.]*")
_DIGITS = re.compile(r"\d+(?!\w)")


def primary(cursor: Cursor) -> Expression:
    """A primary expression with everything that follows it without a blank."""
    with cursor.nested():
        found = atom(cursor)
        if found is None:
            raise cursor.fail(f"Expected a value, found {cursor.found()}.")
        return postfix(cursor, found)


def atom(cursor: Cursor) -> Expression | None:  # noqa: PLR0911 - one line for each opening character
    """The smallest expression that stands here, or none."""
    line, column = cursor.place()
    if cursor.at("$(") or cursor.at("@("):
        return _statements(cursor)
    if cursor.at("@{"):
        return _hash(cursor)
    if cursor.accept("("):
        return _parenthesized(cursor, line, column)
    if cursor.at("{"):
        return _block(cursor)
    if cursor.at("["):
        return _type(cursor)
    found = string(cursor) or variable(cursor)
    if found is not None:
        return found
    number = number_from(cursor)
    return None if number is None else Literal(line, column, number)


def _statements(cursor: Cursor) -> Expression:
    line, column = cursor.place()
    kind = SubExpression if cursor.at("$") else ArrayExpression
    cursor.position += 2
    body = cursor.rules.statements(cursor, ")")
    cursor.expect(")", "behind the statements")
    return kind(line, column, body)


def _parenthesized(cursor: Cursor, line: int, column: int) -> Expression:
    cursor.lines()
    statement = cursor.rules.pipeline(cursor)
    cursor.lines()
    cursor.expect(")", "to close '('")
    return Parenthesized(line, column, statement)


def _block(cursor: Cursor) -> Expression:
    line, column = cursor.place()
    cursor.position += 1
    body = cursor.rules.body(cursor, "}")
    cursor.expect("}", "to close '{'")
    return BlockLiteral(line, column, body)


def _hash(cursor: Cursor) -> Expression:
    line, column = cursor.place()
    cursor.position += 2
    entries: list[tuple[Expression, Statement]] = []
    cursor.separators()
    while not cursor.accept("}"):
        entries.append(_entry(cursor))
        cursor.space()
        if cursor.peek() not in {"\n", "\r", ";", "}"}:
            raise cursor.fail(f"Expected ';', a new line or '}}' behind the value, found {cursor.found()}.")
        cursor.separators()
    return HashLiteral(line, column, tuple(entries))


def _entry(cursor: Cursor) -> tuple[Expression, Statement]:
    line, column = cursor.place()
    number = cursor.match(_DIGITS)
    word = None if number is not None else cursor.take(_WORD_KEY)
    key: Expression = cursor.rules.element(cursor) if word is None else Literal(line, column, word)
    cursor.lines()
    cursor.expect("=", "behind the key of a hashtable")
    cursor.lines()
    return key, cursor.rules.statement(cursor)


def _type(cursor: Cursor) -> Expression:
    line, column = cursor.place()
    if cursor.match(ATTRIBUTE) is not None:
        return _validated(cursor)
    cursor.position += 1
    cursor.space()
    name = cursor.rules.type_name(cursor)
    cursor.space()
    cursor.expect("]", "behind the name of a type")
    if cursor.at("::"):
        return TypeLiteral(line, column, name)
    start = cursor.position
    cursor.space()
    if cursor.ended() or not _opens_operand(cursor):
        cursor.position = start
        return TypeLiteral(line, column, name)
    return Cast(line, column, name, cursor.rules.unary(cursor))


def _validated(cursor: Cursor) -> Expression:
    line, column = cursor.place()
    attribute = attribute_or_type(cursor)
    cursor.lines()
    return Validated(line, column, (attribute,), cursor.rules.unary(cursor))


_OPERAND = re.compile(r"[$@({\['\"\u2018\u201c\d]|\.\d|[+-](?=[\d$(.])|!|-(?:not|bnot|join|split)\b|,", re.IGNORECASE)


def _opens_operand(cursor: Cursor) -> bool:
    return cursor.match(_OPERAND) is not None and not cursor.at(",")


def postfix(cursor: Cursor, target: Expression) -> Expression:
    """Members, calls and indexes behind an expression, from left to right."""
    while True:
        following = _member(cursor, target) or _index(cursor, target) or _step(cursor, target)
        if following is None:
            return target
        target = following


def _member(cursor: Cursor, target: Expression) -> Expression | None:
    operator = cursor.match(_MEMBER)
    if operator is None or (isinstance(target, Cast) and operator[1] != "."):
        return None
    line, column = cursor.place()
    cursor.position = operator.end()
    cursor.lines()
    name = _member_name(cursor)
    static, optional = operator[1] == "::", operator[1] == "?."
    if cursor.accept("("):
        return Invocation(line, column, target, name, _arguments(cursor), static, optional)
    if cursor.at("{") and not static:
        return Invocation(line, column, target, name, (_block(cursor),), static, optional)
    return Member(line, column, target, name, static, optional)


def _member_name(cursor: Cursor) -> str | Expression:
    simple = cursor.take(_SIMPLE) or cursor.take(_DIGITS)
    if simple is not None:
        return simple
    found = atom(cursor)
    if found is None:
        raise cursor.fail(f"Expected the name of a member, found {cursor.found()}.")
    if isinstance(found, Literal) and isinstance(found.value, str):
        return found.value
    return found


def _arguments(cursor: Cursor) -> tuple[Expression, ...]:
    arguments: list[Expression] = []
    cursor.lines()
    while not cursor.accept(")"):
        arguments.append(cursor.rules.element(cursor))
        cursor.lines()
        if not cursor.accept(",") and not cursor.at(")"):
            raise cursor.fail(f"Expected ',' or ')' among the arguments, found {cursor.found()}.")
        cursor.lines()
    return tuple(arguments)


def _index(cursor: Cursor, target: Expression) -> Expression | None:
    line, column = cursor.place()
    optional = cursor.at("?[")
    if not optional and not cursor.at("["):
        return None
    cursor.position += 2 if optional else 1
    cursor.lines()
    index = cursor.rules.expression(cursor)
    cursor.lines()
    cursor.expect("]", "behind the index")
    return Index(line, column, target, index, optional)


def _step(cursor: Cursor, target: Expression) -> Expression | None:
    if cursor.peek(2) not in {"++", "--"} or not isinstance(target, Variable | Member | Index):
        return None
    line, column = cursor.place()
    operator = cursor.peek(2)
    cursor.position += 2
    return Step(line, column, operator, False, target)
