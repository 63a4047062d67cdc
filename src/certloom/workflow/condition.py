"""Conditions: a step runs only when all of its conditions are true.

A condition is the literal ``True`` or ``False``, or one token that yields one of them. Everything else, a missing
token included, is not true: nothing is ever true by accident (check D04). Source: workflow-definitions reference, 4.12.

Our extension: ``cel: `` and an expression over the instance's data. What it yields is found out elsewhere, because
it takes time; here its answer is given.
"""

from collections.abc import Mapping
from typing import Any

from certloom.workflow.tokens import is_token, replace_tokens

__all__ = ["expression_of", "first_untrue", "is_expression"]

_EXPRESSION = "cel:"


def is_expression(condition: str) -> bool:
    """Whether the condition is an expression, which the Keyfactor product does not have."""
    return condition.lstrip()[: len(_EXPRESSION)].casefold() == _EXPRESSION


def expression_of(condition: str) -> str:
    """The expression of a condition that is one."""
    return condition.lstrip()[len(_EXPRESSION) :].strip()


def first_untrue(
    conditions: tuple[str, ...], data: Mapping[str, Any], answers: Mapping[str, bool] | None = None
) -> str | None:
    """The first condition that does not hold, or None when the step may run.

    ``answers`` are what expressions yielded; one without an answer does not hold.
    """
    known = answers or {}
    return next((condition for condition in conditions if not _holds(condition, data, known)), None)


def _holds(condition: str, data: Mapping[str, Any], answers: Mapping[str, bool]) -> bool:
    if is_expression(condition):
        return answers.get(condition, False)
    # Several tokens, or one with text around it, could add up to "true" by accident.
    text = replace_tokens(condition, data) if is_token(condition) else condition
    return text.casefold() == "true"
