"""Lists: values with commas between them."""

from __future__ import annotations

from collections.abc import Callable

from certloom.scripting.powershell.parsing.cursor import Cursor
from certloom.scripting.powershell.syntax.expressions import ArrayLiteral, Expression

__all__ = ["listed"]


def listed(cursor: Cursor, element: Callable[[Cursor], Expression]) -> Expression:
    """One element, or an array of those that commas join."""
    first = element(cursor)
    items = [first]
    while True:
        start = cursor.position
        cursor.space()
        if not cursor.accept(","):
            cursor.position = start
            break
        cursor.lines()
        items.append(element(cursor))
    return first if len(items) == 1 else ArrayLiteral(first.line, first.column, tuple(items))
