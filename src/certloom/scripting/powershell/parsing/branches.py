"""``if``, ``switch`` and ``try``."""

import re

from certloom.scripting.powershell.parsing.cursor import Cursor
from certloom.scripting.powershell.parsing.primary import atom, postfix
from certloom.scripting.powershell.syntax.expressions import Expression, Literal, TypeName
from certloom.scripting.powershell.syntax.statements import Block, Catch, If, Statement, Switch, Trap, Try

__all__ = ["block", "condition", "if_statement", "switch_statement", "trap_statement", "try_statement"]

_ELSEIF = re.compile(r"elseif\b", re.IGNORECASE)
_ELSE = re.compile(r"else\b", re.IGNORECASE)
_CATCH = re.compile(r"catch\b", re.IGNORECASE)
_FINALLY = re.compile(r"finally\b", re.IGNORECASE)
_OPTION = re.compile(r"-([A-Za-z]+)")
_DEFAULT = re.compile(r"default\b(?=\s*\{)", re.IGNORECASE)
_WORD = re.compile(r"[^\s{}()'\"$;,]+")


def block(cursor: Cursor) -> Block:
    """``{ statements }``."""
    cursor.lines()
    cursor.expect("{", "to open the statements")
    found = cursor.rules.statements(cursor, "}")
    cursor.expect("}", "to close the statements")
    return found


def condition(cursor: Cursor) -> Statement:
    """``( pipeline )``."""
    cursor.lines()
    cursor.expect("(", "before the condition")
    cursor.lines()
    found = cursor.rules.pipeline(cursor)
    cursor.lines()
    cursor.expect(")", "behind the condition")
    return found


def _next(cursor: Cursor, word: re.Pattern[str]) -> bool:
    """Whether a word follows, possibly on a later line; otherwise nothing moves."""
    start = cursor.position
    cursor.lines()
    if cursor.take(word) is not None:
        return True
    cursor.position = start
    return False


def if_statement(cursor: Cursor, _: str) -> Statement:
    """What follows ``if``."""
    line, column = cursor.place()
    clauses = [(condition(cursor), block(cursor))]
    while _next(cursor, _ELSEIF):
        clauses.append((condition(cursor), block(cursor)))
    otherwise = block(cursor) if _next(cursor, _ELSE) else None
    return If(line, column, tuple(clauses), otherwise)


def switch_statement(cursor: Cursor, label: str) -> Statement:
    """What follows ``switch``."""
    line, column = cursor.place()
    mode, case_sensitive = _options(cursor)
    subject = condition(cursor)
    cursor.lines()
    cursor.expect("{", "to open the clauses of switch")
    clauses: list[tuple[Expression, Block]] = []
    otherwise: Block | None = None
    cursor.separators()
    while not cursor.accept("}"):
        if cursor.take(_DEFAULT) is not None:
            otherwise = block(cursor)
        else:
            clauses.append((_pattern(cursor), block(cursor)))
        cursor.separators()
    return Switch(line, column, mode, case_sensitive, subject, tuple(clauses), otherwise, label)


def _options(cursor: Cursor) -> tuple[str, bool]:
    mode, case_sensitive = "exact", False
    cursor.lines()
    while (found := cursor.match(_OPTION)) is not None:
        option = found[1].lower()
        if option == "casesensitive":
            case_sensitive = True
        elif option in {"wildcard", "regex", "exact"}:
            mode = option
        else:
            raise cursor.fail(
                f"switch has no option -{found[1]} here; -Wildcard, -Regex, -CaseSensitive and -Exact exist."
            )
        cursor.position = found.end()
        cursor.lines()
    return mode, case_sensitive


def _pattern(cursor: Cursor) -> Expression:
    line, column = cursor.place()
    if cursor.at("-") or cursor.at("["):
        return cursor.rules.element(cursor)
    found = atom(cursor)
    if found is not None:
        return postfix(cursor, found)
    word = cursor.take(_WORD)
    if word is None:
        raise cursor.fail(f"Expected a value, a block or 'default' in switch, found {cursor.found()}.")
    return Literal(line, column, word)


def try_statement(cursor: Cursor, _: str) -> Statement:
    """What follows ``try``."""
    line, column = cursor.place()
    body = block(cursor)
    catches: list[Catch] = []
    while _next(cursor, _CATCH):
        at = cursor.place()
        catches.append(Catch(*at, _types(cursor), block(cursor)))
    last = block(cursor) if _next(cursor, _FINALLY) else None
    if not catches and last is None:
        raise cursor.fail("'try' needs a 'catch' or a 'finally' behind it.")
    return Try(line, column, body, tuple(catches), last)


def trap_statement(cursor: Cursor, _: str) -> Statement:
    """What follows ``trap``."""
    line, column = cursor.place()
    types = _types(cursor)
    if len(types) > 1:
        raise cursor.fail("'trap' takes one type. Write a trap for each.")
    return Trap(line, column, types[0] if types else None, block(cursor))


def _types(cursor: Cursor) -> tuple[TypeName, ...]:
    types = []
    cursor.lines()
    while cursor.accept("["):
        types.append(cursor.rules.type_name(cursor))
        cursor.expect("]", "behind the type to catch")
        cursor.lines()
        if cursor.accept(","):
            cursor.lines()
    return tuple(types)
