"""Facts: what a step brought about, as frozen records. ``operations/facts.py`` turns each kind into rows."""

from datetime import datetime

import msgspec

__all__ = [
    "CertificateIssued",
    "CertificateRevoked",
    "Fact",
    "HoldEnded",
    "IssuancePlanned",
    "MailRequested",
    "MetadataNoted",
]


class IssuancePlanned(msgspec.Struct, frozen=True, kw_only=True):
    """A serial number was chosen and the bytes to be signed are fixed; the key has not been used yet.

    ``spki_sha256`` is that of the subject's public key, in lower-case hexadecimal.
    """

    spki_sha256: str
    serial: str
    authority: str
    certificate_id: int


class CertificateIssued(msgspec.Struct, frozen=True, kw_only=True):
    """An authority issued a certificate. ``certificate`` is DER."""

    certificate_id: int
    certificate: bytes
    authority: str
    template: str
    requester_id: int
    requester: str
    metadata: dict[str, str]


class CertificateRevoked(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate was revoked, or put on hold. ``reason`` as numbered by RFC 5280, 5.3.1.

    ``over`` is the instance that put it on hold, or took it back from one, before; empty where there was none.
    """

    certificate_id: int
    authority: str
    reason: int
    effective_at: datetime
    comment: str
    over: str = ""


class HoldEnded(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate on hold is good again. ``over`` is the instance that had put it on hold."""

    certificate_id: int
    authority: str
    comment: str
    over: str


class MailRequested(msgspec.Struct, frozen=True, kw_only=True):
    """A mail shall be sent once this is durable. ``purpose`` says which of the step's mails it is."""

    purpose: str
    recipients: tuple[str, ...]
    subject: str
    message: str


class MetadataNoted(msgspec.Struct, frozen=True, kw_only=True):
    """A metadata field of a certificate holds this value now; an empty one is none."""

    certificate_id: int
    name: str
    value: str


Fact = IssuancePlanned | CertificateIssued | CertificateRevoked | HoldEnded | MailRequested | MetadataNoted
