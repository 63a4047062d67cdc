"""RequireApproval: the instance waits until enough people agree; one denial ends it.

Source: workflow-definitions reference, 4.6, and workflow-instances reference, 4.4. That requesters may not approve
their own request is ours (``AllowSelfApproval`` lifts it).
"""

from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from certloom.workflow.instance import ReceivedSignal
from certloom.workflow.outcome import Continue, Outcome, Reject, Suspend
from certloom.workflow.parameters import ControlType, DataType, Parameter
from certloom.workflow.signal import SignalDefinition
from certloom.workflow.step import PureStep, StepView

__all__ = ["RequireApproval"]

_MOST_APPROVALS = 100
_SIGNAL = "ApprovalStatus"


class RequireApproval(PureStep):
    """Waits for a number of different people who hold one of the step's roles."""

    extension_name = "RequireApproval"
    display_name = "Require Approval"
    parameters = (
        Parameter(
            name="MinimumApprovals",
            display_name="Minimum approvals",
            data_type=DataType.INTEGER,
            control=ControlType.NUMBER,
            required=True,
            default="1",
            help="How many different people must approve.",
            aliases=("MinimumApprovalCount", "RequiredApprovals", "NumberOfApprovals"),
        ),
        Parameter(
            name="AllowSelfApproval",
            display_name="Requester may approve",
            data_type=DataType.BOOLEAN,
            control=ControlType.CHECK_BOX,
            default="False",
            help="Whether the requester's own vote counts. Off unless you know why.",
            ours=True,
        ),
    )
    signals = (
        SignalDefinition(
            name=_SIGNAL,
            inputs=(
                Parameter(
                    name="Approved",
                    display_name="Approved",
                    data_type=DataType.BOOLEAN,
                    control=ControlType.CHECK_BOX,
                    required=True,
                ),
                Parameter(name="Comment", display_name="Comment", control=ControlType.TEXT_AREA),
            ),
            vote=True,
        ),
    )

    @override
    def faults(self, parameters: Mapping[str, Any]) -> tuple[str, ...]:
        text = str(parameters.get("MinimumApprovals", 1)).strip()
        if text.isdecimal() and 1 <= int(text) <= _MOST_APPROVALS:
            return ()
        return (f"MinimumApprovals must be a whole number from 1 to {_MOST_APPROVALS}",)

    @override
    def run(self, view: StepView) -> Outcome:
        denial = next((vote for vote in view.votes if not vote.data.get("Approved")), None)
        if denial is not None:
            return Reject(denial.actor, _denied(denial))
        missing = int(view.parameters["MinimumApprovals"]) - len(view.votes)
        if missing <= 0:
            return Continue()
        roles = ", ".join(view.roles) or "none assigned"
        return Suspend(
            signals=(f"{view.step}.{_SIGNAL}",),
            message=f"Awaiting {missing} more approval(s) from approval roles. Roles: {roles}.",
        )


def _denied(vote: ReceivedSignal) -> str:
    comment = vote.data.get("Comment")
    return f"Denied by {vote.actor} at step {vote.step}" + (f": {comment}" if comment else ".")
