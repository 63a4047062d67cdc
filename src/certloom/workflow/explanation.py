"""Why an instance stands where it stands: what it waits for, who may act, what time brings, and what comes next. Ours.

Pure: from the instance, its journal and its definition, and from who holds which role, as plain values.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from certloom.workflow.approval import changed_fields, digest
from certloom.workflow.definition import Definition
from certloom.workflow.event import Event, InstanceCompleted, InstanceRejected, StepFailed, StepRetryScheduled
from certloom.workflow.instance import Instance, Phase, ReceivedSignal, Status
from certloom.workflow.step import Due

__all__ = [
    "Awaited",
    "Explanation",
    "Failure",
    "NextStep",
    "VoteStanding",
    "Wait",
    "awaited_people",
    "explain",
    "waits_for",
]


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """What a waiting step is about, as somebody looked it up.

    ``roles`` and ``holders`` are, by signal key, the names of the roles that may send it and the accounts that hold one
    of them and are enabled. ``needed`` people must send it; ``own`` says whether the requester may be one of them.
    ``request`` holds the hashes of the request as it stands; ``dates`` is what time brings.
    """

    roles: Mapping[str, tuple[str, ...]]
    holders: Mapping[str, frozenset[int]]
    needed: int
    own: bool
    request: Mapping[str, str]
    dates: tuple[Due, ...] = ()


class Awaited(msgspec.Struct, frozen=True, kw_only=True):
    """A signal the step waits for: ``missing`` more of ``needed``, from ``people`` who can still send it."""

    signal_key: str
    roles: tuple[str, ...]
    needed: int
    missing: int
    people: int

    @property
    def out_of_reach(self) -> bool:
        """Whether fewer people can still send it than must (check A14)."""
        return self.people < self.missing


class VoteStanding(msgspec.Struct, frozen=True, kw_only=True):
    """A vote, and whether it counts at the step that waits; None where that is decided. ``why`` it does not."""

    step: str
    actor: str
    at: datetime
    approved: bool
    comment: str | None
    counts: bool | None
    why: str = ""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """The last failure: of which step, at which attempt where it was to be tried again, and why."""

    step: str
    at: datetime
    why: str
    attempt: int | None = None


class NextStep(msgspec.Struct, frozen=True, kw_only=True):
    """Where an output of the step leads, and under which conditions that step runs; no step: the instance ends."""

    output: str
    step: str | None = None
    display_name: str | None = None
    extension_name: str | None = None
    conditions: tuple[str, ...] = ()


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to "why is it not done yet", or to "how did it end".

    ``summary`` says it in words. ``actions`` are what a manager or an approver can do with the instance now.
    """

    status: Status
    summary: str
    since: datetime
    step: str | None = None
    step_display_name: str | None = None
    awaited: tuple[Awaited, ...] = ()
    votes: tuple[VoteStanding, ...] = ()
    dates: tuple[Due, ...] = ()
    failure: Failure | None = None
    next_steps: tuple[NextStep, ...] = ()
    actions: tuple[str, ...] = ()
    superseded_by: str | None = None

    @property
    def out_of_reach(self) -> bool:
        """Whether nobody, or too few people, can give the step what it waits for (check A14)."""
        return bool(self.awaited) and all(one.out_of_reach for one in self.awaited)


_ACTIONS: Mapping[Status, tuple[str, ...]] = {
    Status.RUNNING: (),
    Status.SUSPENDED: ("Signal", "Stop", "Restart"),
    Status.FAILED: ("Retry", "Restart", "Delete"),
    Status.COMPLETE: ("Delete",),
    Status.REJECTED: ("Delete",),
    Status.CANCELED_FOR_RESTART: ("Delete",),
}


def explain(instance: Instance, definition: Definition, events: Sequence[Event], wait: Wait | None) -> Explanation:
    """The explanation of an instance with this journal; ``wait`` where it is suspended."""
    awaited = awaited_people(instance, wait) if wait else ()
    failure = _failure(events)
    cursor = instance.cursor
    open_end = instance.status in {Status.RUNNING, Status.SUSPENDED, Status.FAILED}
    return Explanation(
        status=instance.status,
        summary=_summary(instance, awaited, failure, events[-1]),
        since=(cursor.since if cursor else None) or events[-1].at,
        step=cursor.step if cursor else None,
        step_display_name=_shown(definition, cursor.step) if cursor else None,
        awaited=awaited,
        votes=tuple(_standing(vote, instance, wait) for vote in instance.signals if vote.digest is not None),
        dates=_dates(instance, wait),
        failure=failure,
        next_steps=tuple(_next_steps(definition, cursor.step if cursor else None)) if open_end else (),
        actions=("Retry",) if _asleep(instance) else _ACTIONS[instance.status],
        superseded_by=instance.superseded_by,
    )


def awaited_people(instance: Instance, wait: Wait) -> tuple[Awaited, ...]:
    """Every signal a suspended instance waits for, with how many must still send it and how many still can."""
    return tuple(
        Awaited(
            signal_key=key,
            roles=wait.roles.get(key, ()),
            needed=wait.needed,
            # Where enough count again, because a role is held again, it still takes one more to decide.
            missing=max(wait.needed - _counting(instance, wait, key), 1),
            people=len(_people_left(instance, wait, key)),
        )
        for key in instance.awaited
    )


def _counting(instance: Instance, wait: Wait, signal_key: str) -> int:
    return sum(_key(vote) == signal_key and not _void(vote, wait, instance) for vote in instance.signals)


def _people_left(instance: Instance, wait: Wait, signal_key: str) -> frozenset[int]:
    """Who holds a role of the signal, has sent the step none, and is not refused as the requester."""
    step, _, _ = signal_key.rpartition(".")
    spent = {signal.account_id for signal in instance.signals if signal.step == step}
    refused = set() if wait.own else {instance.initiator_id}
    return wait.holders.get(signal_key, frozenset()) - spent - refused


def _key(vote: ReceivedSignal) -> str:
    return f"{vote.step}.{vote.name}"


def _standing(vote: ReceivedSignal, instance: Instance, wait: Wait | None) -> VoteStanding:
    here = wait is not None and _key(vote) in instance.awaited
    why = _void(vote, wait, instance) if wait is not None and here else ""
    return VoteStanding(
        step=vote.step,
        actor=vote.actor,
        at=vote.at,
        approved=bool(vote.data.get("Approved")),
        comment=vote.data.get("Comment"),
        counts=not why if here else None,
        why=why,
    )


def _void(vote: ReceivedSignal, wait: Wait, instance: Instance) -> str:
    """Why a vote at the step that waits does not count; empty where it does."""
    if vote.digest is not None and vote.digest != digest(wait.request):
        changed = changed_fields(instance.bindings.get(vote.digest, {}), wait.request)
        return f"The request has changed since in: {', '.join(changed)}."
    if vote.account_id not in wait.holders.get(_key(vote), frozenset()):
        return "The account is disabled, or holds none of the step's roles any more."
    return ""


def _dates(instance: Instance, wait: Wait | None) -> tuple[Due, ...]:
    if wait is not None:
        return tuple(sorted(wait.dates, key=lambda due: due.at))
    return (Due(instance.wake_at, "The step is tried again."),) if _asleep(instance) and instance.wake_at else ()


def _asleep(instance: Instance) -> bool:
    cursor = instance.cursor
    return instance.status is Status.RUNNING and cursor is not None and cursor.phase is Phase.ASLEEP


def _failure(events: Sequence[Event]) -> Failure | None:
    for event in reversed(events):
        if isinstance(event, StepRetryScheduled):
            return Failure(step=event.step, at=event.at, why=event.failure, attempt=event.attempt)
        if isinstance(event, StepFailed):
            return Failure(step=event.step, at=event.at, why=event.message)
    return None


def _next_steps(definition: Definition, step: str | None) -> Iterator[NextStep]:
    outputs: Mapping[str, str] = definition.step(step).outputs if step else {"continue": definition.entry.unique_name}
    for output, target in outputs.items():
        found = definition.step(target)
        yield NextStep(
            output=output,
            step=found.unique_name,
            display_name=_shown(definition, target),
            extension_name=found.extension_name,
            conditions=found.conditions if found.enabled else ("the step is disabled",),
        )
    if not outputs:
        yield NextStep(output="continue")


def _shown(definition: Definition, step: str) -> str:
    return definition.step(step).display_name or step


def _summary(instance: Instance, awaited: Sequence[Awaited], failure: Failure | None, last: Event) -> str:
    step = instance.cursor.step if instance.cursor else "the start"
    match instance.status:
        case Status.SUSPENDED:
            return waits_for(step, awaited)
        case Status.RUNNING if instance.wake_at is not None and failure is not None:
            return f"Step {step} could not be done and is tried again. {failure.why}"
        case Status.RUNNING:
            return f"Step {step} is being done." if instance.cursor else "It has just begun."
        case Status.FAILED:
            return f"{instance.message} A manager can have the step tried again, or restart the instance."
    return " ".join([*_end(last), *([instance.message] if instance.message else [])])


def _end(last: Event) -> Iterator[str]:
    if isinstance(last, InstanceCompleted):
        yield "It ran to its end."
    elif isinstance(last, InstanceRejected):
        yield f"It was rejected by {last.actor}."


def waits_for(step: str, awaited: Sequence[Awaited]) -> str:
    """What a step waits for, and whether anybody can give it, in words."""
    return " ".join([f"Step {step} waits.", *map(_asked, awaited)])


def _asked(awaited: Awaited) -> str:
    name, roles = awaited.signal_key.rpartition(".")[2], ", ".join(awaited.roles) or "none"
    asked = f"{awaited.missing} more of {awaited.needed} must send {name}. Roles that may: {roles}."
    if not awaited.out_of_reach:
        return f"{asked} People who still can: {awaited.people}."
    return (
        f"{asked} Too few people can: {awaited.people}. "
        "Give the role to somebody else, or restart the instance on a version that asks others."
    )
