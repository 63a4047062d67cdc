"""The OCSP responder that an embedded authority appoints for itself (RFC 6960, 4.2.2.2)."""

from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from certloom.authorities.embedded.mismatch import AuthorityMismatched
from certloom.authorities.embedded.signing import SigningKey, algorithm_of, load_key, sign
from certloom.pki.certificate import load_certificate
from certloom.pki.ocsp import OcspRequest, Status, issuer_hashes, response, response_data

__all__ = ["EmbeddedResponder", "responder_key"]


def responder_key(authority: SigningKey) -> SigningKey:
    """Return a new key for a responder, quick to sign with; RSA where the authority's is: not all verify more."""
    if isinstance(authority, rsa.RSAPrivateKey):
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP256R1())


class EmbeddedResponder:
    """Signs statuses in the name of the authority ``name`` (certificate in DER), with a certificate and key of its own.

    Raises `AuthorityMismatched` or `SigningKeyNotSupported`.
    """

    def __init__(self, name: str, issuer: bytes, certificate: bytes, private_key: bytes) -> None:
        self.name: Final = name
        self.hashes: Final = issuer_hashes(load_certificate(issuer))
        self._der = certificate
        self._certificate = load_certificate(certificate)
        self._key = load_key(private_key)
        self.not_after: Final = self._certificate.not_valid_after_utc
        if self._certificate.public_key() != self._key.public_key():
            raise AuthorityMismatched("The private key is not that of the OCSP responder's certificate.")

    def answer(self, request: OcspRequest, statuses: tuple[Status, ...], period: tuple[datetime, datetime]) -> bytes:
        """Return the signed OCSPResponse; ``period`` is thisUpdate and nextUpdate."""
        data = response_data(request, statuses, self._certificate, period)
        return response(data, algorithm_of(self._key).identifier, sign(self._key, data), self._der)
