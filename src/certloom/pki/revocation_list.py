"""Certificate revocation lists as they are to be signed (RFC 5280, section 5)."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from cryptography import x509

from certloom.pki.revocation import read_reason

__all__ = ["ListedCertificate", "revocation_list_builder"]


class ListedCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """A revoked certificate: its serial number, the reason's number, when it was recorded, and from when it counts."""

    serial: int
    reason: int
    recorded_at: datetime
    effective_at: datetime


def revocation_list_builder(
    issuer: x509.Certificate, number: int, period: tuple[datetime, datetime], listed: Sequence[ListedCertificate]
) -> x509.CertificateRevocationListBuilder:
    """Return everything of a full CRL but its signature.

    ``period`` is thisUpdate and nextUpdate (5.1.2.4, 5.1.2.5). ``issuer`` must have a subject key identifier; raises
    `x509.ExtensionNotFound` otherwise.
    """
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    # Added one by one, each entry would copy all before it.
    return (
        x509.CertificateRevocationListBuilder(revoked_certificates=[_entry(entry) for entry in listed])
        .issuer_name(issuer.subject)
        .last_update(period[0])
        .next_update(period[1])
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .add_extension(x509.CRLNumber(number), critical=False)
    )


def _entry(listed: ListedCertificate) -> x509.RevokedCertificate:
    """An entry. The reason unspecified is left out (5.3.1); the harm's own date is the invalidity date (5.3.2)."""
    recorded, harmed = _seconds(listed.recorded_at), _seconds(listed.effective_at)
    builder = x509.RevokedCertificateBuilder().serial_number(listed.serial).revocation_date(recorded)
    if listed.reason:
        flag = x509.ReasonFlags(read_reason(listed.reason).name)
        builder = builder.add_extension(x509.CRLReason(flag), critical=False)
    if harmed < recorded:
        builder = builder.add_extension(x509.InvalidityDate(harmed.replace(tzinfo=None)), critical=False)
    return builder.build()


def _seconds(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)
