"""/Enrollment. Source: api-surface reference, sections 4 and 6.1."""

import base64
from typing import Any, Final

from litestar import Controller, Request, Response, post

from certloom.api.answers import answer
from certloom.api.call import call_of
from certloom.api.openapi import documented
from certloom.api.schemas.enrollment import CsrEnrollmentRequest, CsrEnrollmentResponse, Pkcs10
from certloom.errors import Invalid
from certloom.operations.enrollment import Enrolled, EnrollmentOrder, enroll_csr
from certloom.pki.chain import pem, pem_with_subject, pkcs7
from certloom.workflow.instance import Status

__all__ = ["EnrollmentController", "FormatUnknown"]

FORMATS: Final = ("PEM", "DER", "P7B")


class FormatUnknown(Invalid):
    """A certificate format that this answer cannot have."""

    code = "0xA0110008"


class EnrollmentController(Controller):
    """Asking for certificates."""

    path = "/KeyfactorAPI/Enrollment"
    tags = ("Enrollment",)

    @post(
        "/CSR",
        operation_id="EnrollCsr",
        status_code=200,
        **documented(CsrEnrollmentResponse, body=CsrEnrollmentRequest),
    )
    async def csr(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Ask for a certificate with a CSR. Headers: x-certificateformat, Idempotency-Key, Prefer: wait=n."""
        call = call_of(request)
        wanted = await call.body(CsrEnrollmentRequest)
        certificate_format = read_format(call.header("x-certificateformat"))
        order = EnrollmentOrder(
            csr=wanted.csr,
            template=wanted.template or "",
            authority=wanted.certificate_authority or "",
            sans={kind: names for kind, names in (wanted.sans or {}).items() if names},
            metadata=wanted.metadata or {},
            additional_fields=wanted.additional_enrollment_fields or {},
            include_chain=wanted.include_chain,
            format=certificate_format,
            idempotency_key=call.header("idempotency-key"),
            wait_seconds=call.wait_seconds(),
        )
        enrolled = await enroll_csr(call.services, call.actor, order)
        return answer(enrollment_response(enrolled, wanted, certificate_format))


def read_format(header: str | None) -> str:
    """The format a header asks for, PEM by default. Raises FormatUnknown."""
    wanted = (header or "PEM").strip().upper()
    if wanted not in FORMATS:
        raise FormatUnknown(f"x-certificateformat {wanted[:20]!r} is not offered here. Use {', '.join(FORMATS)}.")
    return wanted


def enrollment_response(
    enrolled: Enrolled, wanted: CsrEnrollmentRequest, certificate_format: str
) -> CsrEnrollmentResponse:
    """What became of an enrollment, as clients read it."""
    row, instance = enrolled.certificate, enrolled.instance
    information = Pkcs10(
        serial_number=row.serial_number if row else None,
        issuer_dn=row.issuer_dn if row else None,
        thumbprint=row.thumbprint if row else None,
        keyfactor_id=row.id if row else 0,
        certificates=_certificates(enrolled, wanted, certificate_format),
        workflow_instance_id=instance.id,
        workflow_reference_id=enrolled.reference_id,
        keyfactor_request_id=0,
        request_disposition="ISSUED" if row else "PENDING",
        disposition_message="" if row else _why_pending(enrolled),
        enrollment_context=None,
    )
    metadata = instance.data.get("Metadata") or {}
    return CsrEnrollmentResponse(certificate_information=information, metadata=metadata)


def _certificates(enrolled: Enrolled, wanted: CsrEnrollmentRequest, certificate_format: str) -> list[str]:
    if enrolled.certificate is None:
        return []
    ders = (enrolled.certificate.der, *(enrolled.chain if wanted.include_chain else ()))
    if certificate_format == "P7B":
        return [base64.b64encode(pkcs7(ders)).decode()]
    if certificate_format == "DER":
        return [base64.b64encode(der).decode() for der in ders]
    return [pem_with_subject(der) if wanted.include_subject_header else pem(der) for der in ders]


def _why_pending(enrolled: Enrolled) -> str:
    instance = enrolled.instance
    where = f"GET /Workflow/Instances/{instance.id} tells where it stands."
    if instance.status is Status.SUSPENDED:
        return f"The request is suspended in workflow {instance.definition.display_name}: {instance.message} {where}"
    return f"The request is still running in workflow {instance.definition.display_name}. {where}"
