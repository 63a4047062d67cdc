"""Starting an instance: which definition takes the request, and the Change that begins it."""

from datetime import datetime
from typing import Any

import msgspec

from certloom.errors import Conflict, NotFound
from certloom.identity.actor import Actor
from certloom.operations.access import Operation
from certloom.operations.audit import entry
from certloom.operations.services import Services
from certloom.store.change import Change, Expect
from certloom.store.definitions import DefinitionRow, read_in_use
from certloom.store.instances import instance_write
from certloom.store.rows import Write
from certloom.workflow.event import InstanceStarted
from certloom.workflow.instance import DefinitionPin
from certloom.workflow.journal import apply

__all__ = ["DefinitionDisabled", "DefinitionMissing", "Start", "begin", "beginning"]


class DefinitionDisabled(Conflict):
    """The definition that takes this request is switched off."""


class DefinitionMissing(NotFound):
    """No published definition takes this request, and its type has no global one."""


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """A request that becomes an instance, ``at`` the moment it was made."""

    at: datetime
    operation: Operation
    workflow_type: str
    key: str
    data: dict[str, Any]


async def begin(
    services: Services,
    actor: Actor,
    start: Start,
    instance_id: str,
    guards: tuple[Expect, ...] = (),
    writes: tuple[Write, ...] = (),
) -> None:
    """Start an instance.

    Raises DefinitionMissing or DefinitionDisabled, and GuardLost when one of ``guards`` does not hold.
    ``writes`` ride in the same Change.
    """
    change = await beginning(services, actor, start, instance_id)
    await services.database.commit(msgspec.structs.replace(change, guards=guards, writes=writes))


async def beginning(services: Services, actor: Actor, start: Start, instance_id: str) -> Change:
    """The Change that starts an instance. Raises DefinitionMissing or DefinitionDisabled."""
    row = await _definition_for(services, start)
    pin = DefinitionPin(row.id, row.display_name, row.published_version or 0, row.workflow_type)
    event = InstanceStarted(
        at=start.at,
        id=instance_id,
        definition=pin,
        title=services.workflow_types[start.workflow_type].title(actor.display, start.data),
        initiator_id=actor.account_id,
        initiator=actor.display,
        data=start.data,
    )
    instance = apply(None, event)
    write = instance_write(None, instance, (event,), await services.definition(pin), None)
    audit = entry(services, actor.display, start.operation, ("WorkflowInstance", instance.id), instance.title)
    return Change(instances=(write,), audit=(audit,), wake=(instance.id,))


async def _definition_for(services: Services, start: Start) -> DefinitionRow:
    """The published definition of the key, else the global one.

    A definition that is switched off refuses: falling back would go round its approvals.
    """
    row = await read_in_use(services.database, start.workflow_type, start.key)
    if row is None:
        raise DefinitionMissing(
            f"No published {start.workflow_type} definition covers key {start.key}, so nothing was started. "
            "Publish one for it."
        )
    if not row.enabled:
        raise DefinitionDisabled(
            f"Definition {row.display_name} is switched off, so nothing it covers can start. "
            "Enable it, or delete it to let the global definition take over."
        )
    return row
