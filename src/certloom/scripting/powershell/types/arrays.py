"""System.Array: arrays of any element type, and its static members."""

from collections.abc import Callable, Sequence

from certloom.scripting.powershell.runtime.session import Session
from certloom.scripting.powershell.types.spec import TypeSpec, static, takes
from certloom.scripting.powershell.values.collections import TypedArray
from certloom.scripting.powershell.values.comparison import compare, equal
from certloom.scripting.powershell.values.conversion import items_of, to_int
from certloom.scripting.powershell.values.errors import ScriptError, failure
from certloom.scripting.powershell.values.objects import NOTHING

__all__ = ["ARRAY", "any_value", "index_in", "ordered"]


def any_value(value: object) -> object:
    """The conversion of a parameter that takes anything."""
    return value


def _fixed(name: str) -> Callable[[Session, object, Sequence[object]], object]:
    def method(_: Session, __: object, arguments: Sequence[object]) -> object:
        raise failure(
            f'Exception calling "{name}" with "{len(arguments)}" argument(s): "Collection was of a fixed size."',
            "System.Management.Automation.MethodInvocationException",
            "System.NotSupportedException",
        )

    return method


def index_in(items: list[object], value: object, start: int = 0) -> int:
    """The place of the first item that equals a value, text by text; -1 without one."""
    for at in range(max(start, 0), len(items)):
        if type(items[at]) is type(value) and equal(items[at], value, case_sensitive=True):
            return at
    return -1


def outside() -> ScriptError:
    """The error of an index outside an array."""
    return failure("Index was outside the bounds of the array.", inner="System.IndexOutOfRangeException")


class ordered:  # noqa: N801 - a sort key reads as a word
    """A sort key for any values that have an order."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value

    def __lt__(self, other: "ordered") -> bool:
        return compare(self.value, other.value) < 0


def _get(value: object, index: int) -> object:
    items = items_of(value)
    if not 0 <= index < len(items):
        raise outside()
    return items[index]


def _set(value: object, item: object, index: int) -> object:
    items = items_of(value)
    if not 0 <= index < len(items):
        raise outside()
    items[index] = item
    return NOTHING


def _copy(value: object) -> object:
    return TypedArray(list(value), value.element) if isinstance(value, TypedArray) else list(items_of(value))


def _sort(session: Session, _: object, arguments: Sequence[object]) -> object:
    items = items_of(arguments[0]) if arguments else []
    session.budget.step(len(items) * len(items).bit_length())
    items[:] = sorted(items, key=ordered)
    return NOTHING


def _reverse(value: object) -> object:
    items_of(value).reverse()
    return NOTHING


def _find(value: object, wanted: object, start: int = 0) -> int:
    return index_in(items_of(value), wanted, start)


def _last(value: object, wanted: object) -> int:
    items = items_of(value)
    at = index_in(items[::-1], wanted)
    return -1 if at < 0 else len(items) - 1 - at


def length(value: object) -> int:
    """How many items there are."""
    return len(items_of(value))


ARRAY = TypeSpec(
    name="System.Array",
    aliases=("array",),
    bases=("System.Collections.IList", "System.Collections.ICollection", "System.Collections.IEnumerable"),
    properties={
        "Length": length,
        "Count": length,
        "LongLength": length,
        "Rank": lambda _: 1,
        "IsFixedSize": lambda _: True,
        "IsReadOnly": lambda _: False,
        "SyncRoot": any_value,
    },
    methods={
        "Add": _fixed("Add"),
        "Remove": _fixed("Remove"),
        "RemoveAt": _fixed("RemoveAt"),
        "Insert": _fixed("Insert"),
        "Clear": _fixed("Clear"),
        "Contains": takes(lambda value, item: index_in(items_of(value), item) >= 0, any_value),
        "IndexOf": takes(lambda value, item: index_in(items_of(value), item), any_value),
        "GetValue": takes(_get, to_int),
        "SetValue": takes(_set, any_value, to_int),
        "Get": takes(_get, to_int),
        "Set": takes(lambda value, index, item: _set(value, item, index), to_int, any_value),
        "GetLength": takes(lambda value, _: length(value), to_int),
        "GetUpperBound": takes(lambda value, _: length(value) - 1, to_int),
        "GetLowerBound": takes(lambda _, __: 0, to_int),
        "Clone": takes(_copy),
        "GetEnumerator": takes(items_of),
    },
    static_methods={
        "IndexOf": static(_find, any_value, any_value, to_int, least=2),
        "LastIndexOf": static(_last, any_value, any_value),
        "Reverse": static(_reverse, any_value),
        "Sort": _sort,
        "Empty": static(list),
    },
)
