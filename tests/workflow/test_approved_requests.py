from datetime import UTC, datetime

import msgspec
import pytest
from tests.steps.conftest import view

from certloom.workflow.approval import bind, digest
from certloom.workflow.approved_request import RequestChanged, check_approvals
from certloom.workflow.instance import ReceivedSignal
from certloom.workflow.step import StepView

NOW = datetime(2026, 1, 1, tzinfo=UTC)
APPROVED = {"CSR": "1", "Template": "Web"}
CHANGED = {"CSR": "2", "Template": "Web"}


def vote(about: dict[str, str] | None, actor: str = "CORP\\bob") -> ReceivedSignal:
    bound = None if about is None else digest(bind(about))
    return ReceivedSignal("Ask", "ApprovalStatus", 2, actor, NOW, {"Approved": True}, bound)


def acting(*signals: ReceivedSignal, known: bool = True) -> StepView:
    """A step that acts on the request ``APPROVED`` as it stands."""
    made = view(APPROVED, *signals)
    bindings = {digest(bind(one)): bind(one) for one in (APPROVED, CHANGED)} if known else {}
    return msgspec.structs.replace(made, instance=msgspec.structs.replace(made.instance, bindings=bindings))


def test_a09_votes_about_the_request_as_it_stands_let_it_pass() -> None:
    check_approvals(acting())
    check_approvals(acting(vote(APPROVED), vote(APPROVED)))


def test_a09_signals_that_are_no_votes_are_about_no_request() -> None:
    check_approvals(acting(vote(None), vote(None)))


@pytest.mark.parametrize("before", [(), (vote(APPROVED),), (vote(None),)])
def test_a09_one_vote_about_another_request_stops_it_wherever_it_stands(before: tuple[ReceivedSignal, ...]) -> None:
    with pytest.raises(RequestChanged) as refusal:
        check_approvals(acting(*before, vote(CHANGED, "CORP\\dave")))
    assert refusal.value.message == (
        "CORP\\dave decided at step Ask on a request that has changed since in: CSR. "
        "Restart the instance to have it approved as it is now."
    )


def test_a09_a_vote_about_a_request_nobody_wrote_down_stops_it_and_names_every_field() -> None:
    with pytest.raises(RequestChanged, match="CSR, Template"):
        check_approvals(acting(vote(CHANGED), known=False))
