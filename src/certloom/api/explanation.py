"""/Certloom/Instances/{id}/Explanation: why an instance stands where it stands. Ours."""

from typing import Any

from litestar import Controller, Request, Response, get
from litestar.params import FromPath

from certloom.api.answers import answer
from certloom.api.call import call_of
from certloom.api.guid import read_guid
from certloom.api.instance_body import status_of
from certloom.api.openapi import documented
from certloom.api.schemas.explanation import (
    AwaitedSignal,
    DueMoment,
    ExplanationResponse,
    FailureResponse,
    FollowingStep,
    VoteResponse,
)
from certloom.operations.explaining import explain_instance
from certloom.settings import EnumerationForm
from certloom.store.moments import text_of
from certloom.workflow.explanation import Awaited, Explanation, Failure, NextStep, VoteStanding

__all__ = ["ExplanationController"]


class ExplanationController(Controller):
    """Why it is not done yet."""

    path = "/KeyfactorAPI/Certloom/Instances"
    tags = ("Workflow Instance",)

    @get("/{instance_id:str}/Explanation", operation_id="ExplainInstance", **documented(ExplanationResponse))
    async def read(self, request: Request[Any, Any, Any], instance_id: FromPath[str]) -> Response[bytes]:
        """What the instance waits for, who can act, what time brings, which votes count, and what comes next."""
        call = call_of(request)
        guid = read_guid(instance_id)
        return answer(_response(str(guid), await explain_instance(call.services, call.actor, guid), call.form))


def _response(instance_id: str, found: Explanation, form: EnumerationForm) -> ExplanationResponse:
    return ExplanationResponse(
        id=instance_id,
        status=status_of(found.status, form),
        summary=found.summary,
        step=found.step,
        step_display_name=found.step_display_name,
        since=text_of(found.since),
        out_of_reach=found.out_of_reach,
        awaited=[_awaited(one) for one in found.awaited],
        votes=[_vote(one) for one in found.votes],
        dates=[DueMoment(time=text_of(one.at), what=one.what) for one in found.dates],
        failure=_failure(found.failure) if found.failure else None,
        next_steps=[_following(one) for one in found.next_steps],
        actions=list(found.actions),
        superseded_by=found.superseded_by,
    )


def _awaited(one: Awaited) -> AwaitedSignal:
    return AwaitedSignal(
        signal_key=one.signal_key,
        roles=list(one.roles),
        needed=one.needed,
        missing=one.missing,
        people=one.people,
        out_of_reach=one.out_of_reach,
    )


def _vote(vote: VoteStanding) -> VoteResponse:
    return VoteResponse(
        step=vote.step,
        user=vote.actor,
        time=text_of(vote.at),
        approved=vote.approved,
        comment=vote.comment,
        counts=vote.counts,
        why=vote.why,
    )


def _failure(failure: Failure) -> FailureResponse:
    return FailureResponse(step=failure.step, time=text_of(failure.at), attempt=failure.attempt, why=failure.why)


def _following(step: NextStep) -> FollowingStep:
    return FollowingStep(
        output=step.output,
        step=step.step,
        display_name=step.display_name,
        extension_name=step.extension_name,
        conditions=list(step.conditions),
    )
