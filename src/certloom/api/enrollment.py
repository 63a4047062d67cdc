"""/Enrollment. Source: api-surface reference, sections 4 and 6.1."""

import base64
from typing import Any

from litestar import Controller, Request, Response, post

from certloom.api.answers import answer
from certloom.api.call import call_of
from certloom.api.disposition import why_pending
from certloom.api.file_formats import read_format
from certloom.api.openapi import documented
from certloom.api.pfx_shapes import file_headers, pfx_information, pfx_order
from certloom.api.schemas.enrollment import (
    CsrEnrollmentRequest,
    CsrEnrollmentResponse,
    PfxEnrollmentRequest,
    PfxEnrollmentResponse,
    PfxEnrollmentResponseV2,
    Pkcs10,
)
from certloom.operations.enrollment import Enrolled, EnrollmentOrder, enroll_csr
from certloom.operations.pfx_enrollment import enroll_pfx
from certloom.pki.chain import pem, pem_with_subject, pkcs7
from certloom.pki.key_file import certificates_zip

__all__ = ["EnrollmentController"]


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
            renewed_id=wanted.renewal_certificate_id,
            idempotency_key=call.header("idempotency-key"),
            wait_seconds=call.wait_seconds(),
        )
        enrolled = await enroll_csr(call.services, call.actor, order)
        return answer(enrollment_response(enrolled, wanted, certificate_format))

    @post(
        "/PFX",
        operation_id="EnrollPfx",
        status_code=200,
        **documented(PfxEnrollmentResponse, body=PfxEnrollmentRequest),
    )
    async def pfx(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Ask for a certificate with a new key. Headers: x-certificateformat, Idempotency-Key, Prefer: wait=n."""
        call = call_of(request)
        version, wanted = call.api_version(), await call.body(PfxEnrollmentRequest)
        order = pfx_order(call, wanted)
        enrolled = await enroll_pfx(call.services, call.actor, order)
        information = pfx_information(enrolled)
        metadata = enrolled.enrolled.instance.data.get("Metadata") or {}
        response = PfxEnrollmentResponse if version == 1 else PfxEnrollmentResponseV2
        return answer(response(certificate_information=information, metadata=metadata), file_headers(enrolled, order))


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
        disposition_message="" if row else why_pending(enrolled),
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
    if certificate_format == "ZIP":
        return [base64.b64encode(certificates_zip(ders)).decode()]
    if certificate_format == "DER":
        return [base64.b64encode(der).decode() for der in ders]
    return [pem_with_subject(der) if wanted.include_subject_header else pem(der) for der in ders]
