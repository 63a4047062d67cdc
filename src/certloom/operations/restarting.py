"""Restart: a new instance in the place of a failed or suspended one, from the first step.

It keeps initiator, title and initial data; approvals and what scripts set are left behind. What cannot be undone is
carried forward: a certificate that was issued, or revoked, for the same request is not issued or revoked again.
Source: workflow-instances reference, 5.5.
"""

from uuid import UUID

from certloom.clock import uuid7
from certloom.errors import Conflict
from certloom.identity.actor import Actor
from certloom.operations.access import Operation, require
from certloom.operations.audit import entry
from certloom.operations.awaited import awaited_signals
from certloom.operations.services import Services
from certloom.operations.steering import steer
from certloom.operations.triggers import DefinitionDisabled
from certloom.store.certificates import read_certificate
from certloom.store.change import Change, Expect
from certloom.store.definitions import DefinitionRow, read_definition, version_was_published
from certloom.store.instances import instance_write, journal_of
from certloom.store.revocations import read_last_revocation
from certloom.workflow.definition import Definition
from certloom.workflow.event import InstanceStarted, InstanceSuperseded, StepStarted
from certloom.workflow.instance import CarriedEffect, DefinitionPin, Instance, Status
from certloom.workflow.journal import apply

__all__ = ["InstanceNotRestartable", "VersionNotPublished", "restart_instance"]


class InstanceNotRestartable(Conflict):
    """Only an instance that is Failed or Suspended can be restarted."""


class VersionNotPublished(Conflict):
    """The definition has no such version, or it was never published."""


async def restart_instance(
    services: Services, actor: Actor, instance_id: UUID, version: int | None = None, *, reissue: bool = False
) -> str:
    """Start the instance anew on a published version, by default the one in use; the id of the new instance.

    Waits (a set time) for the new one to come to rest. ``reissue`` carries nothing forward. Raises
    InstanceNotRestartable, VersionNotPublished or DefinitionDisabled.
    """
    require(actor, Operation.RESTART_INSTANCE)
    require(actor, Operation.LIST_INSTANCES)
    new_id = str(uuid7(services.clock()))

    async def restarted(before: Instance) -> Change:
        if before.status not in {Status.FAILED, Status.SUSPENDED}:
            raise InstanceNotRestartable(
                f"Instance {before.id} is {before.status}. Only a Failed or Suspended instance can be restarted."
            )
        row = await read_definition(services.database, before.definition.id)
        pin = await _pin(services, before, row, version)
        effects = () if reissue else await _effects(services, before)
        guards = (Expect(DefinitionRow, (row.id,), "rev", row.rev),) if row else ()
        return await _change(services, actor, before, (new_id, pin, effects), guards)

    await steer(services, instance_id, restarted)
    await services.settle(new_id, services.settings.enroll_wait_seconds)
    return new_id


async def _pin(services: Services, before: Instance, row: DefinitionRow | None, version: int | None) -> DefinitionPin:
    chosen = version if version is not None else row.published_version if row else None
    if row is not None and not row.enabled:
        raise DefinitionDisabled(
            f"Definition {row.display_name} is switched off, so nothing it covers can start. Enable it first."
        )
    if chosen is None or not await version_was_published(services.database, before.definition.id, chosen):
        which = f"version {chosen}" if chosen is not None else "a version in use"
        raise VersionNotPublished(
            f"Definition {before.definition.display_name} has no {which} that was published. "
            f"The instance ran on version {before.definition.version}; name a published one."
        )
    name = row.display_name if row else before.definition.display_name
    return DefinitionPin(before.definition.id, name, chosen, before.definition.workflow_type)


async def _effects(services: Services, before: Instance) -> tuple[CarriedEffect, ...]:
    """What this instance and those it replaced brought about, the newest of each step type."""
    definition = await services.definition(before.definition)
    found = {effect.step_type: effect for effect in before.carried}
    for event in await journal_of(services.database, before.id):
        effect = _effect(event, before, definition) if isinstance(event, StepStarted) else None
        if effect is not None and await _happened(services, effect):
            found[effect.step_type] = effect
    return tuple(found.values())


def _effect(event: StepStarted, before: Instance, definition: Definition) -> CarriedEffect | None:
    request, certificate_id = event.intent.get("request"), event.intent.get("certificate_id")
    if not isinstance(request, str) or not isinstance(certificate_id, int):
        return None
    return CarriedEffect(definition.step(event.step).extension_name, before.id, certificate_id, request)


async def _happened(services: Services, effect: CarriedEffect) -> bool:
    """Whether it is on record, however late its result came."""
    if effect.step_type == "EnrollStep":
        return await read_certificate(services.database, effect.certificate_id) is not None
    revocation = await read_last_revocation(services.database, effect.certificate_id)
    return revocation is not None and revocation.instance_id == effect.instance_id


async def _change(
    services: Services,
    actor: Actor,
    before: Instance,
    new: tuple[str, DefinitionPin, tuple[CarriedEffect, ...]],
    guards: tuple[Expect, ...],
) -> Change:
    new_id, pin, effects = new
    now = services.clock()
    superseded = InstanceSuperseded(at=now, new_id=new_id, actor=actor.display)
    after = apply(before, superseded)
    started = InstanceStarted(
        at=now,
        id=new_id,
        definition=pin,
        title=before.title,
        initiator_id=before.initiator_id,
        initiator=before.initiator,
        data=before.initial_data,
        restarted=before.id,
        carried=effects,
    )
    old, new_definition = await services.definition(before.definition), await services.definition(pin)
    awaited = awaited_signals(services, before, after, old)
    message = f"Restarted as instance {new_id} on version {pin.version}; carried forward: {len(effects)}."
    told = entry(services, actor.display, Operation.RESTART_INSTANCE, ("WorkflowInstance", before.id), message)
    return Change(
        guards=guards,
        instances=(
            instance_write(before, after, [superseded], old, awaited),
            instance_write(None, apply(None, started), [started], new_definition, None),
        ),
        audit=(told,),
        wake=(new_id,),
    )
