"""Enrollments with a key made here, from wire to domain and back."""

import base64

from certloom.api.call import Call
from certloom.api.disposition import why_pending
from certloom.api.file_formats import read_key_format, root_first
from certloom.api.schemas.enrollment import PfxEnrollmentRequest, Pkcs12
from certloom.errors import Invalid
from certloom.operations.held_keys import FileOrder
from certloom.operations.pfx_enrollment import PfxEnrolled, PfxOrder
from certloom.pki.key_file import file_name

__all__ = ["StoresNotServed", "file_headers", "pfx_information", "pfx_order"]

_COLLECTED = "The private key was handed out to an earlier request with the same Idempotency-Key."


class StoresNotServed(Invalid):
    """A certificate is to be delivered into certificate stores, which are not served."""


def pfx_order(call: Call, wanted: PfxEnrollmentRequest) -> PfxOrder:
    """What is asked for. Raises FormatUnknown and StoresNotServed."""
    if wanted.stores:
        raise StoresNotServed("Certificate stores are not served here. Leave Stores out and install the file yourself.")
    file = FileOrder(
        password=wanted.password or None,
        file_format=read_key_format(call.header("x-certificateformat")),
        include_chain=wanted.include_chain,
        root_first=root_first(wanted.chain_order),
        legacy=wanted.use_legacy_encryption,
    )
    return PfxOrder(
        subject=wanted.subject or "",
        template=wanted.template or "",
        authority=wanted.certificate_authority or "",
        sans={kind: names for kind, names in (wanted.sans or {}).items() if names},
        key_algorithm=wanted.key_type or "",
        key_bits=wanted.key_length,
        curve=wanted.curve or "",
        friendly_name=wanted.custom_friendly_name or "",
        metadata=wanted.metadata or {},
        additional_fields=wanted.additional_enrollment_fields or {},
        file=file,
        renewed_id=wanted.renewal_certificate_id,
        idempotency_key=call.header("idempotency-key"),
        wait_seconds=call.wait_seconds(),
    )


def pfx_information(found: PfxEnrolled) -> Pkcs12:
    """What became of the enrollment, as clients read it."""
    enrolled, file = found.enrolled, found.file
    row = enrolled.certificate
    issued = "" if file else _COLLECTED
    return Pkcs12(
        serial_number=row.serial_number if row else None,
        issuer_dn=row.issuer_dn if row else None,
        thumbprint=row.thumbprint if row else None,
        keyfactor_id=row.id if row else 0,
        pkcs12_blob=base64.b64encode(file.content).decode() if file else None,
        password=file.made_password if file else None,
        workflow_instance_id=enrolled.instance.id,
        workflow_reference_id=enrolled.reference_id,
        keyfactor_request_id=0,
        request_disposition="ISSUED" if row else "PENDING",
        disposition_message=issued if row else why_pending(enrolled),
    )


def file_headers(found: PfxEnrolled, order: PfxOrder) -> dict[str, str]:
    """A name for the file, where there is one."""
    row = found.enrolled.certificate
    if row is None or found.file is None:
        return {}
    return {"x-certificatefile": file_name(row.issued_cn or "", order.file.file_format)}
