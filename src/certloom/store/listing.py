"""Lists of instances: built queries, page by page, with the total before paging."""

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, and_, asc, column, desc, exists, func, or_, select, table
from sqlalchemy.dialects import sqlite

from certloom.errors import Invalid
from certloom.store.database import Database

__all__ = ["InstancePage", "ListedInstance", "Paging", "SortFieldUnknown", "is_pending_for", "list_instances"]


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


async def list_instances(
    database: Database,
    paging: Paging,
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
    where = and_(True, *conditions)
    total = await _fetch(database, select(func.count()).select_from(_INSTANCE).where(where))
    query = select(*(_INSTANCE.c[name] for name in _NAMES)).where(where)
    query = query.order_by(_order(paging), _INSTANCE.c.id)
    query = query.limit(paging.limit).offset((paging.page - 1) * paging.limit)
    rows = await _fetch(database, query)
    return InstancePage(tuple(ListedInstance(*row) for row in rows), total[0][0])


async def is_pending_for(database: Database, instance_id: str, account_id: int, role_ids: tuple[int, ...]) -> bool:
    """Whether an instance waits for this account, or was signalled by it before."""
    signalled = exists().where(_SIGNALLED.c.account_id == account_id, _SIGNALLED.c.instance_id == _INSTANCE.c.id)
    condition = or_(_awaits(account_id, role_ids), signalled)
    rows = await _fetch(database, select(_INSTANCE.c.id).where(_INSTANCE.c.id == instance_id, condition))
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


def _order(paging: Paging) -> ColumnElement[Any]:
    wanted = (paging.sort_field or _DEFAULT_SORT).strip()
    name = next((known for known in SORT_FIELDS if known.casefold() == wanted.casefold()), None)
    if name is None:
        raise SortFieldUnknown(f"Invalid sort field: {wanted[:100]}. Allowed: {', '.join(SORT_FIELDS)}.")
    chosen = _INSTANCE.c[SORT_FIELDS[name]]
    order: ColumnElement[Any] = desc(chosen) if paging.descending else asc(chosen)
    return order


async def _fetch(database: Database, query: Select[Any]) -> list[tuple[Any, ...]]:
    compiled = query.compile(dialect=sqlite.dialect(), compile_kwargs={"render_postcompile": True})
    parameters = compiled.params
    values = [parameters[name] for name in compiled.positiontup or ()]
    return await database.fetch_all(str(compiled), *values)
