"""Type names between brackets, and the attributes that look like them."""

import re

from certloom.scripting.powershell.parsing.cursor import Cursor
from certloom.scripting.powershell.syntax.expressions import Expression, TypeName
from certloom.scripting.powershell.syntax.statements import Attribute

__all__ = ["ATTRIBUTE", "attribute_or_type", "type_name"]

ATTRIBUTE = re.compile(r"\[\s*[A-Za-z_][\w.]*\s*\(")
"""Where an attribute begins, and not a type."""

_NAME = re.compile(r"[A-Za-z_][\w.+]*(?:`\d+)?")
_RANK = re.compile(r"\[[ ,]*\]")
_ATTRIBUTE = re.compile(r"([A-Za-z_][\w.]*)\s*\(")
_NAMED = re.compile(r"([A-Za-z_]\w*)\s*=")
_BARE = re.compile(r"([A-Za-z_]\w*)\s*(?=[,)])")


def type_name(cursor: Cursor) -> TypeName:
    """``name``, ``name[argument, ...]`` and any number of ``[]``; the outer brackets are the caller's."""
    line, column = cursor.place()
    name = cursor.take(_NAME)
    if name is None:
        raise cursor.fail(f"Expected the name of a type, found {cursor.found()}.")
    arguments: list[TypeName] = []
    if cursor.at("[") and cursor.match(_RANK) is None:
        with cursor.nested():
            arguments = _arguments(cursor)
    ranks = 0
    while cursor.take(_RANK) is not None:
        ranks += 1
    return TypeName(line, column, name, tuple(arguments), ranks)


def _arguments(cursor: Cursor) -> list[TypeName]:
    arguments = []
    cursor.position += 1
    while True:
        cursor.lines()
        wrapped = cursor.accept("[")
        arguments.append(type_name(cursor))
        if wrapped:
            cursor.expect("]", "behind the type argument")
        cursor.lines()
        if not cursor.accept(","):
            break
    cursor.expect("]", "behind the type arguments")
    return arguments


def attribute_or_type(cursor: Cursor) -> Attribute | TypeName:
    """What stands between ``[`` and ``]`` before a parameter or a variable."""
    cursor.expect("[", "before a type or attribute")
    cursor.lines()
    found = cursor.match(_ATTRIBUTE)
    result: Attribute | TypeName = type_name(cursor) if found is None else _attribute(cursor, found)
    cursor.lines()
    cursor.expect("]", "behind the type or attribute")
    return result


def _attribute(cursor: Cursor, found: re.Match[str]) -> Attribute:
    line, column = cursor.place()
    cursor.position = found.end()
    positional: list[Expression] = []
    named: list[tuple[str, Expression | None]] = []
    cursor.lines()
    while not cursor.accept(")"):
        _attribute_argument(cursor, positional, named)
        cursor.lines()
        if not cursor.accept(",") and not cursor.at(")"):
            raise cursor.fail(f"Expected ',' or ')' in the attribute {found[1]}, found {cursor.found()}.")
        cursor.lines()
    return Attribute(line, column, found[1], tuple(positional), tuple(named))


def _attribute_argument(
    cursor: Cursor, positional: list[Expression], named: list[tuple[str, Expression | None]]
) -> None:
    assigned, bare = cursor.match(_NAMED), cursor.match(_BARE)
    if assigned is not None:
        cursor.position = assigned.end()
        cursor.lines()
        named.append((assigned[1], cursor.rules.element(cursor)))
    elif bare is not None:
        cursor.position = bare.end()
        named.append((bare[1], None))
    else:
        positional.append(cursor.rules.element(cursor))
