"""Values of the query language: what a written value means for a field of a certain kind."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from certloom.api.enumerations import (
    CERT_STATE,
    INSTANCE_STATUS,
    REVOCATION_REASON,
    Enumeration,
    EnumerationValueUnknown,
)
from certloom.api.guid import read_guid
from certloom.errors import Invalid
from certloom.store.query_expression import FieldKind, Me, Null, Operator, Today, Value

__all__ = ["ValueUnfit", "operators_of", "read_value"]

EQUALITY: Final = (Operator.EQUAL, Operator.NOT_EQUAL)
TEXT_OPERATORS: Final = (
    *EQUALITY,
    Operator.CONTAINS,
    Operator.NOT_CONTAINS,
    Operator.STARTS_WITH,
    Operator.ENDS_WITH,
)
ORDER_OPERATORS: Final = (
    *EQUALITY,
    Operator.LESS,
    Operator.LESS_OR_EQUAL,
    Operator.GREATER,
    Operator.GREATER_OR_EQUAL,
)
TODAY: Final = re.compile(r"%TODAY(?P<days>[+-][0-9]{1,5})?%", re.ASCII | re.IGNORECASE)
INTEGER: Final = re.compile(r"-?[0-9]{1,19}", re.ASCII)
INTEGERS: Final = range(-(2**63), 2**63)


class ValueUnfit(Invalid):
    """A value that a field of this kind cannot be compared with. The message is a part of a sentence."""


def operators_of(kind: FieldKind) -> tuple[Operator, ...]:
    """The operators that fit a kind of field (reference: workflow-instances 6.2)."""
    if kind in {FieldKind.TEXT, FieldKind.ACCOUNT}:
        return TEXT_OPERATORS
    return ORDER_OPERATORS if kind in {FieldKind.INTEGER, FieldKind.DATE} else EQUALITY


def read_value(text: str, kind: FieldKind, *, quoted: bool) -> Value:
    """The meaning of a written value. Only a bare ``NULL`` is the null; special values may be quoted.

    Raises:
        ValueUnfit: saying what was expected instead.
    """
    if not quoted and text.casefold() == "null":
        return Null()
    return READERS[kind](text)


def _account(text: str) -> str | Me:
    special = text.upper()
    return Me(with_domain=special == "%ME%") if special in {"%ME%", "%ME-AN%"} else text


def _integer(text: str) -> int:
    if INTEGER.fullmatch(text) and (number := int(text)) in INTEGERS:
        return number
    raise ValueUnfit("an integer of at most 64 bits is expected")


def _boolean(text: str) -> bool:
    if text.casefold() not in {"true", "false", "1", "0"}:
        raise ValueUnfit("true or false is expected")
    return text.casefold() in {"true", "1"}


def _date(text: str) -> datetime | Today:
    today = TODAY.fullmatch(text)
    if today:
        return Today(int(today["days"] or 0))
    try:
        moment = datetime.fromisoformat(text)
        # A moment without a zone is UTC (reference: api-surface 2.2).
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueUnfit("a date such as 2026-03-07, 2026-03-07T12:00:00Z or %TODAY-30% is expected") from error


def _guid(text: str) -> UUID:
    try:
        return read_guid(text)
    except Invalid as error:
        raise ValueUnfit(error.message) from error


def _number_in(enumeration: Enumeration) -> Callable[[str], int]:
    def read(text: str) -> int:
        try:
            return enumeration.number_of(text)
        except EnumerationValueUnknown as error:
            raise ValueUnfit(error.message) from error

    return read


READERS: Final[Mapping[FieldKind, Callable[[str], Value]]] = {
    FieldKind.TEXT: str,
    FieldKind.ACCOUNT: _account,
    FieldKind.INTEGER: _integer,
    FieldKind.DATE: _date,
    FieldKind.GUID: _guid,
    FieldKind.BOOLEAN: _boolean,
    FieldKind.INSTANCE_STATUS: _number_in(INSTANCE_STATUS),
    FieldKind.CERT_STATE: _number_in(CERT_STATE),
    FieldKind.REVOCATION_REASON: _number_in(REVOCATION_REASON),
}
