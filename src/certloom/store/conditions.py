"""From a checked query expression to a condition on the columns of a table."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, and_, func, literal_column, or_

from certloom.store.moments import text_of
from certloom.store.query_expression import And, Comparison, Expression, Null, Operator, Or

__all__ = ["Searched", "condition", "fields_of", "unindexed"]


class Searched(msgspec.Struct, frozen=True):
    """How a field is found in a table.

    ``column`` holds it. ``folded``, where there is one, holds it casefolded, for comparisons of the whole text.
    ``distinct`` selects, under a given condition, the few values the column has. ``exact`` columns hold one spelling.
    """

    column: ColumnElement[Any]
    folded: ColumnElement[Any] | None = None
    distinct: Callable[[Callable[[ColumnElement[Any]], ColumnElement[bool]]], Any] | None = None
    exact: bool = False


def condition(
    expression: Expression, fields: Mapping[str, Searched], indexed: Collection[Comparison] | None = None
) -> ColumnElement[bool]:
    """The condition. Only the comparisons that are ``indexed`` may use an index; None: as the database likes."""
    match expression:
        case And(operands):
            return and_(*(condition(operand, fields, indexed) for operand in operands))
        case Or(operands):
            return or_(*(condition(operand, fields, indexed) for operand in operands))
        case Comparison(field, operator, value):
            return _compared(fields[field], operator, value, by_index=indexed is None or expression in indexed)


def fields_of(expression: Expression) -> frozenset[str]:
    """The fields an expression searches."""
    if isinstance(expression, Comparison):
        return frozenset((expression.field,))
    return frozenset().union(*(fields_of(operand) for operand in expression.operands))


def unindexed(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The same value, for which SQLite uses no index: that is what the unary plus is documented to do there."""
    return literal_column(f"+{column}")


def _compared(searched: Searched, operator: Operator, value: Any, *, by_index: bool) -> ColumnElement[bool]:
    """The comparison of a field. Texts are compared ignoring case, as the product does."""

    def reached(column: ColumnElement[Any]) -> ColumnElement[Any]:
        return column if by_index else unindexed(column)

    if isinstance(value, Null):
        column = reached(searched.column)
        found: ColumnElement[bool] = column.is_(None) if operator is Operator.EQUAL else column.is_not(None)
        return found
    if isinstance(value, datetime | int) or searched.exact:
        stored = text_of(value) if isinstance(value, datetime) else value if isinstance(value, int) else str(value)
        return _COMPARED[operator](reached(searched.column), stored)
    folded = str(value).casefold()
    if searched.distinct is not None:
        few = searched.distinct(lambda column: _COMPARED[operator](func.casefold(column), folded))
        return reached(searched.column).in_(few)
    if searched.folded is not None:
        return _COMPARED[operator](reached(searched.folded), folded)
    return _COMPARED[operator](func.casefold(searched.column), folded)


_COMPARED: Mapping[Operator, Callable[[Any, Any], ColumnElement[bool]]] = {
    Operator.EQUAL: lambda searched, value: searched == value,
    Operator.NOT_EQUAL: lambda searched, value: searched != value,
    Operator.CONTAINS: lambda searched, value: searched.contains(value, autoescape=True),
    Operator.NOT_CONTAINS: lambda searched, value: ~searched.contains(value, autoescape=True),
    Operator.STARTS_WITH: lambda searched, value: searched.startswith(value, autoescape=True),
    Operator.ENDS_WITH: lambda searched, value: searched.endswith(value, autoescape=True),
    Operator.LESS: lambda searched, value: searched < value,
    Operator.LESS_OR_EQUAL: lambda searched, value: searched <= value,
    Operator.GREATER: lambda searched, value: searched > value,
    Operator.GREATER_OR_EQUAL: lambda searched, value: searched >= value,
}
