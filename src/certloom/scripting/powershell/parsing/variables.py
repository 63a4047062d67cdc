"""``$name``, ``${any name}`` and ``$scope:name``."""

import re

from certloom.scripting.powershell.parsing.cursor import Cursor
from certloom.scripting.powershell.parsing.words import SCOPES
from certloom.scripting.powershell.syntax.expressions import Variable

__all__ = ["variable"]

_VARIABLE = re.compile(r"\$(?:\{([^{}]+)\}|(\w+:(?!:))?([\w?]+|[$^]))")


def variable(cursor: Cursor) -> Variable | None:
    """The variable that stands here, or none."""
    found = cursor.match(_VARIABLE)
    if found is None:
        return None
    scope, name = _parts(found)
    if scope and scope not in SCOPES:
        raise cursor.fail(
            f"'{found[0]}': a script has no '{scope}:' drive, only variables. "
            f"Hand the value in through ScriptParameters and param()."
        )
    line, column = cursor.place()
    cursor.position = found.end()
    return Variable(line, column, "" if scope == "variable" else scope, name)


def _parts(found: re.Match[str]) -> tuple[str, str]:
    if found[1] is None:
        return (found[2] or "").rstrip(":").lower(), found[3]
    scope, colon, name = found[1].partition(":")
    return (scope.lower(), name) if colon else ("", found[1])
