"""Lists of instances, page by page, with the total before paging."""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import select

from certloom.store.database import Database
from certloom.store.instance_search import (
    INSTANCE,
    STARTER,
    Pending,
    Wanted,
    narrowing,
    pages,
    pending_one,
    probe,
    total,
)
from certloom.store.paging import Paging, fetch_built, sort_field
from certloom.store.query_expression import And, Comparison, Expression, FieldKind, Operator

__all__ = ["QUERY_FIELDS", "SORT_FIELDS", "InstancePage", "ListedInstance", "is_pending_for", "list_instances"]


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
    "InitiatingUserName": "initiator_key",
    "StartDate": "started_at",
    "LastModified": "modified_at",
}
_DEFAULT_SORT = "CurrentStepDisplayName"


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
    """The instances somebody started, or that wait for an account with these roles, or all of them.

    Raises SortFieldUnknown or SearchTooSlow.
    """
    wanted = Wanted(
        sorted_by=SORT_FIELDS[sort_field(paging, SORT_FIELDS, _DEFAULT_SORT)],
        descending=paging.descending,
        limit=paging.limit,
        offset=paging.offset,
        query=_both(None if initiator_id is None else Comparison(STARTER, Operator.EQUAL, initiator_id), query),
        pending=None if pending_for is None else Pending(*pending_for),
    )
    narrow = await _narrow(database, wanted)
    ((number,),) = await fetch_built(database, total(wanted, narrow))
    return InstancePage(await _rows(database, wanted, narrow, number), number)


def _both(one: Expression | None, other: Expression | None) -> Expression | None:
    return And((one, other)) if one is not None and other is not None else one or other


async def _narrow(database: Database, wanted: Wanted) -> Comparison | None:
    """A comparison that few meet, and so leads to the matches."""
    for comparison in narrowing(wanted.query):
        ((number,),) = await fetch_built(database, probe(comparison, wanted.few))
        if number <= wanted.few:
            return comparison
    return None


async def _rows(
    database: Database, wanted: Wanted, narrow: Comparison | None, number: int
) -> tuple[ListedInstance, ...]:
    length = min(wanted.limit, number - wanted.offset)
    rows: list[tuple[Any, ...]] = []
    if length > 0:
        for statement in pages(wanted, narrow, number):
            rows = await fetch_built(database, statement)
            if len(rows) >= length:
                break
    return tuple(ListedInstance(*row) for row in rows)


async def is_pending_for(database: Database, instance_id: str, account_id: int, role_ids: tuple[int, ...]) -> bool:
    """Whether an instance waits for this account, or was signalled by it before."""
    pending = pending_one(Pending(account_id, role_ids), or_was=True)
    return bool(await fetch_built(database, select(INSTANCE.c.id).where(INSTANCE.c.id == instance_id, pending)))
