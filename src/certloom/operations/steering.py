"""Steering an instance: stop it, try its failed step again, delete its record.

Each is decided upon the instance as it stands and committed only if it still stands so; otherwise it is decided anew.
Source: workflow-instances reference, 1.1, 5.4 and 5.6. Retry is ours.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from certloom.errors import Conflict
from certloom.identity.actor import Actor
from certloom.operations.access import Operation, require
from certloom.operations.audit import entry
from certloom.operations.awaited import awaited_signals
from certloom.operations.instances import InstanceNotFound
from certloom.operations.services import Services
from certloom.store.change import Change, GuardLost
from certloom.store.instances import instance_removal, instance_write, read_instance
from certloom.workflow.event import InstanceRejected, StepRetried, StepWoken
from certloom.workflow.instance import TERMINAL, Instance, Phase, Status
from certloom.workflow.journal import apply

__all__ = [
    "InstanceNotDeletable",
    "InstanceNotRetryable",
    "InstanceNotStoppable",
    "delete_instance",
    "retry_instance",
    "steer",
    "stop_instance",
]

_ATTEMPTS = 5


class InstanceNotStoppable(Conflict):
    """Only an instance that is Suspended can be stopped."""


class InstanceNotRetryable(Conflict):
    """Only a step that failed, or that waits for its next attempt, can be tried again."""


class InstanceNotDeletable(Conflict):
    """An instance that is Running or Suspended cannot be deleted."""


async def stop_instance(services: Services, actor: Actor, instance_id: UUID) -> None:
    """Reject a suspended instance, so that it cannot go on. Raises InstanceNotStoppable."""
    require(actor, Operation.STOP_INSTANCE)

    async def stopped(before: Instance) -> Change:
        if before.status is not Status.SUSPENDED or before.cursor is None:
            raise InstanceNotStoppable(f"{_stands(before)} Only a Suspended instance can be stopped.{_asleep(before)}")
        reason = f"Stopped by {actor.display} at step {before.cursor.step}."
        event = InstanceRejected(at=services.clock(), actor=actor.display, reason=reason, step=before.cursor.step)
        after = apply(before, event)
        definition = await services.definition(before.definition)
        awaited = awaited_signals(services, before, after, definition)
        told = entry(services, actor.display, Operation.STOP_INSTANCE, ("WorkflowInstance", before.id), reason)
        return Change(instances=(instance_write(before, after, [event], definition, awaited),), audit=(told,))

    await steer(services, instance_id, stopped)


async def retry_instance(services: Services, actor: Actor, instance_id: UUID) -> None:
    """Try the step that failed again, with the same intent; wait (a set time) for what follows.

    One that sleeps until its next attempt makes that attempt now. Raises InstanceNotRetryable.
    """
    require(actor, Operation.RETRY_INSTANCE)

    async def retried(before: Instance) -> Change:
        event = _tried_again(before, services.clock(), actor.display)
        definition = await services.definition(before.definition)
        write = instance_write(before, apply(before, event), [event], definition, None)
        message = f"Had step {event.step} tried again. {before.message}"
        told = entry(services, actor.display, Operation.RETRY_INSTANCE, ("WorkflowInstance", before.id), message)
        return Change(instances=(write,), audit=(told,), wake=(before.id,))

    await steer(services, instance_id, retried)
    await services.settle(str(instance_id), services.settings.enroll_wait_seconds)


async def delete_instance(services: Services, actor: Actor, instance_id: UUID) -> None:
    """Remove the record of an instance that has ended. Its certificates and audit entries stay.

    Raises InstanceNotDeletable.
    """
    require(actor, Operation.DELETE_INSTANCE)

    async def deleted(before: Instance) -> Change:
        if before.status not in TERMINAL | {Status.FAILED}:
            advice = "Stop it first." if before.status is Status.SUSPENDED else "Wait until it has ended."
            raise InstanceNotDeletable(f"{_stands(before)} Its record is still needed. {advice}{_asleep(before)}")
        message = f"Deleted the record of {before.title} It was {before.status}."
        told = entry(services, actor.display, Operation.DELETE_INSTANCE, ("WorkflowInstance", before.id), message)
        return Change(removed=(instance_removal(before),), audit=(told,))

    await steer(services, instance_id, deleted)


async def steer(services: Services, instance_id: UUID, decide: Callable[[Instance], Awaitable[Change]]) -> None:
    """Commit what ``decide`` makes of the instance; decide again when somebody moved it meanwhile.

    Raises InstanceNotFound, and GuardLost when it never stands still.
    """
    for remaining in reversed(range(_ATTEMPTS)):
        instance = await read_instance(services.database, str(instance_id))
        if instance is None:
            raise InstanceNotFound(f"There is no workflow instance {instance_id}.")
        try:
            await services.database.commit(await decide(instance))
        except GuardLost:
            if not remaining:
                raise
        else:
            return


def _tried_again(before: Instance, at: datetime, actor: str) -> StepRetried | StepWoken:
    """The event with which the step is tried again. Raises InstanceNotRetryable."""
    cursor = before.cursor
    if cursor is not None and before.status is Status.FAILED:
        return StepRetried(at=at, step=cursor.step, actor=actor)
    if cursor is not None and _sleeps(before):
        return StepWoken(at=at, step=cursor.step, reason=f"{actor} had it tried again at once")
    raise InstanceNotRetryable(
        f"{_stands(before)} Only a Failed instance, or one that waits for its next attempt, has a step to try again."
    )


def _sleeps(instance: Instance) -> bool:
    running = instance.status is Status.RUNNING
    return running and instance.cursor is not None and instance.cursor.phase is Phase.ASLEEP


def _asleep(instance: Instance) -> str:
    """What becomes of an instance that waits for its next attempt, which reads Running; empty for every other."""
    if not _sleeps(instance) or instance.wake_at is None:
        return ""
    at = instance.wake_at.isoformat(timespec="seconds").replace("+00:00", "Z")
    return (
        f" Its step failed and is attempted again at {at}; Retry makes that attempt now. After the last of its "
        "RetryAttempts it is Failed, and can be restarted or deleted."
    )


def _stands(instance: Instance) -> str:
    step = f" at step {instance.cursor.step}" if instance.cursor else ""
    return f"Instance {instance.id} is {instance.status}{step}."
