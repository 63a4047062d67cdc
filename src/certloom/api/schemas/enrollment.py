"""Wire shapes of enrollment. Source: api-surface reference, 6.1."""

from typing import Any

import msgspec

from certloom.api.schemas.wire import Wire

__all__ = [
    "CsrEnrollmentRequest",
    "CsrEnrollmentResponse",
    "PfxEnrollmentRequest",
    "PfxEnrollmentResponse",
    "PfxEnrollmentResponseV2",
    "Pkcs10",
    "Pkcs12",
]


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
    renewal_certificate_id: int | None = None


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


class PfxEnrollmentRequest(Wire, kw_only=True):
    """A request for a certificate whose key the server makes. ``Stores`` belong to version 2."""

    subject: str | None = None
    template: str | None = None
    certificate_authority: str | None = None
    sans: dict[str, list[str] | None] | None = msgspec.field(name="SANs", default=None)
    custom_friendly_name: str | None = None
    password: str | None = None
    key_type: str | None = None
    key_length: int | None = None
    curve: str | None = None
    include_chain: bool = True
    chain_order: str | None = None
    use_legacy_encryption: bool = False
    metadata: dict[str, Any] | None = None
    additional_enrollment_fields: dict[str, Any] | None = None
    timestamp: str | None = None
    renewal_certificate_id: int | None = None
    stores: list[dict[str, Any]] | None = None


class Pkcs12(Wire, kw_only=True):
    """What came of the request. Without a certificate: nulls and id 0."""

    serial_number: str | None
    issuer_dn: str | None = msgspec.field(name="IssuerDN")
    thumbprint: str | None
    keyfactor_id: int
    pkcs12_blob: str | None
    password: str | None
    workflow_instance_id: str
    workflow_reference_id: int
    store_ids_invalid_for_renewal: list[str] = msgspec.field(default_factory=list)
    chain_failed_to_build: bool = False
    keyfactor_request_id: int
    request_disposition: str
    disposition_message: str
    enrollment_context: dict[str, str] | None = None


class PfxEnrollmentResponse(Wire, kw_only=True):
    """The answer to an enrollment with key, in version 1."""

    certificate_information: Pkcs12
    metadata: dict[str, str]


class PfxEnrollmentResponseV2(Wire, kw_only=True):
    """The answer to an enrollment with key, in version 2."""

    successful_stores: list[str] | None = None
    certificate_information: Pkcs12
    metadata: dict[str, str]
