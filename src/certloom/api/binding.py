"""Binding: the one way in which bytes of a request become the record that a route declares."""

import re
from typing import Annotated, Any, Final, TypeVar, overload
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta, inspect

from certloom.api.folding import FieldInvalid, fold, shape_of
from certloom.api.json_value import BodyLimits, read_json_value
from certloom.errors import Invalid

__all__ = ["Paging", "QueryStringUnreadable", "read_body", "read_query"]

T = TypeVar("T")
PLACE: Final = re.compile(r"(?P<reason>.*?)(?: - at `(?P<path>.*)`)?", re.DOTALL)
MAX_PARAMETERS: Final = 200
MAX_REASON_CHARACTERS: Final = 300


class QueryStringUnreadable(Invalid):
    """A query string that is not percent-encoded UTF-8, or has too many parameters."""


class Paging(msgspec.Struct, frozen=True, rename="pascal"):
    """What part of a list is asked for, in which order (reference: api-surface 2.7).

    ``sort_ascending`` is misnamed on the wire: 0 means ascending, 1 means descending. An empty ``query_string``
    asks for everything, an empty ``sort_field`` for the list's own order. The upper bound of ``return_limit`` is
    ours.
    """

    query_string: str = ""
    page_returned: Annotated[int, Meta(ge=1, le=2**31 - 1)] = 1
    return_limit: Annotated[int, Meta(ge=1, le=10_000)] = 50
    sort_field: str = ""
    sort_ascending: Annotated[int, Meta(ge=0, le=1)] = 0

    @property
    def descending(self) -> bool:
        """Whether the greatest value comes first."""
        return self.sort_ascending == 1

    @property
    def offset(self) -> int:
        """How many matches come before the page."""
        return (self.page_returned - 1) * self.return_limit


@overload
def read_body(raw: bytes, type_: type[T], limits: BodyLimits) -> T: ...
@overload
def read_body(raw: bytes, type_: Any, limits: BodyLimits) -> Any: ...
def read_body(raw: bytes, type_: Any, limits: BodyLimits) -> Any:
    """Read a JSON body into any type msgspec knows, as forgivingly as clients need and no more.

    Declared names are matched ignoring case; texts stand for booleans and numbers where those are declared;
    moments without a zone are UTC; an empty body is null. Free-form maps keep their names: see ``lookup.find``.

    Raises:
        BodyTooLarge, BodyTooDeep, BodyUnreadable, NamesCollide: for the bytes (``json_value``).
        FieldInvalid: for what is in them, with its place in wire names.

    Source: reference api-surface 2.1 and 2.2.
    """
    return _convert(read_json_value(raw, limits), type_)


def read_query(query_string: bytes, type_: type[T]) -> T:
    """Bind a query string to a record of scalars by the last dotted segment of each name, ignoring case.

    ``pq.returnLimit``, ``pagedQuery.returnLimit`` and ``ReturnLimit`` are one parameter. The last value wins, blank
    values count as not given, unknown names are ignored.

    Raises:
        QueryStringUnreadable: for bytes that are not percent-encoded UTF-8, NUL, or more than 200 parameters.
        FieldInvalid: for a value of the wrong type or out of range.

    Source: reference api-surface 2.7, workflow-instances 1.2.
    """
    declared = _declared(type_)
    values: dict[str, object] = {}
    for name, text in _parameters(query_string):
        last = name.rpartition(".")[2].casefold()
        if last in declared and text.strip():
            values[last] = text
    record: T = _convert(values, type_)
    return record


def _convert(value: object, type_: Any) -> Any:
    folded = fold(value, shape_of(type_))
    try:
        return msgspec.convert(folded, type_, strict=False)
    except msgspec.ValidationError as error:
        match = PLACE.fullmatch(str(error))
        path, reason = (match["path"] or "$", match["reason"]) if match else ("$", str(error))
        raise FieldInvalid(path, reason[:MAX_REASON_CHARACTERS]) from error


def _declared(type_: Any) -> set[str]:
    shape = shape_of(type_)
    fields = shape.fields if isinstance(shape, inspect.StructType) else ()
    return {field.encode_name.casefold() for field in fields}


def _parameters(query_string: bytes) -> list[tuple[str, str]]:
    try:
        parameters = parse_qsl(
            query_string.decode("utf-8"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=MAX_PARAMETERS,
        )
    except ValueError as error:
        message = (
            "The query string is not percent-encoded UTF-8, or has more than "
            f"{MAX_PARAMETERS} parameters. Correct the address."
        )
        raise QueryStringUnreadable(message) from error
    if any("\x00" in text for _, text in parameters):
        message = "The query string holds a NUL character. Remove it."
        raise QueryStringUnreadable(message)
    return parameters
