"""ArrayList, List[T], Queue[T] and Stack[T]."""

from collections.abc import Callable, Sequence

from certloom.scripting.powershell.runtime.session import Session
from certloom.scripting.powershell.types.arrays import any_value, index_in, length, ordered
from certloom.scripting.powershell.types.spec import Method, TypeSpec, takes
from certloom.scripting.powershell.values.collections import ListValue, TypedArray
from certloom.scripting.powershell.values.conversion import convert, items_of, to_int
from certloom.scripting.powershell.values.errors import ScriptError, failure
from certloom.scripting.powershell.values.objects import NOTHING, ScriptBlock, TypeRef
from certloom.scripting.powershell.values.truth import truth

__all__ = ["LISTS", "fitting"]

_GENERIC = "System.Collections.Generic."
_BASES = ("System.Collections.ICollection", "System.Collections.IEnumerable")


def fitting(target: ListValue, item: object) -> object:
    """An item as the type of the elements has it."""
    return convert(item, TypeRef(target.element)) if target.element and "[" not in target.element else item


def _add(target: ListValue, item: object) -> object:
    target.grow()
    target.items.append(fitting(target, item))
    return len(target.items) - 1 if not target.element else NOTHING


def _add_range(target: ListValue, items: object) -> object:
    added = [fitting(target, item) for item in items_of(items)]
    target.grow(len(added))
    target.items.extend(added)
    return NOTHING


def _outside() -> ScriptError:
    return failure(
        "Index was out of range. Must be non-negative and less than the size of the collection. (Parameter 'index')",
        inner="System.ArgumentOutOfRangeException",
    )


def _insert(target: ListValue, index: int, item: object) -> object:
    if not 0 <= index <= len(target.items):
        raise _outside()
    target.grow()
    target.items.insert(index, fitting(target, item))
    return NOTHING


def _remove(target: ListValue, item: object) -> object:
    at = index_in(target.items, item)
    if at >= 0:
        del target.items[at]
    return at >= 0 if target.element else NOTHING


def _remove_at(target: ListValue, index: int) -> object:
    if not 0 <= index < len(target.items):
        raise _outside()
    del target.items[index]
    return NOTHING


def _range(target: ListValue, start: int, count: int) -> list[object]:
    if start < 0 or count < 0 or start + count > len(target.items):
        raise failure("Offset and length were out of bounds for the array.", inner="System.ArgumentException")
    return target.items[start : start + count]


def _remove_range(target: ListValue, start: int, count: int) -> object:
    _range(target, start, count)
    del target.items[start : start + count]
    return NOTHING


def _clear(target: ListValue) -> object:
    target.items.clear()
    return NOTHING


def _reverse(target: ListValue) -> object:
    target.items.reverse()
    return NOTHING


def _array(target: ListValue) -> object:
    return TypedArray(list(target.items), target.element) if target.element else list(target.items)


def _sort(session: Session, target: object, _: Sequence[object]) -> object:
    items = items_of(target)
    session.budget.step(len(items) * len(items).bit_length())
    items[:] = sorted(items, key=ordered)
    return NOTHING


def _tested(session: Session, block: object, item: object) -> bool:
    if not isinstance(block, ScriptBlock) or session.invoke is None:
        raise failure("This method takes a script block.")
    return truth(session.invoke(block, [item], {"_": item}))


def _searching(work: Callable[[list[object], list[bool]], object]) -> Method:
    def method(session: Session, target: object, arguments: Sequence[object]) -> object:
        items = items_of(target)
        block = arguments[0] if arguments else None
        return work(items, [_tested(session, block, item) for item in items])

    return method


def _found(items: list[object], tests: list[bool]) -> object:
    return next((item for item, test in zip(items, tests, strict=True) if test), None)


def _kept(items: list[object], tests: list[bool]) -> object:
    return [item for item, test in zip(items, tests, strict=True) if test]


def _dropped(items: list[object], tests: list[bool]) -> object:
    items[:] = [item for item, test in zip(items, tests, strict=True) if not test]
    return sum(tests)


def _new(name: str) -> Method:
    def make(_: Session, target: object, arguments: Sequence[object]) -> object:
        element = target.arguments[0].full_name() if isinstance(target, TypeRef) and target.arguments else ""
        made = ListValue([], name, element)
        for given in arguments:
            if isinstance(given, list | ListValue):
                for item in items_of(given):
                    _add(made, item)
        return made

    return make


_LIST: dict[str, Method] = {
    "Add": takes(_add, any_value),
    "AddRange": takes(_add_range, any_value),
    "Insert": takes(_insert, to_int, any_value),
    "Remove": takes(_remove, any_value),
    "RemoveAt": takes(_remove_at, to_int),
    "RemoveRange": takes(_remove_range, to_int, to_int),
    "GetRange": takes(_range, to_int, to_int),
    "Clear": takes(_clear),
    "Contains": takes(lambda target, item: index_in(target.items, item) >= 0, any_value),
    "IndexOf": takes(lambda target, item: index_in(target.items, item), any_value),
    "Reverse": takes(_reverse),
    "Sort": _sort,
    "ToArray": takes(_array),
    "GetEnumerator": takes(lambda target: list(target.items)),
    "Clone": takes(lambda target: ListValue(list(target.items), target.type, target.element)),
}
_SEARCHES: dict[str, Method] = {
    "Find": _searching(_found),
    "FindAll": _searching(_kept),
    "FindIndex": _searching(lambda _, tests: tests.index(True) if True in tests else -1),
    "Exists": _searching(lambda _, tests: any(tests)),
    "TrueForAll": _searching(lambda _, tests: all(tests)),
    "RemoveAll": _searching(_dropped),
}


def _taken(place: int, *, remove: bool, name: str) -> Callable[[ListValue], object]:
    def take(target: ListValue) -> object:
        if not target.items:
            raise failure(f"{name} empty.", inner="System.InvalidOperationException")
        return target.items.pop(place) if remove else target.items[place]

    return take


def _push(target: ListValue, item: object) -> object:
    target.grow()
    target.items.insert(0, fitting(target, item))
    return NOTHING


def _enqueue(target: ListValue, item: object) -> object:
    target.grow()
    target.items.append(fitting(target, item))
    return NOTHING


_QUEUE: dict[str, Method] = {
    "Enqueue": takes(_enqueue, any_value),
    "Dequeue": takes(_taken(0, remove=True, name="Queue")),
    "Peek": takes(_taken(0, remove=False, name="Queue")),
}
_STACK: dict[str, Method] = {
    "Push": takes(_push, any_value),
    "Pop": takes(_taken(0, remove=True, name="Stack")),
    "Peek": takes(_taken(0, remove=False, name="Stack")),
}
_SHARED = {name: _LIST[name] for name in ("Clear", "Contains", "ToArray", "GetEnumerator")}


def _spec(name: str, methods: dict[str, Method], *, generic: int = 1) -> TypeSpec:
    return TypeSpec(
        name=name,
        aliases=(name.partition("`")[0],),
        bases=("System.Collections.IList", *_BASES) if "List" in name else _BASES,
        properties={"Count": length, "IsReadOnly": lambda _: False, "IsFixedSize": lambda _: False},
        methods=methods,
        new=_new(name),
        generic=generic,
    )


LISTS: tuple[TypeSpec, ...] = (
    _spec("System.Collections.ArrayList", _LIST, generic=0),
    _spec(f"{_GENERIC}List`1", _LIST | _SEARCHES),
    _spec(f"{_GENERIC}Queue`1", _SHARED | _QUEUE),
    _spec(f"{_GENERIC}Stack`1", _SHARED | _STACK),
)
