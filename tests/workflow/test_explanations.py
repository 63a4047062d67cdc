from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certloom.workflow.approval import bind, digest
from certloom.workflow.definition import Definition, Step
from certloom.workflow.event import (
    Event,
    InstanceCompleted,
    InstanceRejected,
    InstanceStarted,
    InstanceSuperseded,
    SignalReceived,
    StepCompleted,
    StepFailed,
    StepRetryScheduled,
    StepStarted,
    StepSuspended,
)
from certloom.workflow.explanation import Explanation, Wait, explain
from certloom.workflow.instance import DefinitionPin
from certloom.workflow.journal import fold
from certloom.workflow.step import Due

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEY = "Ask.ApprovalStatus"
REQUEST = bind({"CSR": "1"})
OTHER = bind({"CSR": "2"})


def step(name: str, following: str = "", **fields: Any) -> Step:
    outputs = {"continue": following} if following else {}
    return Step(id=name, unique_name=name, display_name=f"The {name}", extension_name="X", outputs=outputs, **fields)


STEPS = (step("Ask", "Issue"), step("Issue", "Tell", conditions=("$(Ready)",)), step("Tell", enabled=False))


def after(*events: Event, wait: Wait | None = None) -> Explanation:
    pin = DefinitionPin("d", "D", 1, "Enrollment")
    begun = InstanceStarted(at=NOW, id="i", definition=pin, title="", initiator_id=1, initiator="CORP\\alice", data={})
    journal = (begun, *events)
    definition = Definition(id="d", version=1, workflow_type="Enrollment", display_name="D", steps=STEPS)
    return explain(fold(journal), definition, journal, wait)


def asked(minutes: int = 0) -> StepSuspended:
    at = NOW + timedelta(minutes=minutes)
    return StepSuspended(at=at, step="Ask", signals=(KEY,), message="Awaiting", binding=dict(REQUEST))


def voted(account: int, about: Mapping[str, str] = REQUEST, minutes: int = 1) -> tuple[Event, Event]:
    signal = SignalReceived(
        at=NOW + timedelta(minutes=minutes),
        step="Ask",
        name="ApprovalStatus",
        account_id=account,
        actor=f"p{account}",
        data={"Approved": True, "Comment": "fine"},
        digest=digest(about),
        binding=dict(about),
    )
    return signal, asked(minutes)


def waiting(*holders: int, needed: int = 1, own: bool = False, dates: tuple[Due, ...] = ()) -> Wait:
    return Wait(
        roles={KEY: ("Approvers",)},
        holders={KEY: frozenset(holders)},
        needed=needed,
        own=own,
        request=REQUEST,
        dates=dates,
    )


def test_a_wait_says_who_can_act_how_many_are_missing_and_what_comes_next() -> None:
    told = after(asked(), wait=waiting(2, 3))
    (signal,) = told.awaited
    assert (signal.signal_key, signal.roles, signal.needed, signal.missing, signal.people) == (
        KEY,
        ("Approvers",),
        1,
        1,
        2,
    )
    assert (told.step, told.step_display_name, told.since) == ("Ask", "The Ask", NOW)
    assert told.summary == (
        "Step Ask waits. 1 more of 1 must send ApprovalStatus. Roles that may: Approvers. People who still can: 2."
    )
    (following,) = told.next_steps
    assert (following.output, following.step, following.conditions) == ("continue", "Issue", ("$(Ready)",))
    assert told.actions == ("Signal", "Stop", "Restart")
    assert not told.out_of_reach


@given(
    st.frozensets(st.integers(1, 6)),
    st.lists(st.integers(1, 6), unique=True, max_size=4),
    st.integers(1, 4),
    st.booleans(),
)
def test_a14_out_of_reach_is_exactly_when_fewer_can_still_vote_than_must(
    holders: frozenset[int],
    voters: list[int],
    needed: int,
    own: bool,  # noqa: FBT001 - drawn
) -> None:
    events = [event for voter in voters for event in voted(voter)]
    told = after(asked(), *events, wait=waiting(*holders, needed=needed, own=own))
    counting = len(holders & set(voters))
    can = {one for one in holders if one not in voters and (own or one != 1)}
    assert told.out_of_reach is (len(can) < max(needed - counting, 1))
    assert told.awaited[0].people == len(can)
    assert [vote.counts for vote in told.votes] == [voter in holders for voter in voters]
    assert ("Too few people can" in told.summary) is told.out_of_reach


def test_a14_the_requester_is_somebody_only_where_their_own_vote_is_not_refused() -> None:
    assert after(asked(), wait=waiting(1)).out_of_reach
    assert not after(asked(), wait=waiting(1, own=True)).out_of_reach


def test_a14_who_has_voted_cannot_vote_again_although_the_vote_is_void() -> None:
    told = after(asked(), *voted(2, OTHER), wait=waiting(2))
    assert told.out_of_reach
    assert [(vote.counts, vote.why) for vote in told.votes] == [(False, "The request has changed since in: CSR.")]


def test_a_vote_of_somebody_who_lost_the_role_is_told_as_void() -> None:
    told = after(asked(), *voted(2), *voted(3), wait=waiting(3, 4, needed=2))
    assert [(vote.actor, vote.approved, vote.comment, vote.counts) for vote in told.votes] == [
        ("p2", True, "fine", False),
        ("p3", True, "fine", True),
    ]
    assert told.votes[0].why == "The account is disabled, or holds none of the step's roles any more."
    assert told.votes[1].why == ""
    assert told.awaited[0].missing == 1


def test_where_enough_count_again_one_more_vote_is_still_missing() -> None:
    assert after(asked(), *voted(2), wait=waiting(2, 3)).awaited[0].missing == 1


def test_what_time_brings_is_told_in_order() -> None:
    dates = (Due(NOW + timedelta(days=3), "late"), Due(NOW + timedelta(days=1), "early"))
    assert [due.what for due in after(asked(), wait=waiting(dates=dates)).dates] == ["early", "late"]


def test_a_wait_counts_from_the_first_suspension() -> None:
    assert after(asked(), *voted(2, minutes=5), wait=waiting(2, 3, needed=2)).since == NOW


def test_a_sleeping_step_says_why_and_when_it_is_tried_again() -> None:
    due = NOW + timedelta(minutes=9)
    told = after(
        StepStarted(at=NOW, step="Issue", attempt=1, key="k", intent={}),
        StepRetryScheduled(at=NOW, step="Issue", attempt=1, wake_at=due, failure="the authority does not answer"),
    )
    assert told.summary == "Step Issue could not be done and is tried again. the authority does not answer"
    assert told.dates == (Due(due, "The step is tried again."),)
    assert told.failure is not None
    assert (told.failure.step, told.failure.attempt) == ("Issue", 1)
    assert told.actions == ("Retry",)


def test_a_failed_step_says_why_and_what_a_manager_can_do() -> None:
    told = after(StepFailed(at=NOW, step="Issue", message="no template."))
    assert told.summary == (
        "Step Issue failed: no template. A manager can have the step tried again, or restart the instance."
    )
    assert told.failure is not None
    assert (told.failure.step, told.failure.why, told.failure.attempt) == ("Issue", "no template.", None)
    assert told.actions == ("Retry", "Restart", "Delete")
    assert [one.step for one in told.next_steps] == ["Tell"]


def test_a_disabled_step_that_comes_next_says_so() -> None:
    told = after(StepFailed(at=NOW, step="Issue", message="x"))
    assert told.next_steps[0].conditions == ("the step is disabled",)


@pytest.mark.parametrize(
    ("last", "summary"),
    [
        (InstanceCompleted(at=NOW), "It ran to its end."),
        (InstanceRejected(at=NOW, actor="p2", reason="Denied by p2."), "It was rejected by p2. Denied by p2."),
    ],
)
def test_an_instance_that_ended_says_how(last: Event, summary: str) -> None:
    told = after(StepCompleted(at=NOW, step="Ask"), last)
    assert (told.summary, told.next_steps, told.awaited, told.actions) == (summary, (), (), ("Delete",))


def test_a_superseded_instance_names_the_new_one() -> None:
    told = after(StepFailed(at=NOW, step="Issue", message="x"), InstanceSuperseded(at=NOW, new_id="n", actor="root"))
    assert (told.superseded_by, told.summary) == ("n", "Superseded by instance n, restarted by root.")


def test_votes_of_an_approval_that_is_over_are_neither_counted_nor_void() -> None:
    told = after(asked(), voted(2)[0], StepCompleted(at=NOW, step="Ask"))
    assert [(vote.actor, vote.counts, vote.why) for vote in told.votes] == [("p2", None, "")]


def test_an_instance_that_has_just_begun_and_one_in_the_middle_say_so() -> None:
    begun = after()
    assert (begun.summary, begun.step, begun.next_steps[0].step) == ("It has just begun.", None, "Ask")
    middle = after(StepStarted(at=NOW, step="Tell", attempt=1, key="k", intent={}))
    assert middle.summary == "Step Tell is being done."
    assert [(one.output, one.step) for one in middle.next_steps] == [("continue", None)]
