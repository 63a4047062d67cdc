"""Certificates together: as PEM, as PKCS#7, and in order."""

from collections.abc import Iterable, Sequence
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certloom.pki.certificate import load_certificate
from certloom.pki.der import sequence, tagged
from certloom.pki.subject import render_subject

__all__ = ["order", "pem", "pem_with_subject", "pkcs7"]

_SIGNED_DATA: Final = bytes.fromhex("06092a864886f70d010702")
_DATA: Final = bytes.fromhex("06092a864886f70d010701")
_VERSION_1: Final = bytes.fromhex("020101")
_EMPTY_SET: Final = bytes.fromhex("3100")
_CONTEXT_0: Final = 0xA0


def pem(der: bytes) -> str:
    """Return a certificate as PEM (RFC 7468); raises `CertificateUnreadable`."""
    return load_certificate(der).public_bytes(Encoding.PEM).decode()


def pem_with_subject(der: bytes) -> str:
    """Return PEM under a line ``#CN=...`` with the subject (api-surface 3.2); raises `CertificateUnreadable`."""
    certificate = load_certificate(der)
    return f"#{render_subject(certificate.subject)}\n{certificate.public_bytes(Encoding.PEM).decode()}"


def pkcs7(ders: Iterable[bytes]) -> bytes:
    """Return degenerate signed data: certificates without a signature (RFC 2315, section 9).

    The certificates keep the order given, as clients ask for one and read it back; that makes the set BER, since
    DER would sort it.
    """
    certificates = tagged(_CONTEXT_0, b"".join(ders))
    signed_data = sequence(_VERSION_1, _EMPTY_SET, sequence(_DATA), certificates, _EMPTY_SET)
    return sequence(_SIGNED_DATA, tagged(_CONTEXT_0, signed_data))


def order(ders: Sequence[bytes], *, end_entity_first: bool) -> tuple[bytes, ...]:
    """Return a chain from the end entity to the root, or the other way round.

    Certificates that do not belong to the chain keep their order after it; raises `CertificateUnreadable`.
    """
    waiting = [(der, load_certificate(der)) for der in ders]
    issuers = {certificate.issuer for _, certificate in waiting if certificate.issuer != certificate.subject}
    ends = [each for each in waiting if each[1].subject not in issuers]
    current = min(ends, key=lambda each: each[1].subject == each[1].issuer, default=None)
    ordered: list[bytes] = []
    while current is not None:
        waiting.remove(current)
        ordered.append(current[0])
        current = _issuer_of(current[1], waiting)
    ordered.extend(der for der, _ in waiting)
    return tuple(ordered if end_entity_first else reversed(ordered))


def _issuer_of(
    certificate: x509.Certificate,
    candidates: Iterable[tuple[bytes, x509.Certificate]],
) -> tuple[bytes, x509.Certificate] | None:
    return next((each for each in candidates if each[1].subject == certificate.issuer), None)
