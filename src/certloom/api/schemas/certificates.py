"""Wire shapes of certificates. Source: api-surface reference, 6.2."""

from datetime import datetime

import msgspec

from certloom.api.schemas.wire import Wire

__all__ = [
    "CertificateResponse",
    "DetailedKeyUsage",
    "DownloadRequest",
    "DownloadResponse",
    "ExtendedKeyUsage",
    "RecoverRequest",
    "RecoverResponse",
    "RevokeRequest",
    "RevokeResponse",
    "SubjectAltNameElement",
    "SuspendedCertificate",
]


class ExtendedKeyUsage(Wire, kw_only=True):
    """A purpose the certificate may be used for."""

    id: int
    oid: str
    display_name: str


class SubjectAltNameElement(Wire, kw_only=True):
    """A name of the certificate; ``Type`` as RFC 5280 numbers general names."""

    id: int
    value: str
    type: int
    value_hash: str | None = None


class DetailedKeyUsage(Wire, kw_only=True):
    """The key usage bit by bit."""

    crl_sign: bool
    data_encipherment: bool
    decipher_only: bool
    digital_signature: bool
    encipher_only: bool
    key_agreement: bool
    key_cert_sign: bool
    key_encipherment: bool
    non_repudiation: bool
    hex_code: str


class CertificateResponse(Wire, kw_only=True):
    """A certificate with what is known about it."""

    id: int
    thumbprint: str
    serial_number: str
    issued_dn: str = msgspec.field(name="IssuedDN")
    issued_cn: str | None = msgspec.field(name="IssuedCN")
    import_date: str
    not_before: str
    not_after: str
    issuer_dn: str = msgspec.field(name="IssuerDN")
    principal_id: None = None
    owner_role_id: int | None = None
    owner_role_name: str | None = None
    template_id: int | None
    cert_state: int
    key_size_in_bits: int
    key_type: int
    key_algorithm: str
    requester_id: int
    issued_ou: str | None = msgspec.field(name="IssuedOU", default=None)
    issued_email: str | None = None
    key_usage: int
    signing_algorithm: str
    cert_state_string: str
    key_type_string: str
    revocation_eff_date: str | None
    revocation_reason: int | None
    revocation_comment: str | None
    certificate_authority_name: str
    template_name: str
    archived_key: bool = False
    has_private_key: bool = False
    principal_name: str | None = None
    cert_request_id: int | None = None
    requester_name: str
    content_bytes: str
    extended_key_usages: list[ExtendedKeyUsage]
    subject_alt_name_elements: list[SubjectAltNameElement]
    crl_distribution_points: list[str] = msgspec.field(name="CRLDistributionPoints", default_factory=list)
    locations_count: list[str] = msgspec.field(default_factory=list)
    ssl_locations: list[str] = msgspec.field(name="SSLLocations", default_factory=list)
    locations: list[str] = msgspec.field(default_factory=list)
    metadata: dict[str, str]
    detailed_key_usage: DetailedKeyUsage
    key_recoverable: bool = False
    curve: str | None
    lifespan: int


class DownloadRequest(Wire, kw_only=True):
    """Which certificate (one of id, thumbprint, or serial number with issuer), and how."""

    cert_id: int | None = msgspec.field(name="CertID", default=None)
    thumbprint: str | None = None
    serial_number: str | None = None
    issuer_dn: str | None = msgspec.field(name="IssuerDN", default=None)
    include_chain: bool = False
    chain_order: str | None = None
    include_subject_header: bool = False


class DownloadResponse(Wire, kw_only=True):
    """The file, in base64."""

    content: str


class RecoverRequest(Wire, kw_only=True):
    """Which certificate to hand out with its private key, and under which password."""

    password: str
    cert_id: int | None = msgspec.field(name="CertID", default=None)
    thumbprint: str | None = None
    serial_number: str | None = None
    issuer_dn: str | None = msgspec.field(name="IssuerDN", default=None)
    include_chain: bool = False
    chain_order: str | None = None
    use_legacy_encryption: bool = False


class RecoverResponse(Wire, kw_only=True):
    """The file in base64, whatever its format, and a name for it."""

    pfx: str = msgspec.field(name="PFX")
    file_name: str


class RevokeRequest(Wire, kw_only=True):
    """Which certificates to revoke, why, and from when on."""

    certificate_ids: list[int]
    reason: int
    comment: str
    effective_date: datetime | None = None
    publish_crl: bool | None = msgspec.field(name="PublishCRL", default=None)


class SuspendedCertificate(Wire, kw_only=True):
    """A certificate whose revocation waits in a workflow instance."""

    cert_id: int
    workflow_id: str
    message: str


class RevokeResponse(Wire, kw_only=True):
    """What is revoked, and what waits."""

    revoked_ids: list[int]
    suspended_certs: list[SuspendedCertificate]
