"""Wire shapes of enrollment. Source: api-surface reference, 6.1."""

from typing import Any

import msgspec

from certloom.api.schemas.wire import Wire

__all__ = ["CsrEnrollmentRequest", "CsrEnrollmentResponse", "Pkcs10"]


class CsrEnrollmentRequest(Wire, kw_only=True):
    """A request for a certificate. ``SANs`` replace those of the CSR where any are given."""

    csr: str = msgspec.field(name="CSR")
    template: str | None = None
    certificate_authority: str | None = None
    include_chain: bool = True
    include_subject_header: bool = True
    metadata: dict[str, Any] | None = None
    additional_enrollment_fields: dict[str, Any] | None = None
    timestamp: str | None = None
    sans: dict[str, list[str] | None] | None = msgspec.field(name="SANs", default=None)


class Pkcs10(Wire, kw_only=True):
    """What came of the request. Without a certificate: nulls, id 0 and an empty list."""

    serial_number: str | None
    issuer_dn: str | None = msgspec.field(name="IssuerDN")
    thumbprint: str | None
    keyfactor_id: int = msgspec.field(name="KeyfactorID")
    certificates: list[str]
    workflow_instance_id: str
    workflow_reference_id: int
    keyfactor_request_id: int
    request_disposition: str
    disposition_message: str
    enrollment_context: dict[str, str] | None


class CsrEnrollmentResponse(Wire, kw_only=True):
    """The answer to an enrollment by CSR."""

    certificate_information: Pkcs10
    metadata: dict[str, str]
