from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.steps.conftest import view

from certloom.steps.noop import NoopStep
from certloom.steps.require_approval import RequireApproval
from certloom.workflow.instance import ReceivedSignal
from certloom.workflow.outcome import Continue, Reject, Suspend

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
