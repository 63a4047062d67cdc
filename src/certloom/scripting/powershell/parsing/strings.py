"""Quoted strings, here-strings and what is expanded inside them (about_Quoting_Rules, about_Special_Characters)."""

import re

from certloom.scripting.powershell.parsing.cursor import Cursor
from certloom.scripting.powershell.parsing.variables import variable
from certloom.scripting.powershell.syntax.expressions import Expression, Literal, SubExpression, Template

__all__ = ["escaped", "expansion", "string", "template"]

_SINGLE = re.compile(
    r"['\u2018\u2019\u201a\u201b]((?:[^'\u2018\u2019\u201a\u201b]|['\u2018\u2019\u201a\u201b]{2})*)['\u2018\u2019\u201a\u201b]"
)
_DOUBLED = re.compile(r"['\u2018\u2019\u201a\u201b]{2}")
_DOUBLE_QUOTE = '"\u201c\u201d\u201e'
_HERE_SINGLE = re.compile(r"@'[ \t]*\r?\n(?:((?s:.*?))\r?\n)?'@")
_HERE_OPEN = re.compile(r'@"[ \t]*\r?\n')
_HERE_CLOSE = re.compile(r'\r?\n"@')
_PLAIN = re.compile(r"[^`$\"\u201c\u201d\u201e\r\n]+")
_UNICODE = re.compile(r"u\{([0-9A-Fa-f]{1,6})\}")
_ESCAPES = {"0": "\0", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_LAST_CHARACTER = 0x10FFFF


def string(cursor: Cursor) -> Expression | None:
    """The string that stands here, of any of the four kinds, or none."""
    if cursor.at("@'") or cursor.at("'") or cursor.peek() in set("\u2018\u2019\u201a\u201b"):
        return _verbatim(cursor)
    if cursor.at('@"'):
        return _here(cursor)
    if not cursor.ended() and cursor.peek() in _DOUBLE_QUOTE:
        return _expandable(cursor)
    return None


def _verbatim(cursor: Cursor) -> Expression:
    line, column = cursor.place()
    here = cursor.at("@'")
    found = cursor.match(_HERE_SINGLE if here else _SINGLE)
    if found is None:
        raise cursor.fail("This string is not closed. Add the closing quote.")
    cursor.position = found.end()
    text = (found[1] or "") if here else _DOUBLED.sub(lambda pair: pair.group()[0], found[1])
    return Literal(line, column, text)


def _expandable(cursor: Cursor) -> Expression:
    line, column = cursor.place()
    start = cursor.position
    cursor.position += 1
    parts: list[str | Expression] = []
    while True:
        if cursor.ended():
            raise cursor.fail('This string is not closed. Add the closing ".', start)
        if cursor.peek() in _DOUBLE_QUOTE:
            cursor.position += 1
            if cursor.ended() or cursor.peek() not in _DOUBLE_QUOTE:
                return template(line, column, parts)
            parts.append(cursor.peek())
            cursor.position += 1
        else:
            parts.append(_piece(cursor))


def _here(cursor: Cursor) -> Expression:
    line, column = cursor.place()
    start = cursor.position
    if cursor.take(_HERE_OPEN) is None:
        raise cursor.fail('Nothing may follow the opening @" of a here-string on its line.')
    parts: list[str | Expression] = []
    if cursor.accept('"@'):
        return template(line, column, parts)
    while cursor.take(_HERE_CLOSE) is None:
        if cursor.ended():
            raise cursor.fail('This here-string is not closed. Put "@ at the start of a line of its own.', start)
        parts.append(_piece(cursor))
    return template(line, column, parts)


def _piece(cursor: Cursor) -> str | Expression:
    plain = cursor.take(_PLAIN)
    if plain is not None:
        return plain
    if cursor.at("`"):
        return escaped(cursor)
    found = expansion(cursor)
    if found is not None:
        return found
    cursor.position += 1
    return cursor.text[cursor.position - 1]


def escaped(cursor: Cursor) -> str:
    """The character that a backtick and what follows it stand for."""
    cursor.position += 1
    found = cursor.match(_UNICODE)
    if found is not None and int(found[1], 16) <= _LAST_CHARACTER:
        cursor.position = found.end()
        return chr(int(found[1], 16))
    character = cursor.peek()
    cursor.position += 1
    return _ESCAPES.get(character, character)


def expansion(cursor: Cursor) -> Expression | None:
    """The variable or subexpression that stands here inside a string, or none."""
    if cursor.at("$("):
        line, column = cursor.place()
        cursor.position += 2
        with cursor.nested():
            body = cursor.rules.statements(cursor, ")")
        cursor.expect(")", "to close '$('")
        return SubExpression(line, column, body)
    return variable(cursor)


def template(line: int, column: int, parts: list[str | Expression]) -> Expression:
    """A string of its parts; without expressions it is a literal."""
    joined: list[str | Expression] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    if not joined:
        return Literal(line, column, "")
    if len(joined) == 1 and isinstance(joined[0], str):
        return Literal(line, column, joined[0])
    return Template(line, column, tuple(joined))
