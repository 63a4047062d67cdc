"""Validation attributes of parameters (about_Functions_Advanced_Parameters)."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from certloom.scripting.powershell.compiling.compiler import Compiler
from certloom.scripting.powershell.operators.matching import matched
from certloom.scripting.powershell.runtime.session import Scope
from certloom.scripting.powershell.syntax.statements import Attribute
from certloom.scripting.powershell.values.collections import ListValue
from certloom.scripting.powershell.values.comparison import compare, equal
from certloom.scripting.powershell.values.conversion import items_of, to_int
from certloom.scripting.powershell.values.errors import ScriptError, failure
from certloom.scripting.powershell.values.objects import ScriptBlock
from certloom.scripting.powershell.values.text import text
from certloom.scripting.powershell.values.truth import truth

__all__ = ["VALIDATIONS", "Check", "checks"]

_NULL = "The argument is null. Provide a valid value for the argument, and then try running the command again."
Check = Callable[[Scope, str, object], None]
_Rule = Callable[[Scope, object, list[object]], str]
"""Gives what is wrong with one value, or an empty text."""


def _set(_: Scope, value: object, given: list[object]) -> str:
    if any(equal(text(value), text(one)) for one in given):
        return ""
    return (
        f'The argument "{text(value)}" does not belong to the set "{",".join(map(text, given))}" '
        f"specified by the ValidateSet attribute. Supply an argument that is in the set and then try the command again."
    )


def _range(_: Scope, value: object, given: list[object]) -> str:
    least, most = given[0], given[1]
    if compare(value, most) > 0:
        return (
            f"The {text(value)} argument is greater than the maximum allowed range of {text(most)}. "
            f"Supply an argument that is less than or equal to {text(most)} and then try the command again."
        )
    if compare(value, least) < 0:
        return (
            f"The {text(value)} argument is less than the minimum allowed range of {text(least)}. "
            f"Supply an argument that is greater than or equal to {text(least)} and then try the command again."
        )
    return ""


def _length(_: Scope, value: object, given: list[object]) -> str:
    size = len(text(value))
    if size < to_int(given[0]):
        return (
            f"The character length ({size}) of the argument is too short. "
            f'Specify an argument with a length that is greater than or equal to "{text(given[0])}", '
            f"and then try the command again."
        )
    if size > to_int(given[1]):
        return (
            f"The character length of the {size} argument is too long. "
            f"Shorten the character length of the argument so it is fewer than or equal to "
            f'"{text(given[1])}" characters, and then try the command again.'
        )
    return ""


def _pattern(_: Scope, value: object, given: list[object]) -> str:
    if matched(text(value), text(given[0]), case_sensitive=False) is not None:
        return ""
    return (
        f'The argument "{text(value)}" does not match the "{text(given[0])}" pattern. '
        f'Supply an argument that matches "{text(given[0])}" and try the command again.'
    )


def _script(scope: Scope, value: object, given: list[object]) -> str:
    block = given[0]
    if scope.session.invoke is None or not isinstance(block, ScriptBlock):
        return ""
    if truth(scope.session.invoke(block, [value], {"_": value})):
        return ""
    return (
        f'The "{block.text}" validation script for the argument with value "{text(value)}" did not '
        f"return a result of True. Determine why the validation script failed, and then try the command again."
    )


def _not_null(_: Scope, value: object, __: list[object]) -> str:
    return "" if value is not None else _NULL


def _not_empty(_: Scope, value: object, __: list[object]) -> str:
    if value is None or value == "" or (isinstance(value, list | ListValue) and not items_of(value)):
        return (
            "The argument is null or empty. Provide an argument that is not null or empty, and then "
            "try the command again."
        )
    return ""


def _count(_: Scope, value: object, given: list[object]) -> str:
    size = len(items_of(value)) if value is not None else 0
    if to_int(given[0]) <= size <= to_int(given[1]):
        return ""
    return f"The number of provided arguments ({size}) is not within the range of {text(given[0])} to {text(given[1])}."


_EACH: dict[str, tuple[_Rule, int]] = {
    "validateset": (_set, 1),
    "validaterange": (_range, 2),
    "validatelength": (_length, 2),
    "validatepattern": (_pattern, 1),
    "validatescript": (_script, 1),
}
_WHOLE: dict[str, tuple[_Rule, int]] = {
    "validatenotnull": (_not_null, 0),
    "validatenotnullorempty": (_not_empty, 0),
    "validatecount": (_count, 2),
}
VALIDATIONS = frozenset(
    {*_EACH, *_WHOLE, "parameter", "alias", "allownull", "allowemptystring", "allowemptycollection", "cmdletbinding"}
    | {"outputtype"}
)


def checks(compiler: Compiler, attributes: tuple[msgspec.Struct, ...]) -> tuple[Check, ...]:
    """The checks that the attributes of a parameter or a variable ask for."""
    found = []
    for attribute in attributes:
        if not isinstance(attribute, Attribute):
            continue
        name = attribute.name.lower().removesuffix("attribute")
        rule = _EACH.get(name) or _WHOLE.get(name)
        if rule is not None:
            found.append(_check(compiler, attribute, rule, each=name in _EACH))
    return tuple(found)


def _check(compiler: Compiler, attribute: Attribute, rule: tuple[_Rule, int], *, each: bool) -> Check:
    given = tuple(compiler.expression(one) for one in attribute.positional)
    test, needed = rule

    def check(scope: Scope, name: str, value: object) -> None:
        arguments = [item for one in given for item in items_of(one(scope))]
        if len(arguments) < needed:
            raise failure(f"The attribute {attribute.name} needs {needed} values.")
        for item in items_of(value) if each else [value]:
            problem = test(scope, item, arguments)
            if problem:
                raise refused(name, problem)

    return check


def refused(name: str, problem: str) -> ScriptError:
    """The error of a value that a parameter does not take."""
    return failure(
        f"Cannot validate argument on parameter '{name}'. {problem}",
        "System.Management.Automation.ParameterBindingException",
    )
