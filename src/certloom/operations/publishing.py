"""Publishing: put a version into use, and say beforehand what is still open in it.

Source: workflow-definitions reference, 2.8.
"""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from certloom.errors import Conflict
from certloom.identity.actor import Actor
from certloom.operations.access import Operation, require
from certloom.operations.definition_steps import with_signal_ids
from certloom.operations.definition_versions import faults_of
from certloom.operations.definition_view import (
    DefinitionView,
    changed,
    commit_definition,
    existing_definition,
    existing_steps,
    unchanged,
    version_row,
    view_of,
)
from certloom.operations.immediate_starts import started_at_once
from certloom.operations.library_runs import library_points
from certloom.operations.services import Services
from certloom.operations.step_secrets import HeldSecret, held_secrets, seal_secrets, secret_points
from certloom.store.accounts import list_roles
from certloom.store.definitions import DefinitionRow, keys_of
from certloom.store.rows import Put
from certloom.workflow.definition import Step
from certloom.workflow.fault import Fault, Located
from certloom.workflow.faults import open_points, warnings

__all__ = ["DefinitionFindings", "DefinitionUnpublishable", "definition_findings", "publish_definition"]


class DefinitionUnpublishable(Located, Conflict):
    """The draft has open points; the message lists them."""


class DefinitionFindings(msgspec.Struct, frozen=True):
    """What keeps a version from being published, what of it is worth a second look, and whence its secrets come."""

    version: int
    open_points: tuple[Fault, ...]
    warnings: tuple[Fault, ...]
    secrets: tuple[HeldSecret, ...]


async def definition_findings(
    services: Services, actor: Actor, definition_id: UUID, version: int | None = None
) -> DefinitionFindings:
    """The findings of a version, by default the newest. Raises DefinitionNotFound."""
    require(actor, Operation.CHECK_DEFINITION)
    row = await existing_definition(services, definition_id)
    chosen = row.draft_version if version is None else version
    steps = await existing_steps(services, row, chosen)
    keys = await keys_of(services.database, row.id)
    points = await _open_points(services, row, keys, steps)
    return DefinitionFindings(chosen, points, warnings(steps, services.step_types), held_secrets(services, steps))


async def publish_definition(
    services: Services, actor: Actor, definition_id: UUID, version: int | None = None, *, force: bool = False
) -> DefinitionView:
    """Put a version into use, by default the newest; an older one is thereby put back.

    Raises DefinitionUnpublishable with every open point, or InstancesWouldStart.
    """
    require(actor, Operation.PUBLISH_DEFINITION)
    before = await existing_definition(services, definition_id)
    chosen = before.draft_version if version is None else version
    steps = await existing_steps(services, before, chosen)
    keys = await keys_of(services.database, before.id)
    points = await _open_points(services, before, keys, steps)
    if points:
        raise DefinitionUnpublishable("The definition cannot be published yet.", points)
    row = changed(before, published_version=chosen)
    started = await started_at_once(services, (before, keys), (row, keys), force=force)
    warned = "".join(f" Warning: {fault}." for fault in warnings(steps, services.step_types))
    # A step type may have become known since the draft was saved: now it is clear what of it is secret.
    completed = tuple(with_signal_ids(services, step) for step in steps)
    sealed, secrets = seal_secrets(services, row.id, completed, steps)
    writes = (Put(row), Put(version_row(row.id, chosen, sealed, published=1)), *secrets)
    message = f"Published version {chosen}.{started}{warned}"
    await commit_definition(services, actor, Operation.PUBLISH_DEFINITION, row, message, writes, (unchanged(before),))
    return await view_of(services, row, chosen)


async def _open_points(
    services: Services, row: DefinitionRow, keys: Sequence[str], steps: tuple[Step, ...]
) -> tuple[Fault, ...]:
    """Everything that keeps these steps from being published; faults of the structure among them."""
    roles = frozenset(role.id for role in await list_roles(services.database))
    return (
        *_missing_key(row, keys),
        *await faults_of(services, row, steps),
        *open_points(steps, services.step_types, roles),
        *await library_points(services, steps),
        *await secret_points(services, row.id, steps),
    )


def _missing_key(row: DefinitionRow, keys: Sequence[str]) -> tuple[Fault, ...]:
    text = "there is none, so nothing would ever reach this definition"
    return () if row.is_global or keys else (Fault("", "Keys", "key-missing", text),)
