"""RevokeStep: has the certificate authority take a certificate back, put it on hold, or end a hold.

What a second time does: revoking a revoked certificate with the same reason changes nothing. Source:
workflow-definitions reference, 4.5.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from typing_extensions import override

from certloom.errors import Invalid
from certloom.pki.revocation import effective_moment, read_reason
from certloom.workflow.approved_request import check_approvals
from certloom.workflow.carried import earlier_effect, request_mark
from certloom.workflow.fact import CertificateRevoked, HoldEnded
from certloom.workflow.outcome import Continue, Outcome
from certloom.workflow.step import EffectStep, Prepared, Retries, StepContext

__all__ = ["RevocationMalformed", "RevokeStep"]


class RevocationMalformed(Invalid):
    """The instance's data does not describe a revocation any more."""


class RevokeStep(EffectStep):
    """Revokes the certificate the instance is about, puts it on hold (reason 6), or ends its hold (reason 8)."""

    extension_name = "RevokeStep"
    display_name = "Revoke"
    workflow_types = ("Revocation",)
    once = True
    retries = Retries.SAFE

    @override
    async def prepare(self, context: StepContext) -> Prepared:
        check_approvals(context.view)
        data = context.view.data
        certificate_id = int(data["CertificateId"])
        earlier = earlier_effect(context.view, self.extension_name)
        if earlier is not None and await context.lookup.was_revoked_by(certificate_id, earlier.instance_id):
            return Prepared({"earlier": earlier.instance_id})
        code, moment = _revocation(data)
        reason = read_reason(code).number
        found = await context.lookup.revocable_certificate(certificate_id, reason, context.view.instance.id)
        # The rules of a new revocation hold here, too: a script may have rewritten what was asked for.
        intent = {
            "certificate_id": certificate_id,
            "serial": found.serial,
            "authority": found.authority,
            "over": found.over,
            "reason": reason,
            "effective_at": effective_moment(moment, context.view.now).isoformat(),
            "comment": str(data["Comment"]),
            "request": request_mark(context.view.request),
        }
        return Prepared(intent)

    @override
    async def perform(self, context: StepContext, intent: dict[str, Any]) -> Outcome:
        if "earlier" in intent:
            return Continue(
                {"Revoked": True}, messages=(f"Instance {intent['earlier']} revoked it before the restart.",)
            )
        # Another instance may have been quicker between the plan and now; its reason and date stand.
        await context.lookup.revocable_certificate(intent["certificate_id"], intent["reason"], context.view.instance.id)
        effective_at = datetime.fromisoformat(intent["effective_at"])
        await context.authority(intent["authority"]).revoke(intent["serial"], intent["reason"], effective_at)
        return Continue({"Revoked": True}, (_fact(intent, effective_at),))


def _fact(intent: Mapping[str, Any], effective_at: datetime) -> CertificateRevoked | HoldEnded:
    """What was done. An intent of an older release names no instance to come after: it was never about a hold."""
    what = {name: intent[name] for name in ("certificate_id", "authority", "comment")}
    over = intent.get("over", "")
    if read_reason(intent["reason"]).ends_hold:
        return HoldEnded(**what, over=over)
    return CertificateRevoked(**what, reason=intent["reason"], effective_at=effective_at, over=over)


def _revocation(data: Mapping[str, Any]) -> tuple[int, datetime]:
    """Reason and moment as the data says them now. Raises RevocationMalformed."""
    try:
        reason, moment = int(data["RevokeCode"]), datetime.fromisoformat(data["EffectiveDate"])
    except (ValueError, TypeError, KeyError) as error:
        raise RevocationMalformed(
            f"The data's RevokeCode or EffectiveDate no longer describes a revocation ({error}). "
            "Look at what the steps before this one set."
        ) from error
    return reason, moment if moment.tzinfo else moment.replace(tzinfo=UTC)
