"""Short lists: read as a whole, then searched, sorted and cut into pages here, by the rules of every other list."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec
from litestar import Response

from certloom.api.answers import answer
from certloom.api.call import Call
from certloom.api.listing import page_of, query_of
from certloom.store.paging import Paging, SortFieldUnknown
from certloom.store.query_expression import And, Comparison, Expression, FieldKind, Null, Operator, Or

__all__ = ["ListField", "ShortList"]

T = TypeVar("T")


class ListField(msgspec.Struct, Generic[T], frozen=True):
    """A field of a list: its values in an item (several for a list, any of which may match), and what it holds.

    ``kind`` None: the list can be sorted by it and not searched.
    """

    values: Callable[[T], Sequence[str | int | None]]
    kind: FieldKind | None = None


class ShortList(Generic[T]):
    """How one list is searched and sorted; the first field is its own order."""

    def __init__(self, fields: Mapping[str, ListField[T]]) -> None:
        self._fields = fields
        self._kinds = {name: field.kind for name, field in fields.items() if field.kind is not None}

    def answer(self, call: Call, items: Sequence[T], shape: Callable[[T], Any]) -> Response[bytes]:
        """The page a request asks for, each item in its shape on the wire, and how many there are.

        Raises QueryInvalid or SortFieldUnknown, and what ``read_query`` raises.
        """
        page, query = page_of(call), query_of(call, self._kinds)
        found = [item for item in items if query is None or self._matches(item, query)]
        found.sort(key=self._order(page), reverse=page.descending)
        first = (page.page - 1) * page.limit
        shown = [shape(item) for item in found[first : first + page.limit]]
        return answer(shown, {"x-total-count": str(len(found))})

    def _order(self, page: Paging) -> Callable[[T], Any]:
        wanted = (page.sort_field or next(iter(self._fields))).strip()
        name = next((known for known in self._fields if known.casefold() == wanted.casefold()), None)
        if name is None:
            raise SortFieldUnknown(f"Invalid sort field: {wanted[:100]}. Allowed: {', '.join(self._fields)}.")
        values = self._fields[name].values
        return lambda item: [(value is not None, _folded(value)) for value in values(item)]

    def _matches(self, item: T, expression: Expression) -> bool:
        match expression:
            case And(operands):
                return all(self._matches(item, operand) for operand in operands)
            case Or(operands):
                return any(self._matches(item, operand) for operand in operands)
            case comparison:
                return _compared(comparison, self._fields[comparison.field].values(item))


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _compared(comparison: Comparison, values: Sequence[Any]) -> bool:
    """Whether any value matches; of a comparison that excludes, whether none is what it excludes."""
    operator, excluding = _EXCLUDING.get(comparison.operator, (comparison.operator, False))
    if isinstance(comparison.value, Null):
        found = all(value is None for value in values)
    else:
        wanted = comparison.value if isinstance(comparison.value, int) else str(comparison.value).casefold()
        found = any(value is not None and _HOLDS[operator](_folded(value), wanted) for value in values)
    return found is not excluding


_EXCLUDING = {
    Operator.NOT_EQUAL: (Operator.EQUAL, True),
    Operator.NOT_CONTAINS: (Operator.CONTAINS, True),
}
_HOLDS: Mapping[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQUAL: lambda value, wanted: value == wanted,
    Operator.CONTAINS: lambda value, wanted: wanted in value,
    Operator.STARTS_WITH: lambda value, wanted: value.startswith(wanted),
    Operator.ENDS_WITH: lambda value, wanted: value.endswith(wanted),
    Operator.LESS: lambda value, wanted: value < wanted,
    Operator.LESS_OR_EQUAL: lambda value, wanted: value <= wanted,
    Operator.GREATER: lambda value, wanted: value > wanted,
    Operator.GREATER_OR_EQUAL: lambda value, wanted: value >= wanted,
}
