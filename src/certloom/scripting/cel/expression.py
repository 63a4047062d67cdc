"""One expression: read, with its limits, and evaluated over data. Only the worker's process imports this module.

The library computes without ever letting another thread run, and some expressions take seconds for a few elements
(a comprehension copies its list for every element), so nothing here may run inside the server.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import cel

from certloom.errors import CertloomError
from certloom.scripting.cel.faults import ExpressionFailed, ExpressionUnreadable
from certloom.scripting.values import json_value

__all__ = ["DATA", "DEEPEST", "LONGEST", "Expression"]

LONGEST: Final = 2000
"""Characters of an expression."""
DEEPEST: Final = 2
"""Comprehensions inside each other: every further level multiplies the work by the length of a list."""
DATA: Final = "data"
"""The one variable: the data of the instance."""
_RESULT_SIZE: Final = 100_000
_LONGEST_MESSAGE: Final = 300
_PLACE: Final = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_COMPREHENSIONS: Final = frozenset({"all", "exists", "exists_one", "existsOne", "map", "filter"})
# Comments and texts are taken whole, so that nothing inside them counts.
_TOKEN: Final = re.compile(
    r"""//[^\n]*|(?:[rR][bB]?|[bB][rR])(?:\'{3}.*?\'{3}|\"{3}.*?\"{3}|'[^'\n]*'|"[^"\n]*")"""
    r"""|'{3}.*?'{3}|\"{3}.*?\"{3}|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|[A-Za-z_]\w*|\S""",
    re.DOTALL,
)


class Expression:
    """A text that could be read. Raises ExpressionUnreadable."""

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise ExpressionUnreadable(f"the expression has {len(text)} characters; at most {LONGEST} are allowed.")
        names = _comprehended(text)
        self._program = _compiled(text)
        for name in self._program.variables():
            if name not in names and name != DATA:
                raise ExpressionUnreadable(f"there is no {name!r}; values of the instance are {DATA}.Name.")

    def evaluate(self, data: Mapping[str, Any]) -> Any:
        """The value over this data, as JSON. Raises ExpressionFailed."""
        try:
            value = self._program.execute({DATA: data})
        except KeyError as error:
            raise ExpressionFailed(
                f"there is no {error.args[0] if error.args else error}. Ask with has({DATA}.Name) whether there is."
            ) from error
        except Exception as error:
            raise ExpressionFailed(_sentence(str(error))) from error
        try:
            return json_value(value, _RESULT_SIZE)
        except CertloomError as error:
            raise ExpressionFailed(error.message) from error


def _comprehended(text: str) -> frozenset[str]:
    """The variables of the comprehensions in a text. Raises ExpressionUnreadable where they nest too deep."""
    names: set[str] = set()
    inside: list[bool] = []
    found = list(_TOKEN.finditer(text))
    for dot, name, sign, first in zip(found, found[1:], found[2:], [*found[3:], None], strict=False):
        if sign[0] == "(":
            inside.append(dot[0] == "." and name[0] in _COMPREHENSIONS)
            if inside[-1] and first is not None:
                names.add(first[0])
        elif sign[0] == ")" and inside:
            inside.pop()
        if sum(inside) > DEEPEST:
            raise _too_deep(text, name.start())
    return frozenset(names)


def _too_deep(text: str, start: int) -> ExpressionUnreadable:
    line, column = text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)
    return ExpressionUnreadable(f"at most {DEEPEST} comprehensions may stand inside each other.", line, column)


def _compiled(text: str) -> cel.Program:
    try:
        return cel.compile(text)
    except UnicodeError as error:
        raise ExpressionUnreadable("the expression holds half a character.") from error
    except Exception as error:
        found = _PLACE.search(str(error))
        if found is None:
            raise ExpressionUnreadable(_sentence(str(error))) from error
        raise ExpressionUnreadable(_sentence(found[3]), int(found[1]), int(found[2])) from error


def _sentence(text: str) -> str:
    short = text if len(text) <= _LONGEST_MESSAGE else text[:_LONGEST_MESSAGE] + "..."
    return short if short.endswith(".") else f"{short}."
