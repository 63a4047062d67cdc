"""What lists have in common: which page is asked for, and of what."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import msgspec

from certloom.api.binding import Paging as ListRequest
from certloom.api.call import Call
from certloom.api.enumerations import INSTANCE_STATUS
from certloom.api.query_language import parse
from certloom.store.paging import Paging
from certloom.store.query_expression import And, Comparison, Expression, FieldKind, Me, Or, Today, Value

__all__ = ["TOTAL", "ListRequest", "page_of", "query_of"]

TOTAL: Final = {"x-total-count": "How many there are in all, before paging"}
"""The header of a list, for its description."""


def page_of(call: Call) -> Paging:
    """The page a list request asks for. Raises what ``read_query`` raises."""
    wanted = call.query(ListRequest)
    return Paging(wanted.page_returned, wanted.return_limit, wanted.sort_field or None, wanted.descending)


def query_of(call: Call, fields: Mapping[str, FieldKind]) -> Expression | None:
    """What a list request searches for, with the caller and the present day filled in. Raises QueryInvalid."""
    expression = parse(call.query(ListRequest).query_string, fields)
    return None if expression is None else _resolved(expression, call, fields)


def _resolved(expression: Expression, call: Call, fields: Mapping[str, FieldKind]) -> Expression:
    match expression:
        case And(operands):
            return And(tuple(_resolved(operand, call, fields) for operand in operands))
        case Or(operands):
            return Or(tuple(_resolved(operand, call, fields) for operand in operands))
        case Comparison(field, _, value):
            return msgspec.structs.replace(expression, value=_value(value, fields[field], call))


def _value(value: Value, kind: FieldKind, call: Call) -> Value:
    match value:
        case Me(with_domain):
            return call.actor.display if with_domain else call.actor.name.user
        case Today(days):
            midnight = call.services.clock().replace(hour=0, minute=0, second=0, microsecond=0)
            return midnight + timedelta(days=days)
        case int() if kind is FieldKind.INSTANCE_STATUS:
            return INSTANCE_STATUS.name_of(value)
        case _:
            return value
