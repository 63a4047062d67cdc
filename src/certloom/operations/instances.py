"""Reading instances: one, all, mine, and those that wait for me."""

from uuid import UUID

import msgspec

from certloom.errors import NotFound
from certloom.identity.actor import Actor
from certloom.operations.access import Operation, Scope, instance_scopes, require
from certloom.operations.services import Services
from certloom.store.instances import InstanceRow, Machine, machine_of, read_row
from certloom.store.listing import InstancePage, is_pending_for, list_instances
from certloom.store.paging import Paging
from certloom.store.query_expression import Expression
from certloom.workflow.definition import Definition
from certloom.workflow.instance import DefinitionPin, Status

__all__ = ["InstanceNotFound", "InstanceView", "SignalState", "assigned_instances", "instances", "my_instances",
           "read_one"]  # fmt: skip


class InstanceNotFound(NotFound):
    """No instance of that id, or none the caller may see: the two cannot be told apart."""


class SignalState(msgspec.Struct, frozen=True):
    """A signal the current step takes, and whether one has come in."""

    name: str
    id: str
    received: bool


class InstanceView(msgspec.Struct, frozen=True):
    """An instance's row with its reference id and the signals of its current step."""

    row: InstanceRow
    reference_id: int
    signals: tuple[SignalState, ...]


async def read_one(services: Services, actor: Actor, instance_id: UUID) -> InstanceView:
    """One instance. Raises PermissionMissing without any read permission, InstanceNotFound outside one's scope."""
    scopes = instance_scopes(actor)
    found = await read_row(services.database, str(instance_id))
    if found is None or not await _within(services, actor, scopes, found[0]):
        raise InstanceNotFound(
            f"There is no workflow instance {instance_id}, or it is not among those you may read. "
            "GET /Workflow/Instances/My and /Workflow/Instances/AssignedToMe list yours."
        )
    row, reference_id = found
    return InstanceView(row, reference_id, await _signals(services, row))


async def instances(services: Services, actor: Actor, paging: Paging, query: Expression | None) -> InstancePage:
    """Every instance that matches; all of them without a query."""
    require(actor, Operation.LIST_INSTANCES)
    return await list_instances(services.database, paging, query)


async def my_instances(services: Services, actor: Actor, paging: Paging, query: Expression | None) -> InstancePage:
    """The instances the caller started."""
    require(actor, Operation.LIST_MY_INSTANCES)
    return await list_instances(services.database, paging, query, initiator_id=actor.account_id)


async def assigned_instances(
    services: Services, actor: Actor, paging: Paging, query: Expression | None
) -> InstancePage:
    """The instances that wait for a signal the caller may send and has not sent."""
    require(actor, Operation.LIST_ASSIGNED_INSTANCES)
    return await list_instances(
        services.database, paging, query, pending_for=(actor.account_id, tuple(sorted(actor.role_ids)))
    )


async def _within(services: Services, actor: Actor, scopes: frozenset[Scope], row: InstanceRow) -> bool:
    if Scope.ALL in scopes or (Scope.MINE in scopes and row.initiator_id == actor.account_id):
        return True
    return Scope.PENDING in scopes and await is_pending_for(
        services.database, row.id, actor.account_id, tuple(sorted(actor.role_ids))
    )


async def _signals(services: Services, row: InstanceRow) -> tuple[SignalState, ...]:
    if row.status != Status.SUSPENDED:
        return ()
    pin = DefinitionPin(row.definition_id, row.definition_name, row.definition_version, row.workflow_type)
    return signal_states(await services.definition(pin), row.step_name, machine_of(row))


def signal_states(definition: Definition, step_name: str, machine: Machine) -> tuple[SignalState, ...]:
    """The awaited signals of a step, each with whether one of its name has come in."""
    ids = definition.step(step_name).signal_ids
    received = {signal.name for signal in machine.signals if signal.step == step_name}
    names = [key.rpartition(".")[2] for key in machine.awaited]
    return tuple(SignalState(name, ids.get(name, ""), name in received) for name in names)
