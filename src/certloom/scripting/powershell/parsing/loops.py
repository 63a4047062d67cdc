"""``foreach``, ``for``, ``while`` and ``do``."""

import re

from certloom.scripting.powershell.parsing.branches import block, condition
from certloom.scripting.powershell.parsing.cursor import Cursor
from certloom.scripting.powershell.parsing.variables import variable
from certloom.scripting.powershell.syntax.statements import For, Foreach, Loop, Statement

__all__ = ["do_statement", "for_statement", "foreach_statement", "while_statement"]

_IN = re.compile(r"in\b", re.IGNORECASE)
_WHILE_OR_UNTIL = re.compile(r"(?:while|until)\b", re.IGNORECASE)


def foreach_statement(cursor: Cursor, label: str) -> Statement:
    """What follows ``foreach``."""
    line, column = cursor.place()
    cursor.lines()
    cursor.expect("(", "behind 'foreach'")
    cursor.lines()
    item = variable(cursor)
    if item is None:
        raise cursor.fail(f"'foreach' needs a variable, found {cursor.found()}.")
    cursor.lines()
    if cursor.take(_IN) is None:
        raise cursor.fail(f"Expected 'in' behind the variable of 'foreach', found {cursor.found()}.")
    cursor.lines()
    subject = cursor.rules.pipeline(cursor)
    cursor.lines()
    cursor.expect(")", "behind the values of 'foreach'")
    return Foreach(line, column, item, subject, block(cursor), label)


def for_statement(cursor: Cursor, label: str) -> Statement:
    """What follows ``for``."""
    line, column = cursor.place()
    cursor.lines()
    cursor.expect("(", "behind 'for'")
    parts = [_part(cursor), _part(cursor), _part(cursor)]
    cursor.expect(")", "behind the three parts of 'for'")
    return For(line, column, parts[0], parts[1], parts[2], block(cursor), label)


def _part(cursor: Cursor) -> Statement | None:
    cursor.lines()
    found = None if cursor.peek() in {";", ")"} else cursor.rules.pipeline(cursor)
    cursor.lines()
    cursor.accept(";")
    cursor.lines()
    return found


def while_statement(cursor: Cursor, label: str) -> Statement:
    """What follows ``while``."""
    line, column = cursor.place()
    test = condition(cursor)
    return Loop(line, column, test, block(cursor), False, False, label)


def do_statement(cursor: Cursor, label: str) -> Statement:
    """What follows ``do``."""
    line, column = cursor.place()
    body = block(cursor)
    cursor.lines()
    word = cursor.take(_WHILE_OR_UNTIL)
    if word is None:
        raise cursor.fail(f"Expected 'while' or 'until' behind 'do {{ }}', found {cursor.found()}.")
    return Loop(line, column, condition(cursor), body, True, word.lower() == "until", label)
