"""Certificates from domain to wire."""

import base64
from datetime import datetime

from certloom.api.enumerations import CERT_STATE
from certloom.api.schemas.certificates import (
    CertificateResponse,
    DetailedKeyUsage,
    ExtendedKeyUsage,
    SubjectAltNameElement,
)
from certloom.operations.certificates import CertificateView
from certloom.pki.certificate import CertificateFacts, describe
from certloom.pki.usage import KEY_USAGES
from certloom.store.moments import moment

__all__ = ["certificate_response"]

ACTIVE, REVOKED = 1, 2


def certificate_response(view: CertificateView, now: datetime) -> CertificateResponse:
    """A certificate with every field clients read."""
    row, facts = view.row, describe(view.row.der)
    revocation = view.revocation
    revoked = revocation is not None and moment(revocation.effective_at) <= now
    state = REVOKED if revoked else ACTIVE
    return CertificateResponse(
        id=row.id,
        thumbprint=row.thumbprint,
        serial_number=row.serial_number,
        issued_dn=row.issued_dn,
        issued_cn=row.issued_cn,
        import_date=row.imported_at,
        not_before=row.not_before,
        not_after=row.not_after,
        issuer_dn=row.issuer_dn,
        template_id=view.template_id,
        cert_state=state,
        key_size_in_bits=facts.key_size_bits,
        key_type=facts.key_type,
        key_algorithm=facts.key_algorithm,
        requester_id=row.requester_id,
        issued_ou=facts.issued_ou,
        issued_email=facts.issued_email,
        key_usage=facts.key_usage,
        signing_algorithm=facts.signing_algorithm,
        cert_state_string=f"{CERT_STATE.name_of(state)} ({state})",
        key_type_string=facts.key_type_name,
        revocation_eff_date=revocation.effective_at if revocation else None,
        revocation_reason=revocation.reason if revocation else None,
        revocation_comment=revocation.comment if revocation else None,
        certificate_authority_name=f"certloom\\{row.authority}",
        template_name=row.template,
        requester_name=row.requester,
        content_bytes=base64.b64encode(row.der).decode(),
        extended_key_usages=[
            ExtendedKeyUsage(id=number, oid=oid, display_name=name)
            for number, (oid, name) in enumerate(facts.extended_key_usages, start=1)
        ],
        subject_alt_name_elements=[
            SubjectAltNameElement(id=number, value=value, type=kind)
            for number, (value, kind) in enumerate(facts.sans, start=1)
        ],
        metadata=dict(view.metadata),
        detailed_key_usage=_usage(facts),
        curve=facts.curve,
        lifespan=(facts.not_after - facts.not_before).days,
    )


def _usage(facts: CertificateFacts) -> DetailedKeyUsage:
    def has(name: str) -> bool:
        return bool(facts.key_usage & KEY_USAGES[name][1])

    return DetailedKeyUsage(
        crl_sign=has("cRLSign"),
        data_encipherment=has("dataEncipherment"),
        decipher_only=has("decipherOnly"),
        digital_signature=has("digitalSignature"),
        encipher_only=has("encipherOnly"),
        key_agreement=has("keyAgreement"),
        key_cert_sign=has("keyCertSign"),
        key_encipherment=has("keyEncipherment"),
        non_repudiation=has("nonRepudiation"),
        hex_code=f"0x{facts.key_usage:X}",
    )
