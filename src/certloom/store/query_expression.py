"""Query expressions: what a search asks for, as checked values, and how they are written.

Source: reference workflow-instances 6.
"""

from datetime import datetime
from enum import Enum, StrEnum
from uuid import UUID

import msgspec

__all__ = [
    "And",
    "Comparison",
    "Expression",
    "FieldKind",
    "Me",
    "Null",
    "Operator",
    "Or",
    "Today",
    "Value",
    "render",
]


class FieldKind(Enum):
    """What a searchable field holds; it decides which operators and values fit."""

    TEXT = "text"
    ACCOUNT = "account name"
    INTEGER = "integer"
    DATE = "date"
    GUID = "GUID"
    BOOLEAN = "true or false"
    INSTANCE_STATUS = "instance status"
    CERT_STATE = "certificate state"
    REVOCATION_REASON = "revocation reason"


class Operator(StrEnum):
    """The comparisons, in their spelling on the wire."""

    EQUAL = "-eq"
    NOT_EQUAL = "-ne"
    CONTAINS = "-contains"
    NOT_CONTAINS = "-notcontains"
    STARTS_WITH = "-startswith"
    ENDS_WITH = "-endswith"
    LESS = "-lt"
    LESS_OR_EQUAL = "-le"
    GREATER = "-gt"
    GREATER_OR_EQUAL = "-ge"


class Null(msgspec.Struct, frozen=True):
    """The absence of a value: ``NULL``."""


class Today(msgspec.Struct, frozen=True):
    """The present day in UTC, moved by whole days: ``%TODAY%``, ``%TODAY-30%``."""

    days: int = 0


class Me(msgspec.Struct, frozen=True):
    """The caller: ``%ME%``, or without the domain ``%ME-AN%``."""

    with_domain: bool = True


Value = str | bool | int | datetime | UUID | Null | Today | Me
"""What a field is compared with. Enumerations are their numbers, dates are in UTC."""


class Comparison(msgspec.Struct, frozen=True):
    """One comparison. ``field`` is spelled as the list of fields spells it, ``value`` fits its kind."""

    field: str
    operator: Operator
    value: Value


class And(msgspec.Struct, frozen=True):
    """All of two or more."""

    operands: tuple["Comparison | And | Or", ...]


class Or(msgspec.Struct, frozen=True):
    """At least one of two or more."""

    operands: tuple["Comparison | And | Or", ...]


Expression = Comparison | And | Or


def render(expression: Expression) -> str:
    """The expression in the query language; parsing it gives the same expression."""
    match expression:
        case Comparison(field, operator, value):
            return f"{field} {operator} {_written(value)}"
        case And(operands):
            return " AND ".join(_operand(operand) for operand in operands)
        case Or(operands):
            return " OR ".join(_operand(operand) for operand in operands)


def _operand(expression: Expression) -> str:
    written = render(expression)
    return written if isinstance(expression, Comparison) else f"({written})"


def _written(value: Value) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | UUID():
            return str(value)
        case Null():
            return "NULL"
        case _:
            return f'"{_quoted(value)}"'


def _quoted(value: str | datetime | Today | Me) -> str:
    match value:
        case str():
            return value.replace("\\", "\\\\").replace('"', '""')
        case datetime():
            return value.isoformat()
        case Today(days):
            return f"%TODAY{days:+d}%" if days else "%TODAY%"
        case Me(with_domain):
            return "%ME%" if with_domain else "%ME-AN%"
