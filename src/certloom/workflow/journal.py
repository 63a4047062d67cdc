"""The journal: what happened to an instance, event by event, and the one function that owns every transition.

```text
            InstanceStarted
                  │
                  ▼    StepSuspended          InstanceSuperseded
     ┌──────── Running ─────────────▶ Suspended ───────────────▶ CanceledForRestart
     │          │  ▲  ▲  SignalReceived │  │                            ▲
     │          │  │  └── StepWoken ────┘  └─▶ Rejected                 │
     │          │  └ StepStarted, StepSkipped, StepCompleted,           │
     │          │    StepRetryScheduled, StepWoken                      │
     │          ├─ InstanceRejected ─▶ Rejected      InstanceSuperseded │
     │          └─ StepFailed ───────▶ Failed ──────────────────────────┘
     │                 StepRetried: Failed ─▶ Running
     └─ InstanceCompleted ▶ Complete
```

A ``SignalReceived`` never stands alone: the step's new decision follows it in the same commit, so nobody ever sees
the moment between.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from certloom.workflow.approval import digest
from certloom.workflow.event import (
    Event,
    InstanceCompleted,
    InstanceRejected,
    InstanceStarted,
    InstanceSuperseded,
    SignalReceived,
    StepCompleted,
    StepFailed,
    StepRetried,
    StepRetryScheduled,
    StepSkipped,
    StepStarted,
    StepSuspended,
    StepWoken,
)
from certloom.workflow.instance import Cursor, Instance, Phase, ReceivedSignal, Status

__all__ = ["SIGNAL_COMMENTS", "IllegalTransition", "apply", "fold", "status_after"]


SIGNAL_COMMENTS = "ApprovalSignalComments"
"""The key of the data that holds what was signalled: who, when, the decision and the comment."""


class IllegalTransition(Exception):
    """An event that cannot follow the status an instance is in. Always a fault of the program."""


_RUNNING, _SUSPENDED, _FAILED = Status.RUNNING, Status.SUSPENDED, Status.FAILED
_TRANSITIONS: dict[type[Event], tuple[frozenset[Status | None], Status]] = {
    InstanceStarted: (frozenset({None}), _RUNNING),
    StepStarted: (frozenset({_RUNNING}), _RUNNING),
    StepSkipped: (frozenset({_RUNNING}), _RUNNING),
    StepCompleted: (frozenset({_RUNNING}), _RUNNING),
    StepRetryScheduled: (frozenset({_RUNNING}), _RUNNING),
    StepSuspended: (frozenset({_RUNNING}), _SUSPENDED),
    StepWoken: (frozenset({_RUNNING, _SUSPENDED}), _RUNNING),
    SignalReceived: (frozenset({_SUSPENDED}), _RUNNING),
    StepFailed: (frozenset({_RUNNING}), _FAILED),
    StepRetried: (frozenset({_FAILED}), _RUNNING),
    InstanceCompleted: (frozenset({_RUNNING}), Status.COMPLETE),
    InstanceRejected: (frozenset({_RUNNING, _SUSPENDED}), Status.REJECTED),
    InstanceSuperseded: (frozenset({_FAILED, _SUSPENDED}), Status.CANCELED_FOR_RESTART),
}


def status_after(status: Status | None, event: Event) -> Status:
    """The status that follows ``event`` in ``status`` (None: before the start).

    Raises IllegalTransition for every pair the table above does not hold.
    """
    before, after = _TRANSITIONS[type(event)]
    if status not in before:
        raise IllegalTransition(f"{type(event).__name__} cannot follow status {status}")
    return after


def fold(events: Iterable[Event]) -> Instance:
    """The instance that a journal describes. Raises IllegalTransition for a journal that cannot be."""
    instance: Instance | None = None
    for event in events:
        instance = apply(instance, event)
    if instance is None:
        raise IllegalTransition("an empty journal describes no instance")
    return instance


def apply(instance: Instance | None, event: Event) -> Instance:
    """The instance after one more event."""
    status = status_after(instance.status if instance else None, event)
    if isinstance(event, InstanceStarted):
        return _begin(event, status)
    assert instance is not None  # noqa: S101 - status_after lets only InstanceStarted follow nothing
    changes = _changes(instance, event)
    if not isinstance(event, _UNSEEN):
        changes["modified_at"] = max(event.at, instance.modified_at)
    return msgspec.structs.replace(instance, status=status, rev=instance.rev + 1, **changes)


# LastModified moves when a step completes, a signal arrives or the instance ends (reference 2.7); these do not move it.
_UNSEEN = (StepStarted, StepSuspended, StepWoken, StepRetryScheduled)


def _begin(event: InstanceStarted, status: Status) -> Instance:
    return Instance(
        id=event.id,
        status=status,
        definition=event.definition,
        title=event.title,
        initiator_id=event.initiator_id,
        initiator=event.initiator,
        started_at=event.at,
        modified_at=event.at,
        initial_data=event.data,
        data=event.data,
        rev=1,
        carried=event.carried,
    )


def _changes(instance: Instance, event: Event) -> dict[str, Any]:
    if isinstance(event, StepStarted | StepSkipped | StepCompleted | StepRetryScheduled):
        return _progress(instance, event)
    if isinstance(event, StepRetried):
        cursor = msgspec.structs.replace(instance.cursor or Cursor(event.step, Phase.WOKEN), phase=Phase.WOKEN)
        return {"cursor": cursor, "message": ""}
    if isinstance(event, StepSuspended | StepWoken | SignalReceived):
        return _waiting(instance, event)
    return _end(instance, event)


def _progress(
    instance: Instance, event: StepStarted | StepSkipped | StepCompleted | StepRetryScheduled
) -> dict[str, Any]:
    idle: dict[str, Any] = {"message": "", "awaited": (), "awaited_roles": {}, "wake_at": None}
    if isinstance(event, StepStarted):
        cursor = Cursor(event.step, Phase.STARTED, event.attempt, event.key, event.intent)
        return {**idle, "cursor": cursor}
    if isinstance(event, StepSkipped):
        return {**idle, "cursor": Cursor(event.step, Phase.DONE, output="continue")}
    if isinstance(event, StepCompleted):
        cursor = Cursor(event.step, Phase.DONE, output=event.output)
        data = {**instance.data, **event.values} if event.values else instance.data
        return {**idle, "cursor": cursor, "data": data}
    started = instance.cursor if instance.cursor and instance.cursor.phase is Phase.STARTED else None
    # What was about to be done stays the same at every attempt; a step that could not even be prepared has no intent.
    key, intent = (started.key, started.intent) if started else (None, None)
    cursor = Cursor(event.step, Phase.ASLEEP, event.attempt, key, intent)
    return {**idle, "cursor": cursor, "wake_at": event.wake_at, "message": event.failure}


def _waiting(instance: Instance, event: StepSuspended | StepWoken | SignalReceived) -> dict[str, Any]:
    if isinstance(event, StepSuspended):
        return {
            "cursor": Cursor(event.step, Phase.SUSPENDED, since=_since(instance, event)),
            "awaited": event.signals,
            "awaited_roles": event.roles,
            "message": event.message,
            "wake_at": event.wake_at,
            "bindings": _bindings(instance, event.binding),
        }
    cursor = msgspec.structs.replace(instance.cursor or Cursor(event.step, Phase.WOKEN), phase=Phase.WOKEN)
    if isinstance(event, StepWoken):
        return {"cursor": cursor, "wake_at": None}
    signal = ReceivedSignal(event.step, event.name, event.account_id, event.actor, event.at, event.data, event.digest)
    comments = [*instance.data.get(SIGNAL_COMMENTS, ()), _comment(signal)]
    data = {**instance.data, SIGNAL_COMMENTS: comments}
    bindings = _bindings(instance, event.binding)
    return {"cursor": cursor, "signals": (*instance.signals, signal), "data": data, "bindings": bindings}


def _since(instance: Instance, event: StepSuspended) -> datetime:
    """When the step suspended first: looked at again, it has waited since then."""
    cursor = instance.cursor
    return cursor.since if cursor and cursor.step == event.step and cursor.since else event.at


def _bindings(instance: Instance, binding: dict[str, str] | None) -> dict[str, dict[str, str]]:
    return instance.bindings | {digest(binding): binding} if binding else instance.bindings


def _comment(signal: ReceivedSignal) -> dict[str, Any]:
    at = signal.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"Step": signal.step, "Signal": signal.name, "User": signal.actor, "Time": at, **signal.data}


def _reached(instance: Instance, step: str) -> Cursor:
    """The cursor at a step that ends the instance; of one that ran at once nothing was recorded before."""
    return instance.cursor if instance.cursor and instance.cursor.step == step else Cursor(step, Phase.WOKEN)


def _end(instance: Instance, event: Event) -> dict[str, Any]:
    ended: dict[str, Any] = {"awaited": (), "awaited_roles": {}, "wake_at": None}
    if isinstance(event, StepFailed):
        cursor = _reached(instance, event.step)
        return {**ended, "cursor": cursor, "message": f"Step {event.step} failed: {event.message}"}
    if isinstance(event, InstanceRejected):
        reached = {"cursor": _reached(instance, event.step)} if event.step else {}
        return {**ended, **reached, "message": event.reason}
    if isinstance(event, InstanceSuperseded):
        message = f"Superseded by instance {event.new_id}, restarted by {event.actor}."
        return {**ended, "message": message, "superseded_by": event.new_id}
    return {**ended, "message": getattr(event, "message", "")}
