"""HashSet[T]."""

from collections.abc import Callable, Sequence

from certloom.scripting.powershell.runtime.session import Session
from certloom.scripting.powershell.types.arrays import any_value, length
from certloom.scripting.powershell.types.lists import fitting
from certloom.scripting.powershell.types.spec import TypeSpec, takes
from certloom.scripting.powershell.types.tables import ignores_case
from certloom.scripting.powershell.values.collections import ListValue, SetValue, TypedArray
from certloom.scripting.powershell.values.conversion import items_of
from certloom.scripting.powershell.values.objects import NOTHING, TypeRef

__all__ = ["HASH_SET"]

_NAME = "System.Collections.Generic.HashSet`1"


def _new(session: Session, target: object, arguments: Sequence[object]) -> object:
    element = target.arguments[0].full_name() if isinstance(target, TypeRef) and target.arguments else ""
    made = SetValue(_NAME, element, case_sensitive=not any(map(ignores_case, arguments)))
    for given in arguments:
        if isinstance(given, list | ListValue):
            session.budget.step(len(items_of(given)))
            _union(made, given)
    return made


def _add(target: SetValue, item: object) -> bool:
    return target.add(fitting(target, item))


def _union(target: SetValue, others: object) -> object:
    for item in items_of(others):
        _add(target, item)
    return NOTHING


def _keep(wanted: bool) -> Callable[[SetValue, object], object]:  # noqa: FBT001 - one of two forms
    def apply(target: SetValue, others: object) -> object:
        keys = {target.key(fitting(target, item)) for item in items_of(others)}
        target.keep(lambda key: (key in keys) is wanted)
        return NOTHING

    return apply


def _remove(target: SetValue, item: object) -> bool:
    gone = target.key(fitting(target, item))
    found = gone in target.keys
    if found:
        target.keep(lambda key: key != gone)
    return found


def _clear(target: SetValue) -> object:
    target.keep(lambda _: False)
    return NOTHING


def _array(target: SetValue) -> object:
    return TypedArray(list(target.items), target.element) if target.element else list(target.items)


HASH_SET = TypeSpec(
    name=_NAME,
    aliases=("System.Collections.Generic.HashSet",),
    bases=("System.Collections.ICollection", "System.Collections.IEnumerable"),
    properties={"Count": length, "IsReadOnly": lambda _: False, "IsFixedSize": lambda _: False},
    methods={
        "Add": takes(_add, any_value),
        "Remove": takes(_remove, any_value),
        "Clear": takes(_clear),
        "Contains": takes(lambda target, item: target.key(fitting(target, item)) in target.keys, any_value),
        "UnionWith": takes(_union, any_value),
        "IntersectWith": takes(_keep(wanted=True), any_value),
        "ExceptWith": takes(_keep(wanted=False), any_value),
        "ToArray": takes(_array),
        "GetEnumerator": takes(lambda target: list(target.items)),
    },
    new=_new,
    generic=1,
)
