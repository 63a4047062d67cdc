"""Lists of instances: built queries, page by page, with the total before paging."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, and_, asc, column, desc, exists, func, or_, select, table
from sqlalchemy.dialects import sqlite

from certloom.errors import Invalid
from certloom.store.database import Database
from certloom.store.moments import text_of
from certloom.store.query_expression import And, Comparison, Expression, FieldKind, Null, Operator, Or

__all__ = [
    "Columns",
    "InstancePage",
    "ListedInstance",
    "Paging",
    "SortFieldUnknown",
    "condition",
    "fetch_built",
    "is_pending_for",
    "list_instances",
    "ordering",
]


class SortFieldUnknown(Invalid):
    """A list cannot be sorted by this field."""

    code = "0xA011004A"


class Paging(msgspec.Struct, frozen=True):
    """Which page, how long, and in which order. ``page`` counts from 1."""

    page: int = 1
    limit: int = 50
    sort_field: str | None = None
    descending: bool = False


class ListedInstance(msgspec.Struct, frozen=True):
    """An instance as lists show it."""

    id: str
    reference_id: int
    status: str
    workflow_type: str
    definition_id: str
    definition_version: int
    definition_name: str
    step_id: str
    step_name: str
    step_display_name: str
    message: str
    title: str
    started_at: str
    modified_at: str


class InstancePage(msgspec.Struct, frozen=True):
    """One page, and how many there are in all."""

    rows: tuple[ListedInstance, ...]
    total: int


_NAMES = ListedInstance.__struct_fields__
_INSTANCE = table("instance", *(column(name) for name in (*_NAMES, "initiator", "initiator_id")))
_AWAITED = table(
    "awaited_signal", column("role_id"), column("instance_id"), column("signal_key"), column("excluded_id")
)
_SIGNALLED = table("signalled", column("account_id"), column("instance_id"), column("signal_key"))

SORT_FIELDS = {
    "Id": "id",
    "ReferenceId": "reference_id",
    "Status": "status",
    "WorkflowType": "workflow_type",
    "DefinitionId": "definition_id",
    "CurrentStepId": "step_id",
    "CurrentStepUniqueName": "step_name",
    "CurrentStepDisplayName": "step_display_name",
    "StatusMessage": "message",
    "Title": "title",
    "InitiatingUserName": "initiator",
    "StartDate": "started_at",
    "LastModified": "modified_at",
}
_DEFAULT_SORT = "CurrentStepDisplayName"
Columns = Mapping[str, ColumnElement[Any]]
"""The columns that can be searched and sorted, by their name on the wire."""
_COLUMNS: Columns = {name: _INSTANCE.c[column_name] for name, column_name in SORT_FIELDS.items()}


QUERY_FIELDS: Mapping[str, FieldKind] = {
    "Id": FieldKind.GUID,
    "DefinitionId": FieldKind.GUID,
    "InitiatingUserName": FieldKind.ACCOUNT,
    "LastModified": FieldKind.DATE,
    "ReferenceId": FieldKind.INTEGER,
    "StartDate": FieldKind.DATE,
    "Status": FieldKind.INSTANCE_STATUS,
    "Title": FieldKind.TEXT,
    "WorkflowType": FieldKind.TEXT,
}
"""What can be searched for (reference: workflow-instances 6.4)."""


async def list_instances(
    database: Database,
    paging: Paging,
    query: Expression | None = None,
    *,
    initiator_id: int | None = None,
    pending_for: tuple[int, tuple[int, ...]] | None = None,
) -> InstancePage:
    """The instances somebody started, or that wait for an account with these roles, or all of them."""
    conditions: list[ColumnElement[bool]] = []
    if initiator_id is not None:
        conditions.append(_INSTANCE.c.initiator_id == initiator_id)
    if pending_for is not None:
        conditions.append(_awaits(*pending_for))
    if query is not None:
        conditions.append(condition(query, _COLUMNS))
    where = and_(True, *conditions)
    total = await fetch_built(database, select(func.count()).select_from(_INSTANCE).where(where))
    listed = select(*(_INSTANCE.c[name] for name in _NAMES)).where(where)
    listed = listed.order_by(ordering(paging, _COLUMNS, _DEFAULT_SORT), _INSTANCE.c.id)
    listed = listed.limit(paging.limit).offset((paging.page - 1) * paging.limit)
    rows = await fetch_built(database, listed)
    return InstancePage(tuple(ListedInstance(*row) for row in rows), total[0][0])


def condition(expression: Expression, columns: Columns) -> ColumnElement[bool]:
    """The WHERE of a search over these columns."""
    match expression:
        case And(operands):
            return and_(*(condition(operand, columns) for operand in operands))
        case Or(operands):
            return or_(*(condition(operand, columns) for operand in operands))
        case Comparison(field, operator, value):
            return _compared(columns[field], operator, value)


def _compared(searched: ColumnElement[Any], operator: Operator, value: Any) -> ColumnElement[bool]:
    """The comparison of a column. Texts are compared ignoring case, as the product does."""
    if isinstance(value, Null):
        found: ColumnElement[bool] = searched.is_(None) if operator is Operator.EQUAL else searched.is_not(None)
        return found
    stored: Any = text_of(value) if isinstance(value, datetime) else value if isinstance(value, int) else str(value)
    column_value = func.casefold(searched) if isinstance(stored, str) else searched
    return _COMPARED[operator](column_value, stored.casefold() if isinstance(stored, str) else stored)


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


async def is_pending_for(database: Database, instance_id: str, account_id: int, role_ids: tuple[int, ...]) -> bool:
    """Whether an instance waits for this account, or was signalled by it before."""
    signalled = exists().where(_SIGNALLED.c.account_id == account_id, _SIGNALLED.c.instance_id == _INSTANCE.c.id)
    condition = or_(_awaits(account_id, role_ids), signalled)
    rows = await fetch_built(database, select(_INSTANCE.c.id).where(_INSTANCE.c.id == instance_id, condition))
    return bool(rows)


def _awaits(account_id: int, role_ids: tuple[int, ...]) -> ColumnElement[bool]:
    done = exists().where(
        _SIGNALLED.c.account_id == account_id,
        _SIGNALLED.c.instance_id == _AWAITED.c.instance_id,
        _SIGNALLED.c.signal_key == _AWAITED.c.signal_key,
    )
    waiting = select(_AWAITED.c.instance_id).where(
        _AWAITED.c.role_id.in_(role_ids), _AWAITED.c.excluded_id != account_id, ~done
    )
    return _INSTANCE.c.id.in_(waiting)


def ordering(paging: Paging, columns: Columns, default: str) -> ColumnElement[Any]:
    """The ORDER BY of a list. Raises SortFieldUnknown."""
    wanted = (paging.sort_field or default).strip()
    name = next((known for known in columns if known.casefold() == wanted.casefold()), None)
    if name is None:
        raise SortFieldUnknown(f"Invalid sort field: {wanted[:100]}. Allowed: {', '.join(columns)}.")
    order: ColumnElement[Any] = desc(columns[name]) if paging.descending else asc(columns[name])
    return order


async def fetch_built(database: Database, query: Select[Any]) -> list[tuple[Any, ...]]:
    """The rows of a built query."""
    compiled = query.compile(dialect=sqlite.dialect(), compile_kwargs={"render_postcompile": True})
    parameters = compiled.params
    values = [parameters[name] for name in compiled.positiontup or ()]
    return await database.fetch_all(str(compiled), *values)
