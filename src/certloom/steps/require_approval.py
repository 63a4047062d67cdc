"""RequireApproval: the instance waits until enough people agree; one denial ends it.

Source: workflow-definitions reference, 4.6, and workflow-instances reference, 4.4. Time limits, reminders, and that
requesters may not approve their own request (``AllowSelfApproval`` lifts it) are ours. Only a vote approves: whatever
time brings, a time-out or a role that is held again, never does (check A08).
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from typing_extensions import override

from certloom.workflow.duration import DURATION_FORMAT, DurationUnreadable, read_duration
from certloom.workflow.instance import ReceivedSignal
from certloom.workflow.outcome import Continue, Outcome, Reject, Suspend
from certloom.workflow.parameters import ControlType, DataType, Parameter
from certloom.workflow.requested_mail import mail_parameters, requested_mail
from certloom.workflow.signal import SignalDefinition
from certloom.workflow.step import Due, PureStep, StepView

__all__ = ["RequireApproval"]

_MOST_APPROVALS = 100
_SIGNAL = "ApprovalStatus"
_TIMES = ("TimeoutAfter", "RemindAfter")


class RequireApproval(PureStep):
    """Waits for a number of different people who hold one of the step's roles, and mails how it ended."""

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
        *mail_parameters("DenialEmail", "mail about a denial or a time-out", ("DeniedEmail", "DenyEmail")),
        *mail_parameters("ApprovalEmail", "mail about the approval", ("ApprovedEmail", "ApproveEmail")),
        Parameter(
            name="AllowSelfApproval",
            display_name="Requester may approve",
            data_type=DataType.BOOLEAN,
            control=ControlType.CHECK_BOX,
            default="False",
            help="Whether the requester's own vote counts. Off unless you know why.",
            ours=True,
        ),
        Parameter(
            name="TimeoutAfter",
            display_name="Reject after",
            help=f"How long the step waits before it rejects: {DURATION_FORMAT}. Empty: for ever. Never approves.",
            ours=True,
        ),
        Parameter(
            name="RemindAfter",
            display_name="Remind after",
            help=f"How often a reminder is mailed while the step waits: {DURATION_FORMAT}. Empty: never.",
            ours=True,
        ),
        *mail_parameters("ReminderEmail", "reminder", ours=True),
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
        return (*_minimum_faults(parameters), *_time_faults(parameters))

    @override
    def needed(self, parameters: Mapping[str, Any]) -> int:
        return int(parameters["MinimumApprovals"])

    @override
    def dates(self, view: StepView) -> tuple[Due, ...]:
        return tuple(_dates(view, _duration(view, "TimeoutAfter"), _duration(view, "RemindAfter")))

    @override
    def run(self, view: StepView) -> Outcome:
        denial = next((vote for vote in view.votes if not vote.data.get("Approved")), None)
        if denial is not None:
            return Reject(denial.actor, _denied(denial), requested_mail(view.parameters, "DenialEmail"))
        limit = _duration(view, "TimeoutAfter")
        if limit is not None and view.now >= view.waiting_since + limit:
            reason = (
                f"Step {view.step} was not approved within {view.parameters['TimeoutAfter']}: rejected by time-out."
            )
            return Reject("system:workflow", reason, requested_mail(view.parameters, "DenialEmail"))
        missing = self.needed(view.parameters) - len(view.votes)
        if view.signalled and missing <= 0:
            return Continue(facts=requested_mail(view.parameters, "ApprovalEmail"))
        return self._wait(view, max(missing, 1))

    def _wait(self, view: StepView, missing: int) -> Suspend:
        roles = ", ".join(view.roles) or "none assigned"
        every = _duration(view, "RemindAfter")
        due = every is not None and not view.signalled and view.now >= view.waiting_since + every
        return Suspend(
            signals=(f"{view.step}.{_SIGNAL}",),
            message=f"Awaiting {missing} more approval(s) from approval roles. Roles: {roles}.",
            wake_at=min((one.at for one in self.dates(view)), default=None),
            facts=requested_mail(view.parameters, "ReminderEmail") if due else (),
        )


def _dates(view: StepView, limit: timedelta | None, every: timedelta | None) -> Iterator[Due]:
    """When the step is to be looked at again: at its time-out, and at the next reminder."""
    since = view.waiting_since
    if limit is not None:
        yield Due(since + limit, "The step rejects the instance: a time-out never approves.")
    if every is not None:
        yield Due(since + every * ((view.now - since) // every + 1), "A reminder is mailed.")


def _duration(view: StepView, name: str) -> timedelta | None:
    written = str(view.parameters.get(name) or "")
    return read_duration(written) if written.strip() else None


def _minimum_faults(given: Mapping[str, Any]) -> Iterator[str]:
    text = str(given.get("MinimumApprovals", 1)).strip()
    if not (text.isdecimal() and 1 <= int(text) <= _MOST_APPROVALS):
        yield f"MinimumApprovals must be a whole number from 1 to {_MOST_APPROVALS}"


def _time_faults(given: Mapping[str, Any]) -> Iterator[str]:
    read: dict[str, timedelta] = {}
    for name in _TIMES:
        written = str(given.get(name) or "")
        try:
            if written.strip():
                read[name] = read_duration(written)
        except DurationUnreadable as error:
            yield f"{name}: {error.message.rstrip('.')}"
    if "RemindAfter" in read and not given.get("ReminderEmailRecipients"):
        yield "RemindAfter needs ReminderEmailRecipients: without any, nobody is reminded"
    if len(read) == len(_TIMES) and read["RemindAfter"] >= read["TimeoutAfter"]:
        yield "RemindAfter must be shorter than TimeoutAfter: the reminder would come after the end"


def _denied(vote: ReceivedSignal) -> str:
    comment = vote.data.get("Comment")
    return f"Denied by {vote.actor} at step {vote.step}" + (f": {comment}" if comment else ".")
