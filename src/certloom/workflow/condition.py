"""Conditions: a step runs only when all of its conditions are true.

A condition is the literal ``True`` or ``False``, or one token that yields one of them. Everything else, a missing
token included, is not true: nothing is ever true by accident (check D04). Source: workflow-definitions reference, 4.12.
"""

from collections.abc import Mapping
from typing import Any

from certloom.workflow.tokens import is_token, replace_tokens

__all__ = ["first_untrue"]


def first_untrue(conditions: tuple[str, ...], data: Mapping[str, Any]) -> str | None:
    """The first condition that does not hold, or None when the step may run."""
    return next((condition for condition in conditions if not _holds(condition, data)), None)


def _holds(condition: str, data: Mapping[str, Any]) -> bool:
    # Several tokens, or one with text around it, could add up to "true" by accident.
    text = replace_tokens(condition, data) if is_token(condition) else condition
    return text.casefold() == "true"
