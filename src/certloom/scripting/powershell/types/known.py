"""Which members exist at all: what can be said about a script without running it."""

from functools import cache

from certloom.scripting.powershell.types.registry import TYPES
from certloom.scripting.powershell.types.spec import TypeSpec

__all__ = ["known_method", "known_static"]


@cache
def _methods() -> frozenset[str]:
    return frozenset(name.lower() for spec in TYPES for name in spec.methods)


def known_method(name: str) -> bool:
    """Whether values of any type have a method of that name."""
    return name.lower() in _methods()


def known_static(spec: TypeSpec, name: str, *, called: bool) -> bool:
    """Whether a type has a static member of that name."""
    wanted = name.lower()
    if called:
        return wanted == "new" or wanted in {one.lower() for one in spec.static_methods}
    names = {one.lower() for one in spec.static_properties}
    return wanted in names or f"get_{wanted}" in {one.lower() for one in spec.static_methods}
