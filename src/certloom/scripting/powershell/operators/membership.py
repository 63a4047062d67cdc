"""Comparison operators on arrays, and ``-contains`` and ``-in`` (about_Comparison_Operators)."""

from collections.abc import Callable

from certloom.scripting.powershell.values.collections import ListValue
from certloom.scripting.powershell.values.comparison import compare, equal
from certloom.scripting.powershell.values.conversion import items_of

__all__ = ["COMPARISONS", "contains", "filtered"]

Test = Callable[[object, object, bool], bool]

COMPARISONS: dict[str, Test] = {
    "eq": lambda left, right, exact: equal(left, right, case_sensitive=exact),
    "ne": lambda left, right, exact: not equal(left, right, case_sensitive=exact),
    "gt": lambda left, right, exact: compare(left, right, case_sensitive=exact) > 0,
    "ge": lambda left, right, exact: compare(left, right, case_sensitive=exact) >= 0,
    "lt": lambda left, right, exact: compare(left, right, case_sensitive=exact) < 0,
    "le": lambda left, right, exact: compare(left, right, case_sensitive=exact) <= 0,
}


def filtered(test: Test, left: object, right: object, exact: bool) -> object:  # noqa: FBT001 - one of two forms
    """A comparison: of an array on the left it gives the items for which it holds."""
    if isinstance(left, list | ListValue):
        return [item for item in items_of(left) if test(item, right, exact)]
    return test(left, right, exact)


def contains(items: object, value: object, exact: bool) -> bool:  # noqa: FBT001 - one of two forms
    """Whether a value equals one of the items; a text is the one item it is."""
    return any(equal(item, value, case_sensitive=exact) for item in items_of(items))
