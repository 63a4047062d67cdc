"""Journals that can be: sequences of events in which each may follow the one before."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

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
from certloom.workflow.instance import DefinitionPin, Status
from certloom.workflow.journal import IllegalTransition, status_after

START = datetime(2026, 1, 1, tzinfo=UTC)
STEPS = ("A", "B", "C")
PIN = DefinitionPin("d", "Definition", 1, "Enrollment")

moments = st.integers(0, 10_000_000).map(lambda number: START + timedelta(milliseconds=number))
texts = st.text(st.characters(codec="utf-8"), max_size=8)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
data = st.dictionaries(texts, json_values, max_size=3)
steps = st.sampled_from(STEPS)
bindings = st.none() | st.dictionaries(texts, texts, min_size=1, max_size=3)


def _events(kind: type[Event], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(kind, at=moments, **fields)


def started(instance_id: str = "i") -> st.SearchStrategy[InstanceStarted]:
    return st.builds(
        InstanceStarted,
        at=moments,
        id=st.just(instance_id),
        definition=st.just(PIN),
        title=texts,
        initiator_id=st.integers(1, 9),
        initiator=texts,
        data=data,
    )


FOLLOWING: dict[type[Event], st.SearchStrategy[Any]] = {
    StepStarted: _events(StepStarted, step=steps, attempt=st.integers(1, 5), key=texts, intent=data),
    StepSkipped: _events(StepSkipped, step=steps, condition=texts),
    StepCompleted: _events(StepCompleted, step=steps, values=data),
    StepRetryScheduled: _events(
        StepRetryScheduled, step=steps, attempt=st.integers(1, 5), wake_at=moments, failure=texts
    ),
    StepSuspended: _events(
        StepSuspended,
        step=steps,
        signals=st.lists(texts, max_size=2).map(tuple),
        message=texts,
        wake_at=st.none() | moments,
        binding=bindings,
        roles=st.dictionaries(texts, st.lists(st.integers(1, 9), max_size=2).map(tuple), max_size=2),
    ),
    StepWoken: _events(StepWoken, step=steps, reason=texts),
    SignalReceived: _events(
        SignalReceived,
        step=steps,
        name=texts,
        account_id=st.integers(1, 9),
        actor=texts,
        data=data,
        digest=st.none() | texts,
        binding=bindings,
    ),
    StepFailed: _events(StepFailed, step=steps, message=texts),
    StepRetried: _events(StepRetried, step=steps, actor=texts),
    InstanceCompleted: _events(InstanceCompleted, message=texts),
    InstanceRejected: _events(InstanceRejected, actor=texts, reason=texts, step=st.none() | steps),
    InstanceSuperseded: _events(InstanceSuperseded, new_id=texts, actor=texts),
}

any_event = st.one_of(started(), *FOLLOWING.values())


def may_follow(status: Status | None, event: Event) -> bool:
    try:
        status_after(status, event)
    except IllegalTransition:
        return False
    return True


@st.composite
def journals(draw: st.DrawFn, instance_id: str = "i", longest: int = 12) -> list[Event]:
    """A start and up to ``longest`` events, each of a kind that may follow, until the instance is at an end."""
    events: list[Event] = [draw(started(instance_id))]
    status = Status.RUNNING
    for _ in range(draw(st.integers(0, longest))):
        possible = [events_of_kind for kind, events_of_kind in FOLLOWING.items() if kind in _LEGAL[status]]
        if not possible:
            break
        event = draw(st.one_of(possible))
        events.append(event)
        status = status_after(status, event)
    return events


_PROGRESS: set[type[Event]] = {StepStarted, StepSkipped, StepCompleted, StepRetryScheduled, StepSuspended, StepWoken}
_LEGAL: dict[Status, set[type[Event]]] = {
    Status.RUNNING: {*_PROGRESS, StepFailed, InstanceCompleted, InstanceRejected},
    Status.SUSPENDED: {StepWoken, SignalReceived, InstanceRejected, InstanceSuperseded},
    Status.FAILED: {InstanceSuperseded, StepRetried},
    Status.COMPLETE: set(),
    Status.REJECTED: set(),
    Status.CANCELED_FOR_RESTART: set(),
}
