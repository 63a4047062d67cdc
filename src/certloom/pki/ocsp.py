"""Questions about the status of certificates and their answers, as octets (RFC 6960, RFC 5019, RFC 9654).

Written here since the library we build certificates with knows one certificate per question only.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from cryptography import x509

from certloom.pki.der import DerUnreadable, bit_string, content_of, elements, generalized_time, sequence, tagged
from certloom.pki.to_be_signed import subject_public_key

__all__ = ["MOST_CERTIFICATES", "AskedCertificate", "IssuerHashes", "OcspRequest", "Status", "issuer_hashes",
           "read_request", "refusal", "response", "response_data"]  # fmt: skip

MOST_CERTIFICATES: Final = 20
"""About how many certificates one request may ask."""

_HASHES: Final = {bytes.fromhex("06052b0e03021a"): "sha1", bytes.fromhex("0609608648016503040201"): "sha256"}
_NONCE: Final = bytes.fromhex("06092b0601050507300102")
_BASIC: Final = bytes.fromhex("06092b0601050507300101")
_REFUSALS: Final = {"malformedRequest": 1, "internalError": 2, "tryLater": 3, "unauthorized": 6}
_LONGEST_NONCE: Final = 128
_LONGEST_SERIAL: Final = 64
_INTEGER, _OCTETS, _OID, _SEQUENCE, _ENUMERATED, _BOOLEAN = 0x02, 0x04, 0x06, 0x30, 0x0A, 0x01
_CONTEXT: Final = 0xA0
_PRIMITIVE: Final = 0x80

IssuerHashes = dict[str, tuple[bytes, bytes]]
"""The hashes of an issuer's name and key by the algorithm's name."""


class AskedCertificate(msgspec.Struct, frozen=True):
    """Whose status is asked for: the CertID as it came, and what it says. ``algorithm`` is empty for an unknown one."""

    der: bytes
    algorithm: str
    issuer: tuple[bytes, bytes]
    serial: int


class OcspRequest(msgspec.Struct, frozen=True):
    """A question about some certificates; ``nonce`` is the extension's value, to be sent back as it is."""

    asked: tuple[AskedCertificate, ...]
    nonce: bytes | None


class Status(msgspec.Struct, frozen=True):
    """What is known: not that it was issued at all, that it is good, or since when and why it is revoked."""

    known: bool
    revoked_at: datetime | None = None
    reason: int = 0


def issuer_hashes(issuer: x509.Certificate) -> IssuerHashes:
    """Return how requests name this issuer (RFC 6960, 4.1.1): with SHA-1, as most do, or SHA-256."""
    name, key = issuer.subject.public_bytes(), subject_public_key(issuer.public_key())
    return {each: (_hash(each, name), _hash(each, key)) for each in _HASHES.values()}


def _hash(algorithm: str, octets: bytes) -> bytes:
    return hashlib.new(algorithm, octets, usedforsecurity=False).digest()


def read_request(der: bytes) -> OcspRequest:
    """Read an OCSPRequest (4.1.1); raises `DerUnreadable`. Signatures and names of requesters are not looked at."""
    outer = elements(content_of(der, _SEQUENCE))
    if not outer or [each.tag for each in outer[1:]] not in ([], [_CONTEXT]):
        raise DerUnreadable("The request has not one tbsRequest and at most one signature.")
    fields = {each.tag: each.content for each in elements(content_of(outer[0].whole, _SEQUENCE))}
    if _SEQUENCE not in fields or not set(fields) <= {_CONTEXT, _CONTEXT + 1, _SEQUENCE, _CONTEXT + 2}:
        raise DerUnreadable("The tbsRequest has no list of requests, or a field that is not known.")
    requests = elements(fields[_SEQUENCE])
    if not 1 <= len(requests) <= MOST_CERTIFICATES:
        raise DerUnreadable(f"The request is not about 1 to {MOST_CERTIFICATES} certificates.")
    nonce = _nonce(fields[_CONTEXT + 2]) if _CONTEXT + 2 in fields else None
    return OcspRequest(tuple(_asked(content_of(each.whole, _SEQUENCE)) for each in requests), nonce)


def _asked(request: bytes) -> AskedCertificate:
    parts = elements(request)
    if [part.tag for part in parts] not in ([_SEQUENCE], [_SEQUENCE, _CONTEXT]):
        raise DerUnreadable("A request has no CertID.")
    certificate = parts[0]
    fields = elements(certificate.content)
    if [each.tag for each in fields] != [_SEQUENCE, _OCTETS, _OCTETS, _INTEGER]:
        raise DerUnreadable("A CertID is not an algorithm, two hashes and a serial number.")
    algorithm = elements(fields[0].content)
    serial = fields[3].content
    if not algorithm or algorithm[0].tag != _OID or not 1 <= len(serial) <= _LONGEST_SERIAL:
        raise DerUnreadable("A CertID has no algorithm, or a serial number of no sensible length.")
    return AskedCertificate(
        certificate.whole,
        _HASHES.get(algorithm[0].whole, ""),
        (fields[1].content, fields[2].content),
        int.from_bytes(serial, signed=True),
    )


def _nonce(extensions: bytes) -> bytes | None:
    """The nonce's value; raises `DerUnreadable` when it is not 1 to 128 octets long (RFC 9654, 2.1)."""
    for extension in elements(content_of(extensions, _SEQUENCE)):
        parts = elements(content_of(extension.whole, _SEQUENCE))
        if [part.tag for part in parts] not in ([_OID, _OCTETS], [_OID, _BOOLEAN, _OCTETS]):
            raise DerUnreadable("An extension is not an identifier and a value.")
        if parts[0].whole == _NONCE:
            if not 1 <= len(content_of(parts[-1].content, _OCTETS)) <= _LONGEST_NONCE:
                raise DerUnreadable(f"The nonce is not 1 to {_LONGEST_NONCE} octets long.")
            return parts[-1].content
    return None


def response_data(
    request: OcspRequest, statuses: Sequence[Status], responder: x509.Certificate, period: tuple[datetime, datetime]
) -> bytes:
    """Return the ResponseData to be signed (4.2.1): one status for each certificate asked about, in their order.

    The responder is named by the hash of its key; ``period`` is thisUpdate, which is producedAt, too, and nextUpdate.
    """
    key_hash = _hash("sha1", subject_public_key(responder.public_key()))
    singles = [_single(asked, status, period) for asked, status in zip(request.asked, statuses, strict=True)]
    parts = [tagged(_CONTEXT + 2, tagged(_OCTETS, key_hash)), generalized_time(period[0]), sequence(*singles)]
    if request.nonce is not None:
        extension = sequence(_NONCE, tagged(_OCTETS, request.nonce))
        parts.append(tagged(_CONTEXT + 1, sequence(extension)))
    return sequence(*parts)


def _single(asked: AskedCertificate, status: Status, period: tuple[datetime, datetime]) -> bytes:
    begins, ends = generalized_time(period[0]), tagged(_CONTEXT, generalized_time(period[1]))
    return sequence(asked.der, _status(status), begins, ends)


def _status(status: Status) -> bytes:
    if status.revoked_at is None:
        return tagged(_PRIMITIVE if status.known else _PRIMITIVE + 2, b"")
    reason = tagged(_CONTEXT, tagged(_ENUMERATED, bytes([status.reason]))) if status.reason else b""
    return tagged(_CONTEXT + 1, generalized_time(status.revoked_at) + reason)


def response(data: bytes, algorithm: bytes, signature: bytes, responder: bytes) -> bytes:
    """Return the OCSPResponse: the data, its AlgorithmIdentifier and signature, and the responder's certificate."""
    basic = sequence(data, algorithm, bit_string(signature), tagged(_CONTEXT, sequence(responder)))
    whole = sequence(_BASIC, tagged(_OCTETS, basic))
    return sequence(tagged(_ENUMERATED, b"\0"), tagged(_CONTEXT, whole))


def refusal(status: str) -> bytes:
    """Return an OCSPResponse without an answer, which nobody signs: ``malformedRequest``, ``tryLater`` and so on."""
    return sequence(tagged(_ENUMERATED, bytes([_REFUSALS[status]])))
