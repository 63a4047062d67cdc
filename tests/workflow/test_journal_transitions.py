import copy
import re
from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.workflow.journal_strategies import FOLLOWING, PIN, START, any_event, journals, may_follow, started

from certloom.workflow import journal
from certloom.workflow.event import (
    Event,
    InstanceStarted,
    SignalReceived,
    StepCompleted,
    StepRetryScheduled,
    StepStarted,
    StepSuspended,
    StepWoken,
)
from certloom.workflow.instance import TERMINAL, Instance, Phase, Status
from certloom.workflow.journal import SIGNAL_COMMENTS, IllegalTransition, apply, fold, status_after

DOCUMENTED = {
    ("None", "InstanceStarted"): "Running",
    **{("Running", f"Step{name}"): "Running" for name in ("Started", "Skipped", "Completed", "RetryScheduled")},
    ("Running", "StepWoken"): "Running",
    ("Suspended", "StepWoken"): "Running",
    ("Running", "StepSuspended"): "Suspended",
    ("Suspended", "SignalReceived"): "Running",
    ("Running", "StepFailed"): "Failed",
    ("Running", "InstanceCompleted"): "Complete",
    ("Running", "InstanceRejected"): "Rejected",
    ("Suspended", "InstanceRejected"): "Rejected",
    ("Failed", "StepRetried"): "Running",
    ("Failed", "InstanceSuperseded"): "CanceledForRestart",
    ("Suspended", "InstanceSuperseded"): "CanceledForRestart",
}
"""The event table of the architecture, pair by pair."""
UNSEEN = {"StepStarted", "StepSuspended", "StepWoken", "StepRetryScheduled"}
STATUSES: tuple[Status | None, ...] = (None, *Status)


def unfinished(status: Status) -> Instance:
    start = InstanceStarted(at=START, id="i", definition=PIN, title="", initiator_id=1, initiator="a", data={})
    return msgspec.structs.replace(apply(None, start), status=status)


@given(st.sampled_from(STATUSES), any_event)
def test_only_documented_pairs_are_transitions(status: Status | None, event: Event) -> None:
    expected = DOCUMENTED.get((str(status), type(event).__name__))
    if expected is None:
        with pytest.raises(IllegalTransition, match=type(event).__name__):
            status_after(status, event)
    else:
        assert status_after(status, event).value == expected


def test_every_event_has_its_pairs_and_no_pair_is_for_an_unknown_event() -> None:
    assert {kind.__name__ for kind in get_args(Event)} == {name for _, name in DOCUMENTED}
    assert set(get_args(Event)) == {InstanceStarted, *FOLLOWING}


def test_every_event_stands_in_the_drawing_above_the_code() -> None:
    text = Path(journal.__file__).read_text().split('"""')[1]
    assert {name for _, name in DOCUMENTED} <= set(re.findall(r"\w+", text))


@given(st.sampled_from(sorted(TERMINAL)), any_event)
def test_no_event_leaves_a_terminal_status(status: Status, event: Event) -> None:
    with pytest.raises(IllegalTransition):
        apply(unfinished(status), event)


@given(journals(), st.lists(any_event, max_size=5))
def test_no_sequence_of_events_leaves_a_terminal_status(events: list[Event], more: list[Event]) -> None:
    instance = fold(events)
    for event in more:
        if may_follow(instance.status, event):
            assert instance.status not in TERMINAL
            instance = apply(instance, event)


@given(journals())
def test_folding_is_applying_one_by_one(events: list[Event]) -> None:
    def step_by_step(instance: Instance | None, event: Event) -> Instance:
        return apply(instance, event)

    assert fold(events) == reduce(step_by_step, events, None)
    assert fold(events).rev == len(events)


@given(journals(), st.data())
def test_folding_a_beginning_and_then_the_rest_is_folding_all(events: list[Event], data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(events)))
    rest: Sequence[Event] = events[cut:]
    instance = fold(events[:cut])
    for event in rest:
        instance = apply(instance, event)
    assert instance == fold(events)


@given(journals())
def test_last_modified_never_goes_back_and_moves_on_documented_events_only(events: list[Event]) -> None:
    instance = apply(None, events[0])
    for event in events[1:]:
        after = apply(instance, event)
        assert after.modified_at >= instance.modified_at
        if type(event).__name__ in UNSEEN:
            assert after.modified_at == instance.modified_at
        else:
            assert after.modified_at == max(event.at, instance.modified_at)
        instance = after


@given(journals())
def test_what_an_instance_started_with_never_changes(events: list[Event]) -> None:
    first, last = apply(None, events[0]), fold(events)
    same = ("id", "definition", "title", "initiator_id", "initiator", "started_at", "initial_data")
    assert [getattr(last, name) for name in same] == [getattr(first, name) for name in same]


@given(journals())
def test_only_a_suspended_instance_or_one_just_woken_awaits_signals(events: list[Event]) -> None:
    instance = fold(events)
    if instance.awaited:
        assert instance.cursor is not None
        assert instance.cursor.phase in {Phase.SUSPENDED, Phase.WOKEN}


@given(started())
@example(InstanceStarted(at=START, id="i", definition=PIN, title="", initiator_id=1, initiator="a", data={}))
def test_a_journal_begins_once(event: InstanceStarted) -> None:
    with pytest.raises(IllegalTransition):
        fold([event, event])


def test_an_empty_journal_is_no_instance() -> None:
    with pytest.raises(IllegalTransition, match="empty"):
        fold([])


def test_values_of_a_step_replace_older_values_of_the_same_name() -> None:
    before = msgspec.structs.replace(unfinished(Status.RUNNING), data={"a": 1, "b": 1})
    after = apply(before, StepCompleted(at=START, step="A", values={"b": 2}))
    assert (after.data, after.initial_data) == ({"a": 1, "b": 2}, {})


def test_a_signal_is_kept_as_sent_and_as_comment() -> None:
    sent = SignalReceived(at=START, step="A", name="S", account_id=2, actor="bob", data={"Approved": True}, digest="d")
    after = apply(unfinished(Status.SUSPENDED), sent)
    (kept,) = after.signals
    assert (kept.step, kept.name, kept.account_id, kept.digest) == ("A", "S", 2, "d")
    (comment,) = after.data[SIGNAL_COMMENTS]
    assert comment == {"Step": "A", "Signal": "S", "User": "bob", "Time": "2026-01-01T00:00:00.000Z", "Approved": True}


def test_a_started_step_keeps_its_intent_until_it_is_done() -> None:
    begun = apply(unfinished(Status.RUNNING), StepStarted(at=START, step="A", attempt=2, key="k", intent={"x": 1}))
    assert begun.cursor is not None
    assert (begun.cursor.phase, begun.cursor.intent, begun.cursor.key) == (Phase.STARTED, {"x": 1}, "k")
    done = apply(begun, StepCompleted(at=START, step="A"))
    assert done.cursor is not None
    assert (done.cursor.phase, done.cursor.intent) == (Phase.DONE, None)


def test_a_retry_sleeps_until_its_time_and_a_wake_ends_the_sleep() -> None:
    retry = StepRetryScheduled(at=START, step="A", attempt=1, wake_at=START, failure="busy")
    asleep = apply(unfinished(Status.RUNNING), retry)
    assert (asleep.wake_at, asleep.message) == (START, "busy")
    assert apply(asleep, StepWoken(at=START, step="A", reason="due")).wake_at is None


def test_every_binding_that_was_put_to_a_vote_is_kept() -> None:
    instance = unfinished(Status.RUNNING)
    for binding in ({"CSR": "1"}, {"CSR": "2"}):
        instance = apply(instance, StepSuspended(at=START, step="A", signals=("s",), message="", binding=binding))
        instance = apply(instance, StepWoken(at=START, step="A", reason="due"))
    assert list(instance.bindings.values()) == [{"CSR": "1"}, {"CSR": "2"}]


@given(journals())
def test_initial_data_is_what_the_start_brought_whatever_follows(events: list[Event]) -> None:
    begun = events[0]
    assert isinstance(begun, InstanceStarted)
    before = copy.deepcopy(begun.data)
    assert fold(events).initial_data == before
