"""Commands and their arguments: the mode in which words need no quotes (about_Parsing)."""

import re

from certloom.scripting.powershell.parsing.cursor import Cursor
from certloom.scripting.powershell.parsing.lists import listed
from certloom.scripting.powershell.parsing.numbers import NUMBER, number_from
from certloom.scripting.powershell.parsing.primary import atom, postfix
from certloom.scripting.powershell.parsing.strings import escaped, expansion, template
from certloom.scripting.powershell.syntax.expressions import (
    BlockLiteral,
    Expression,
    Literal,
    Splat,
    Variable,
)
from certloom.scripting.powershell.syntax.statements import Argument, Command, Redirection

__all__ = ["command", "redirections"]

_END = re.compile(r"[|;)}\r\n]|&|$(?![\s\S])")
_PARAMETER = re.compile(r"[-\u2013\u2014]([A-Za-z_?][\w?\-]*)(:)?")
_SPLAT = re.compile(r"@(\w+)(?![\w({])")
_WORD = re.compile(r"[^\s`$\"'(){};,|&<>\u2018\u2019\u201c\u201d]+")
_NUMBER_END = re.compile(r"(?=[\s,;)|}&<>]|$(?![\s\S]))")
_NUMBER_START = re.compile(r"\.?\d")
_REDIRECTION = re.compile(r"([1-6*])?>(?:>?\s*(\$null)\b|&([12]))|[1-6*]?>|<", re.IGNORECASE)


def command(cursor: Cursor) -> Command:
    """A command name, or ``&`` or ``.`` with a value, and the arguments up to the end of the command."""
    line, column = cursor.place()
    call = ""
    if cursor.at("&") or cursor.at("."):
        call = cursor.peek()
        cursor.position += 1
        cursor.space()
    name = _name(cursor, called=bool(call))
    arguments: list[Argument] = []
    redirected: list[Redirection] = []
    while True:
        redirected += redirections(cursor)
        if cursor.match(_END) is not None:
            return Command(line, column, name, tuple(arguments), call, tuple(redirected))
        arguments.append(_argument(cursor))


def redirections(cursor: Cursor) -> tuple[Redirection, ...]:
    """The redirections that stand here: to ``$null``, or of a stream into the output (about_Redirection)."""
    found: list[Redirection] = []
    cursor.space()
    while (one := cursor.match(_REDIRECTION)) is not None:
        stream, nowhere, merged = one[1] or "1", one[2], one[3]
        if nowhere is None and (merged != "1" or stream == "1"):
            raise cursor.fail(
                "Scripts have no files: a stream goes to $null (3>$null), or into the output (3>&1) when it is another."
            )
        found.append(Redirection(*cursor.place(), stream, nowhere is None))
        cursor.position = one.end()
        cursor.space()
    return tuple(found)


def _name(cursor: Cursor, *, called: bool) -> Expression:
    if called:
        found = atom(cursor)
        if found is not None:
            return postfix(cursor, found)
    line, column = cursor.place()
    word = cursor.take(_WORD)
    if word is None:
        raise cursor.fail(f"Expected a command or a value, found {cursor.found()}.")
    return Literal(line, column, word)


def _argument(cursor: Cursor) -> Argument:
    line, column = cursor.place()
    found = cursor.match(_PARAMETER)
    if found is None:
        return Argument(line, column, "", _values(cursor))
    cursor.position = found.end()
    if found[2] is None:
        return Argument(line, column, found[1], None)
    cursor.space()
    return Argument(line, column, found[1], _values(cursor))


def _values(cursor: Cursor) -> Expression:
    return listed(cursor, _value)


def _value(cursor: Cursor) -> Expression:
    line, column = cursor.place()
    splat = cursor.match(_SPLAT)
    if splat is not None:
        cursor.position = splat.end()
        return Splat(line, column, splat[1])
    number = _number(cursor)
    if number is not None:
        return Literal(line, column, number)
    start = cursor.position
    found = None if cursor.at("[") or cursor.match(_NUMBER_START) is not None else atom(cursor)
    if found is None:
        return _bareword(cursor)
    found = postfix(cursor, found)
    if isinstance(found, BlockLiteral) or cursor.match(_NUMBER_END) is not None or not isinstance(found, Variable):
        return found
    cursor.position = start
    return _bareword(cursor)


def _number(cursor: Cursor) -> object | None:
    start = cursor.position
    sign = "-" if cursor.accept("-") else ""
    if cursor.match(NUMBER) is not None:
        number = number_from(cursor, sign)
        if cursor.match(_NUMBER_END) is not None:
            return number
    cursor.position = start
    return None


def _bareword(cursor: Cursor) -> Expression:
    line, column = cursor.place()
    parts: list[str | Expression] = []
    while not cursor.ended():
        word = cursor.take(_WORD)
        if word is not None:
            parts.append(word)
        elif cursor.at("`"):
            parts.append(escaped(cursor))
        else:
            found = _inside(cursor)
            if found is None:
                break
            parts.append(found)
    if not parts:
        raise cursor.fail(f"Expected a value, found {cursor.found()}.")
    return template(line, column, parts)


def _inside(cursor: Cursor) -> str | Expression | None:
    if cursor.at("$"):
        found = expansion(cursor)
        if found is not None:
            return found
        cursor.position += 1
        return "$"
    if cursor.peek() in set("'\""):
        quoted = atom(cursor)
        return quoted.value if isinstance(quoted, Literal) and isinstance(quoted.value, str) else quoted
    return None
