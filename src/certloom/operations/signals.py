"""Signals: the one way a decision reaches an instance.

Every refusal is written down; an accepted signal and the decision that follows from it are one commit.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from certloom.errors import CertloomError, Conflict, Forbidden, Unavailable
from certloom.identity.actor import Actor
from certloom.operations.access import Operation, require
from certloom.operations.audit import entry, record_refusal
from certloom.operations.awaited import awaited_signals, may_signal_own
from certloom.operations.explaining import out_of_reach
from certloom.operations.facts import recorded
from certloom.operations.instances import InstanceNotFound
from certloom.operations.runner import wake
from certloom.operations.services import Services
from certloom.operations.signal_roles import roles_at
from certloom.operations.view import step_view
from certloom.store.accounts import list_roles, read_account_by_id, read_roles_of, security_rev
from certloom.store.change import Change, Expect, GuardLost
from certloom.store.instances import SignalledRow, instance_write, read_instance
from certloom.store.meta import MetaRow
from certloom.store.moments import text_of
from certloom.store.rows import Put
from certloom.workflow.approval import digest
from certloom.workflow.definition import Definition, Step
from certloom.workflow.engine import events_of
from certloom.workflow.event import SignalReceived
from certloom.workflow.instance import Instance, Status
from certloom.workflow.journal import apply
from certloom.workflow.outcome import Continue, Reject, Suspend
from certloom.workflow.signal import SignalDefinition, read_signal_data, split_signal_key
from certloom.workflow.step import PureStep

__all__ = [
    "AlreadySignalled",
    "SelfApprovalRefused",
    "SignalNotAwaited",
    "SignalRoleMissing",
    "StepTypeAbsent",
    "signal_instance",
]

_ATTEMPTS = 5


class SignalNotAwaited(Conflict):
    """The instance does not wait for this signal: it is elsewhere, or has ended."""


class StepTypeAbsent(Unavailable):
    """The type of the step is not known at the moment; the instance keeps waiting."""


class AlreadySignalled(Conflict):
    """The same person has signalled this step before."""


class SignalRoleMissing(Forbidden):
    """The caller holds none of the roles this signal asks for."""


class SelfApprovalRefused(Forbidden):
    """The caller made the request: the self-approval rule leaves the decision to somebody else."""


class _Signal(msgspec.Struct, frozen=True):
    """A signal whose sender may send it: the step and signal it is for, and its data."""

    step: Step
    definition: SignalDefinition
    data: dict[str, Any]

    @property
    def key(self) -> str:
        return f"{self.step.unique_name}.{self.definition.name}"


async def signal_instance(
    services: Services, actor: Actor, instance_id: UUID, signal_key: str, data: Mapping[str, Any]
) -> None:
    """Deliver a signal to the step an instance waits at, then wait (a set time) for what follows from it.

    Raises InstanceNotFound, SignalKeyInvalid, SignalRoleMissing, SelfApprovalRefused, SignalNotAwaited,
    SignalDataInvalid or AlreadySignalled; in all of these cases nothing is recorded but the refusal.
    """
    require(actor, Operation.SIGNAL_INSTANCE)
    target = ("WorkflowInstance", str(instance_id))
    try:
        async with services.in_order(str(instance_id)):
            await _deliver(services, actor, str(instance_id), signal_key, data)
    except CertloomError as refusal:
        if isinstance(refusal, Forbidden | Conflict):
            await record_refusal(services, actor, Operation.SIGNAL_INSTANCE, target, refusal.message)
        raise
    await services.settle(str(instance_id), services.settings.enroll_wait_seconds)


async def _deliver(
    services: Services, actor: Actor, instance_id: str, signal_key: str, data: Mapping[str, Any]
) -> None:
    """Read, decide and commit; decide again when somebody moved the instance or the roles meanwhile."""
    for remaining in reversed(range(_ATTEMPTS)):
        instance, now = await _standing(services, instance_id)
        definition = await services.definition(instance.definition)
        rev = await security_rev(services.database)
        sender = await _as_of_now(services, actor)
        signal = await _checked(services, sender, instance, definition, signal_key, data)
        try:
            await services.database.commit(await _change(services, sender, instance, definition, signal, rev, now))
        except GuardLost:
            if not remaining:
                raise
        else:
            return


async def _standing(services: Services, instance_id: str) -> tuple[Instance, datetime]:
    """The instance at a moment, and the moment. What was due by then comes before any signal (checks A07, A08)."""
    now = services.clock()
    instance = await read_instance(services.database, instance_id)
    if instance is not None and instance.wake_at is not None and instance.wake_at <= now:
        await wake(services, instance_id, text_of(instance.wake_at))
        await services.settle(instance_id, services.settings.enroll_wait_seconds)
        instance = await read_instance(services.database, instance_id)
    if instance is None:
        raise InstanceNotFound(f"There is no workflow instance {instance_id}.")
    return instance, now


async def _as_of_now(services: Services, actor: Actor) -> Actor:
    """The actor with the roles held at this moment, not those at the time of authentication."""
    account = await read_account_by_id(services.database, actor.account_id)
    if account is None or account.disabled:
        return msgspec.structs.replace(actor, role_ids=frozenset())
    roles = await read_roles_of(services.database, actor.account_id)
    # No more than the credentials gave: a token may stand for some of the roles only.
    return msgspec.structs.replace(actor, role_ids=actor.role_ids & {role.id for role in roles})


async def _checked(
    services: Services,
    actor: Actor,
    instance: Instance,
    definition: Definition,
    signal_key: str,
    data: Mapping[str, Any],
) -> _Signal:
    step_name, signal_name = split_signal_key(signal_key)
    step = next((s for s in definition.steps if s.unique_name.casefold() == step_name.casefold()), None)
    step_type = services.step_types.get(step.extension_name) if step else None
    if step is not None and step_type is None:
        _check_any_role(actor, instance, definition)
        raise StepTypeAbsent(
            f"Step type {step.extension_name} is not known to this server, so the instance cannot go on from step "
            f"{step.unique_name}; nothing was recorded. Ask an administrator to mend its package (certloom doctor)."
        )
    declared = step_type.signal(signal_name) if step_type else None
    if step is None or declared is None:
        _check_any_role(actor, instance, definition)
        raise SignalNotAwaited(_where_it_stands(instance, signal_key))
    await _check_role(services, actor, instance, step, declared)
    if declared.vote and actor.account_id == instance.initiator_id and not may_signal_own(services, step):
        raise SelfApprovalRefused(
            f"{actor.display} made this request, and the self-approval rule leaves the decision to somebody else. "
            "Ask another holder of the approval roles (setting approvals_self, step parameter AllowSelfApproval)."
        )
    signal = _Signal(step, declared, {})
    _check_awaited(instance, signal, signal_key)
    if any(s.account_id == actor.account_id and s.step == step.unique_name for s in instance.signals):
        raise AlreadySignalled(
            f"{actor.display} has already signalled step {step.unique_name}; one person counts once. "
            "Nothing was recorded."
        )
    return msgspec.structs.replace(signal, data=read_signal_data(declared, data))


def _check_any_role(actor: Actor, instance: Instance, definition: Definition) -> None:
    """Somebody who may send no signal at all is not told where the instance stands."""
    steps = [roles_at(instance, step).values() for step in definition.steps]
    wanted = {role_id for found in steps for role_ids in found for role_id in role_ids}
    if not wanted & actor.role_ids:
        raise SignalRoleMissing(
            f"{actor.display} holds none of the roles that may signal this instance. "
            "Ask one of their holders to decide, or an administrator for the role."
        )


async def _check_role(
    services: Services, actor: Actor, instance: Instance, step: Step, declared: SignalDefinition
) -> None:
    wanted = roles_at(instance, step).get(f"{step.unique_name}.{declared.name}", ())
    if not actor.role_ids.isdisjoint(wanted):
        return
    names = ", ".join(role.name for role in await list_roles(services.database) if role.id in wanted) or "none"
    raise SignalRoleMissing(
        f"{actor.display} holds none of the roles that may send {declared.name} at step {step.unique_name}: {names}. "
        "Ask one of their holders to decide, or an administrator for the role."
    )


def _check_awaited(instance: Instance, signal: _Signal, signal_key: str) -> None:
    at_step = instance.cursor is not None and instance.cursor.step == signal.step.unique_name
    if instance.status is not Status.SUSPENDED or not at_step or signal.key not in instance.awaited:
        raise SignalNotAwaited(_where_it_stands(instance, signal_key))


def _where_it_stands(instance: Instance, signal_key: str) -> str:
    step = instance.cursor.step if instance.cursor else "the start"
    waits = f"It waits for {', '.join(instance.awaited)}." if instance.awaited else "It waits for no signal."
    stands = f"it is {instance.status} at step {step}"
    return f"The instance does not take the signal {signal_key[:200]!r} now: {stands}. {waits}"


async def _change(
    services: Services,
    actor: Actor,
    before: Instance,
    definition: Definition,
    signal: _Signal,
    rev: str,
    now: datetime,
) -> Change:
    """The signal and the step's new decision as one Change, guarded by the roles it was decided upon."""
    received = await _received(services, actor, before, definition, signal, now)
    instance = apply(before, received)
    view = await step_view(services, instance, definition, signal.step)
    view = msgspec.structs.replace(view, now=now, signalled=True)
    step_type = services.step_types[signal.step.extension_name]
    assert isinstance(step_type, PureStep)  # noqa: S101 - only pure steps suspend
    outcome = step_type.run(view)
    decision = events_of(outcome, signal.step, 1, now, view)
    after = apply(instance, decision)
    facts = outcome.facts if isinstance(outcome, Continue | Suspend | Reject) else ()
    writes, audit = recorded(services, facts, after)
    message = f"Signalled {signal.key} with {signal.data}; the instance is {after.status}."
    target = ("WorkflowInstance", after.id)
    told = entry(services, actor.display, Operation.SIGNAL_INSTANCE, target, message, digest=received.digest)
    if after.status is Status.SUSPENDED:
        audit = (*audit, *await out_of_reach(services, after, view))
    awaited = awaited_signals(services, before, after, definition)
    signalled = SignalledRow(account_id=actor.account_id, instance_id=after.id, signal_key=signal.key)
    return Change(
        guards=(Expect(MetaRow, ("security_rev",), "value", rev),),
        instances=(instance_write(before, after, [received, decision], definition, awaited),),
        writes=(Put(signalled), *writes),
        audit=(told, *audit),
        wake=(after.id,) if after.status is Status.RUNNING else (),
    )


async def _received(
    services: Services, actor: Actor, before: Instance, definition: Definition, signal: _Signal, now: datetime
) -> SignalReceived:
    """The signal as the journal keeps it; a vote is bound to the request as it stands."""
    bound = dict((await step_view(services, before, definition, signal.step)).request)
    about = digest(bound) if signal.definition.vote else None
    return SignalReceived(
        at=now,
        step=signal.step.unique_name,
        name=signal.definition.name,
        account_id=actor.account_id,
        actor=actor.display,
        data=signal.data,
        digest=about,
        binding=bound if about is not None and about not in before.bindings else None,
    )
