"""Statements that begin with a keyword, and lists of statements."""

import re
from collections.abc import Callable

from certloom.scripting.powershell.parsing.branches import if_statement, switch_statement, trap_statement, try_statement
from certloom.scripting.powershell.parsing.cursor import Cursor
from certloom.scripting.powershell.parsing.functions import function_statement
from certloom.scripting.powershell.parsing.loops import do_statement, for_statement, foreach_statement, while_statement
from certloom.scripting.powershell.parsing.pipelines import pipeline
from certloom.scripting.powershell.parsing.words import NOT_SUPPORTED
from certloom.scripting.powershell.syntax.statements import Block, Flow, Statement

__all__ = ["statement", "statements"]

_KEYWORD = re.compile(r"([A-Za-z]+)(?![\w\-.:\\/])")
_LABEL = re.compile(r":(\w+)\s+(?=(?:foreach|for|while|do|switch)\b)", re.IGNORECASE)
_JUMP_LABEL = re.compile(r"[A-Za-z_]\w*")
_NOTHING = re.compile(r"(?=[;}\r\n)]|$(?![\s\S]))")
_END = re.compile(r"[;\r\n]")

_Rule = Callable[[Cursor, str], Statement]


def _jump(cursor: Cursor, keyword: str) -> Statement:
    line, column = cursor.place()
    cursor.space()
    return Flow(line, column, keyword, None, (cursor.take(_JUMP_LABEL) or "").lower())


def _leave(cursor: Cursor, keyword: str) -> Statement:
    line, column = cursor.place()
    cursor.space()
    value = None if cursor.match(_NOTHING) is not None else pipeline(cursor)
    return Flow(line, column, keyword, value)


_STATEMENTS: dict[str, _Rule] = {
    "if": if_statement,
    "switch": switch_statement,
    "foreach": foreach_statement,
    "for": for_statement,
    "while": while_statement,
    "do": do_statement,
    "function": function_statement,
    "filter": function_statement,
    "try": try_statement,
    "trap": trap_statement,
    "return": lambda cursor, _: _leave(cursor, "return"),
    "throw": lambda cursor, _: _leave(cursor, "throw"),
    "exit": lambda cursor, _: _leave(cursor, "exit"),
    "break": lambda cursor, _: _jump(cursor, "break"),
    "continue": lambda cursor, _: _jump(cursor, "continue"),
}


def statement(cursor: Cursor) -> Statement:
    """One statement."""
    with cursor.nested():
        label = cursor.match(_LABEL)
        if label is not None:
            cursor.position = label.end()
        found = cursor.match(_KEYWORD)
        word = found[1].lower() if found is not None else ""
        rule = _STATEMENTS.get(word)
        if found is None or rule is None:
            _refuse(cursor, word)
            return pipeline(cursor)
        cursor.position = found.end()
        if word in {"switch", "foreach", "for", "while", "do"}:
            return rule(cursor, label[1].lower() if label is not None else "")
        return rule(cursor, word)


def _refuse(cursor: Cursor, word: str) -> None:
    instead = NOT_SUPPORTED.get(word)
    if instead is not None:
        raise cursor.fail(f"'{word}' is not supported in restricted PowerShell; use {instead}.")


def statements(cursor: Cursor, closing: str) -> Block:
    """Statements up to a closing bracket, which is left standing, or to the end of the text."""
    line, column = cursor.place()
    found: list[Statement] = []
    cursor.separators()
    while not cursor.ended() and not (closing and cursor.at(closing)):
        found.append(statement(cursor))
        _separated(cursor, closing, found[-1])
        cursor.separators()
    return Block(line, column, tuple(found))


def _separated(cursor: Cursor, closing: str, last: Statement) -> None:
    """A statement ends with its line, a semicolon or the closing bracket; one in braces ends with its brace."""
    cursor.space()
    if cursor.ended() or cursor.match(_END) is not None or (closing and cursor.at(closing)):
        return
    if cursor.text[: cursor.position].rstrip().endswith("}") and not isinstance(last, Flow):
        return
    raise cursor.fail(f"Unexpected {cursor.found()}. Begin a new line, or separate statements with ';'.")
