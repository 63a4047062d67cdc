"""Running blocks and reading properties for commands."""

from __future__ import annotations

from certloom.scripting.powershell.operators.matching import like
from certloom.scripting.powershell.runtime.session import Body, Emit, Scope
from certloom.scripting.powershell.types.members import MISSING, property_of
from certloom.scripting.powershell.types.properties import property_names
from certloom.scripting.powershell.values.collections import Hashtable
from certloom.scripting.powershell.values.objects import NOTHING, Nothing, ScriptBlock
from certloom.scripting.powershell.values.text import text

__all__ = ["computed", "matching_names", "run_for", "value_of"]


def run_for(scope: Scope, block: ScriptBlock, item: object, emit: Emit) -> None:
    """Run a block in the caller's scope with ``$_`` set."""
    budget = scope.session.budget
    before = scope.variables.get("_", MISSING)
    scope.variables["_"] = item
    budget.enter()
    try:
        if isinstance(block.body, Body):
            block.body.within(scope, emit)
    finally:
        budget.leave()
        if before is MISSING:
            scope.variables.pop("_", None)
        else:
            scope.variables["_"] = before


def value_of(scope: Scope, item: object, selector: object) -> object:
    """What a property name or a block gives for an item; null when it has no such property."""
    if isinstance(selector, Hashtable):
        selector = computed(selector)[1]
    if isinstance(selector, ScriptBlock):
        items: list[object] = []
        run_for(scope, selector, item, items.append)
        return items[0] if len(items) == 1 else items or None
    found = MISSING if item is None or isinstance(item, Nothing) else property_of(scope.session, item, text(selector))
    return None if found is MISSING else found


def computed(table: Hashtable) -> tuple[str, object]:
    """The name and the expression of a calculated property: ``@{ Name = ''; Expression = { } }``."""
    name, expression = "", NOTHING
    for entry in table:
        key = text(entry.key).lower()
        if key and ("name".startswith(key) or "label".startswith(key)):
            name = text(entry.value)
        elif key and "expression".startswith(key):
            expression = entry.value  # type: ignore[assignment]  # any selector
    return name or text(expression), expression


def matching_names(scope: Scope, item: object, wildcard: str) -> list[str]:
    """The names of an item's properties that fit a wildcard, in their order."""
    if not any(mark in wildcard for mark in "*?["):
        return [wildcard]
    scope.session.budget.step()
    return [name for name in property_names(item) if like(name, wildcard, case_sensitive=False)]
