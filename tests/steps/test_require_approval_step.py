from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.steps.conftest import view

from certloom.steps.noop import NoopStep
from certloom.steps.require_approval import RequireApproval
from certloom.workflow.fact import MailRequested
from certloom.workflow.instance import Cursor, Phase, ReceivedSignal
from certloom.workflow.outcome import Continue, Outcome, Reject, Suspend
from certloom.workflow.step import StepView

STEP = RequireApproval()
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def votes(*approved: bool, comment: str | None = None) -> list[ReceivedSignal]:
    data: list[dict[str, Any]] = [{"Approved": one} | ({"Comment": comment} if comment else {}) for one in approved]
    return [
        ReceivedSignal("S", "ApprovalStatus", number, f"p{number}", NOW, one)
        for number, one in enumerate(data, start=1)
    ]


@given(st.lists(st.booleans(), max_size=6), st.integers(1, 6))
def test_enough_approvals_without_a_denial_and_only_these_go_on(sent: list[bool], needed: int) -> None:
    outcome = STEP.run(view({}, *votes(*sent), parameters={"MinimumApprovals": str(needed)}, signalled=True))
    if not all(sent):
        assert isinstance(outcome, Reject)
    elif len(sent) >= needed:
        assert outcome == Continue()
    else:
        assert isinstance(outcome, Suspend)
        assert outcome.signals == ("S.ApprovalStatus",)
        assert outcome.wake_at is None
        assert outcome.message.startswith(f"Awaiting {needed - len(sent)} more approval(s)")


def test_the_first_denial_is_told_with_its_comment() -> None:
    outcome = STEP.run(view({}, *votes(True, False, comment="no"), parameters={"MinimumApprovals": 1}))
    assert outcome == Reject("p2", "Denied by p2 at step S: no")
    outcome = STEP.run(view({}, *votes(False), parameters={"MinimumApprovals": 1}))
    assert outcome == Reject("p1", "Denied by p1 at step S.")


def test_the_roles_that_may_decide_are_told() -> None:
    parameters = {"MinimumApprovals": 1}
    assert "Roles: A, B." in str(STEP.run(view({}, parameters=parameters, roles=("A", "B"))))
    assert "none assigned" in str(STEP.run(view({}, parameters=parameters, roles=())))


@pytest.mark.parametrize("minimum", [1, "1", " 100 ", 100])
def test_a_sensible_minimum_is_no_fault(minimum: object) -> None:
    assert STEP.faults({"MinimumApprovals": minimum}) == ()
    assert STEP.faults({}) == ()


@pytest.mark.parametrize("minimum", [0, -1, 101, "", "x", None, "1.5", True])
def test_a08_a_minimum_that_nobody_or_everybody_would_meet_is_a_fault(minimum: object) -> None:
    assert STEP.faults({"MinimumApprovals": minimum}) == ("MinimumApprovals must be a whole number from 1 to 100",)


def test_a_marker_does_nothing() -> None:
    assert NoopStep().run(view({"a": 1})) == Continue()


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"TimeoutAfter": "soon"}, "TimeoutAfter: 'soon' is not a duration"),
        ({"TimeoutAfter": "PT72H"}, "such as 3d"),
        ({"RemindAfter": "0m", "ReminderEmailRecipients": ["a@b.example"]}, "RemindAfter: '0m'"),
        ({"RemindAfter": "1d"}, "needs ReminderEmailRecipients"),
        (
            {"RemindAfter": "24h", "TimeoutAfter": "1d", "ReminderEmailRecipients": ["a@b.example"]},
            "must be shorter than TimeoutAfter",
        ),
    ],
)
def test_times_that_cannot_be_kept_are_faults(parameters: dict[str, object], told: str) -> None:
    (fault,) = STEP.faults(parameters)
    assert told in fault


def test_times_that_can_be_kept_are_none() -> None:
    given = {"TimeoutAfter": "3d", "RemindAfter": "1d", "ReminderEmailRecipients": ["a@b.example"]}
    assert STEP.faults(given) == ()
    assert STEP.faults({"TimeoutAfter": "", "RemindAfter": None}) == ()


def test_a08_enough_votes_without_a_new_one_go_nowhere() -> None:
    outcome = STEP.run(view({}, *votes(True, True), parameters={"MinimumApprovals": 2}))
    assert isinstance(outcome, Suspend)
    assert outcome.message.startswith("Awaiting 1 more approval(s)")


ADDRESS = ["a@b.example"]
MAILS = {f"{kind}Email{part}": ADDRESS if part == "Recipients" else kind for kind in ("Denial", "Approval", "Reminder")
         for part in ("Subject", "Message", "Recipients")}  # fmt: skip
TIMES = {"MinimumApprovals": 2, "TimeoutAfter": "10h", "RemindAfter": "3h", **MAILS}


def waiting(after: timedelta, *approved: bool, signalled: bool = False, **parameters: object) -> StepView:
    """The step some time after it first suspended."""
    made = view({}, *votes(*approved), parameters={**TIMES, **parameters}, signalled=signalled, now=NOW + after)
    cursor = Cursor("S", Phase.WOKEN, since=NOW)
    return msgspec.structs.replace(made, instance=msgspec.structs.replace(made.instance, cursor=cursor))


def mailed(outcome: Outcome) -> list[str]:
    """The subjects of the mails an outcome asks for."""
    assert isinstance(outcome, Continue | Suspend | Reject)
    return [fact.subject for fact in outcome.facts if isinstance(fact, MailRequested)]


@pytest.mark.parametrize("late", [timedelta(), timedelta(hours=5)])
@pytest.mark.parametrize("signalled", [True, False])
@pytest.mark.parametrize("sent", [(), (True,), (True, True), (True, True, True)])
def test_a08_from_the_moment_of_the_time_out_nothing_but_a_rejection_follows(
    late: timedelta, sent: tuple[bool, ...], *, signalled: bool
) -> None:
    outcome = STEP.run(waiting(timedelta(hours=10) + late, *sent, signalled=signalled))
    assert isinstance(outcome, Reject)
    assert outcome.actor == "system:workflow"
    assert outcome.reason == "Step S was not approved within 10h: rejected by time-out."
    assert mailed(outcome) == ["Denial"]


def test_until_the_time_out_votes_decide() -> None:
    just_before = timedelta(hours=10) - timedelta(milliseconds=1)
    approved = STEP.run(waiting(just_before, True, True, signalled=True))
    assert isinstance(approved, Continue)
    assert mailed(approved) == ["Approval"]
    denied = STEP.run(waiting(just_before, True, False, signalled=True))
    assert isinstance(denied, Reject)
    assert mailed(denied) == ["Denial"]


@pytest.mark.parametrize(
    ("hours", "signalled", "subjects", "next_look"),
    [(0, False, [], 3), (2, False, [], 3), (3, False, ["Reminder"], 6), (3, True, [], 6), (4, False, ["Reminder"], 6),
     (6, False, ["Reminder"], 9), (9, False, ["Reminder"], 10)],
)  # fmt: skip
def test_a_reminder_is_mailed_when_time_brought_the_step_here_and_the_next_moment_is_the_nearest(
    hours: int, subjects: list[str], next_look: int, *, signalled: bool
) -> None:
    outcome = STEP.run(waiting(timedelta(hours=hours), True, signalled=signalled))
    assert isinstance(outcome, Suspend)
    assert outcome.wake_at == NOW + timedelta(hours=next_look)
    assert mailed(outcome) == subjects


def test_without_times_nothing_is_due() -> None:
    quiet = waiting(timedelta(days=1000), TimeoutAfter=" ", RemindAfter=None)
    outcome = STEP.run(quiet)
    assert (STEP.dates(quiet), mailed(outcome)) == ((), [])
    assert isinstance(outcome, Suspend)
    assert outcome.wake_at is None


def test_what_time_brings_is_the_time_out_and_the_next_reminder() -> None:
    moments = {due.what: due.at for due in STEP.dates(waiting(timedelta(hours=4)))}
    assert moments == {
        "The step rejects the instance: a time-out never approves.": NOW + timedelta(hours=10),
        "A reminder is mailed.": NOW + timedelta(hours=6),
    }


def test_the_words_of_a_wait_without_roles_and_of_every_fault_are_exact() -> None:
    message = "Awaiting 1 more approval(s) from approval roles. Roles: none assigned."
    assert STEP.run(view({}, parameters={"MinimumApprovals": 1}, roles=())) == Suspend(("S.ApprovalStatus",), message)
    wrong = {"TimeoutAfter": "1d", "RemindAfter": "1d"}
    assert STEP.faults(wrong) == (
        "RemindAfter needs ReminderEmailRecipients: without any, nobody is reminded",
        "RemindAfter must be shorter than TimeoutAfter: the reminder would come after the end",
    )
    assert STEP.faults({"TimeoutAfter": " ", "RemindAfter": " "}) == ()


def test_a_reminder_alone_needs_no_time_out() -> None:
    assert STEP.faults({"RemindAfter": "9d", "ReminderEmailRecipients": ADDRESS}) == ()
