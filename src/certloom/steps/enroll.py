"""EnrollStep: asks the certificate authority for the certificate that the data describes at this moment.

What a second time does: the same planned bytes are signed again, which gives the same certificate (deterministic
signatures), so nothing is issued twice. Source: workflow-definitions reference, 4.5.
"""

from typing import Any

import msgspec
from typing_extensions import override

from certloom.errors import Conflict, Invalid
from certloom.pki.authority import IssuePlan
from certloom.pki.certificate import describe
from certloom.pki.chain import pem
from certloom.pki.csr import read_csr, read_csr_der
from certloom.pki.request import CertificateRequest
from certloom.workflow.approved_request import check_approvals
from certloom.workflow.carried import earlier_effect, request_mark
from certloom.workflow.fact import CertificateIssued, IssuancePlanned
from certloom.workflow.outcome import Continue, Fail, Outcome
from certloom.workflow.step import EffectStep, Prepared, Retries, StepContext, StepView

__all__ = ["EnrollStep", "PrivateKeyGone", "RequestMalformed"]


class RequestMalformed(Invalid):
    """The instance's data is not a certificate request any more."""


class PrivateKeyGone(Conflict):
    """The private key that the server made for a request was destroyed before the certificate was issued."""


class EnrollStep(EffectStep):
    """Plans, then signs. The plan holds the bytes to be signed and is recorded before the key is used."""

    extension_name = "EnrollStep"
    display_name = "Enroll"
    workflow_types = ("Enrollment",)
    once = True
    retries = Retries.SAFE

    @override
    async def prepare(self, context: StepContext) -> Prepared:
        check_approvals(context.view)
        request = certificate_request(context.view)
        earlier = earlier_effect(context.view, self.extension_name)
        if earlier is not None and await context.lookup.standing_certificate(earlier.certificate_id) is not None:
            return Prepared({"earlier": earlier.certificate_id, "instance": earlier.instance_id})
        key = read_csr_der(request.csr).key.spki_sha256
        await context.lookup.check_key(key, context.view.instance.initiator_id)
        if context.view.data.get("IsPFX") is True and not await context.lookup.holds_key(key):
            raise PrivateKeyGone(
                "The private key of this request is not held any more, so nobody could use the certificate. "
                "Make a new request."
            )
        metadata = await context.lookup.metadata(_metadata(context.view))
        template = await context.lookup.template(request.template)
        plan = await context.authority(request.authority).plan(request, template, context.view.now)
        certificate_id = await context.lookup.reserve_certificate_id()
        planned = IssuancePlanned(
            spki_sha256=key, serial=plan.serial, authority=plan.authority, certificate_id=certificate_id
        )
        intent = {"plan": msgspec.to_builtins(plan), "certificate_id": certificate_id, "metadata": metadata}
        return Prepared(intent | {"request": request_mark(context.view.request)}, (planned,))

    @override
    async def perform(self, context: StepContext, intent: dict[str, Any]) -> Outcome:
        if "earlier" in intent:
            return await _continued(context, intent)
        plan = msgspec.convert(intent["plan"], IssuePlan)
        # Whatever can fail fails before the key is used: a certificate that was signed must be recorded.
        request, metadata = (
            {**(context.view.data.get("CACertificateRequest") or {}), "Status": "ISSUED"},
            intent["metadata"],
        )
        certificate = await context.authority(plan.authority).issue(plan)
        issued = CertificateIssued(
            certificate_id=intent["certificate_id"],
            certificate=certificate,
            authority=plan.authority,
            template=plan.template,
            requester_id=context.view.instance.initiator_id,
            requester=context.view.instance.initiator,
            metadata=metadata,
        )
        values = _values(intent["certificate_id"], certificate, plan.template, request, context.view.instance.id)
        return Continue(values, (issued,))


async def _continued(context: StepContext, intent: dict[str, Any]) -> Outcome:
    """Goes on with the certificate that was issued for the same request before the restart."""
    certificate_id, instance_id = intent["earlier"], intent["instance"]
    certificate = await context.lookup.standing_certificate(certificate_id)
    if certificate is None:
        return Fail(
            f"Certificate {certificate_id}, issued before the restart by instance {instance_id}, was revoked or has "
            "expired meanwhile. Restart with reissue=true to have another one issued."
        )
    request = {**(context.view.data.get("CACertificateRequest") or {}), "Status": "ISSUED"}
    values = _values(certificate_id, certificate.der, certificate.template, request, instance_id)
    told = f"Continued with certificate {certificate_id}, which instance {instance_id} got for the same request."
    return Continue(values, messages=(told,))


def certificate_request(view: StepView) -> CertificateRequest:
    """The request as the instance's data describes it now; steps may have rewritten it. Raises RequestMalformed."""
    try:
        data = msgspec.convert(dict(view.data), _RequestData)
    except msgspec.ValidationError as error:
        raise RequestMalformed(
            f"The data no longer describes a certificate request ({error}). Look at what the steps before this one set."
        ) from error
    return CertificateRequest(
        csr=read_csr(data.csr).der,
        subject=data.subject,
        sans={kind: tuple(names) for kind, names in data.sans.items()},
        template=data.template,
        authority=data.certificate_authority.rpartition("\\")[2],
    )


def _metadata(view: StepView) -> dict[str, Any]:
    """What the request notes about the certificate; steps may have rewritten it, too. Raises RequestMalformed."""
    metadata = view.data.get("Metadata")
    if metadata is None or isinstance(metadata, dict):
        return metadata or {}
    raise RequestMalformed("The data's Metadata is no map any more. Look at what the steps before this one set.")


class _RequestData(msgspec.Struct, rename="pascal"):
    subject: str
    template: str
    certificate_authority: str
    csr: str = msgspec.field(name="CSR")
    sans: dict[str, list[str]] = msgspec.field(name="SANs")


def _values(
    certificate_id: int, certificate: bytes, template: str, request: dict[str, Any], instance_id: str
) -> dict[str, Any]:
    facts = describe(certificate)
    return {
        "KeyfactorId": certificate_id,
        "SerialNumber": facts.serial_number,
        "IssuerDN": facts.issuer_dn,
        "Thumbprint": facts.thumbprint,
        "KeyfactorRequestId": 0,
        "RequestDisposition": "ISSUED",
        "DispositionMessage": "",
        "CACertificateRequest": request,
        "CACertificate": {
            "CACertificateId": certificate_id,
            "CARequestID": instance_id,
            "Status": "ISSUED",
            "Certificate": pem(certificate),
            "CertificateTemplate": template,
            "RevocationDate": None,
            "RevocationReason": None,
            "ArchivedKey": False,
        },
    }
