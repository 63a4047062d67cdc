"""From the text of a script to its tree."""

from certloom.scripting.powershell.faults import ScriptUnreadable
from certloom.scripting.powershell.parsing.cursor import Cursor, Rules
from certloom.scripting.powershell.parsing.functions import body
from certloom.scripting.powershell.parsing.operators import argument, expression, unary
from certloom.scripting.powershell.parsing.pipelines import pipeline
from certloom.scripting.powershell.parsing.statements import statement, statements
from certloom.scripting.powershell.parsing.types import type_name
from certloom.scripting.powershell.syntax.expressions import TypeName
from certloom.scripting.powershell.syntax.statements import Script

__all__ = ["parse", "read_type"]

_RULES = Rules(
    expression=expression,
    element=argument,
    unary=unary,
    statement=statement,
    pipeline=pipeline,
    statements=statements,
    body=body,
    type_name=type_name,
)


def parse(text: str) -> Script:
    """The tree of a script; raises ScriptUnreadable with line, column and what was expected there."""
    cursor = Cursor(text.removeprefix("\ufeff"), _RULES)
    try:
        read = body(cursor, "")
    except RecursionError as deep:
        raise ScriptUnreadable("The script nests too deep. Use functions or variables.", *cursor.place()) from deep
    return Script(1, 1, read)


def read_type(text: str) -> TypeName:
    """The type name that a whole text is; raises ScriptUnreadable when it is none."""
    cursor = Cursor(text, _RULES)
    found = type_name(cursor)
    if not cursor.ended():
        raise cursor.fail(f"Expected the end of the type name, found {cursor.found()}.")
    return found
