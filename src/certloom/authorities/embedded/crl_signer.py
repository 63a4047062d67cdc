"""Signing CRLs with the key of an authority, the root's included: linted first, checked afterwards."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certloom.authorities.embedded.finding import BLOCKING, Finding
from certloom.authorities.embedded.signing import algorithm_of, load_key, stand_in_key
from certloom.pki.authority import LintRefused, SignedBytesDiffer
from certloom.pki.certificate import load_certificate
from certloom.pki.revocation_list import ListedCertificate, revocation_list_builder

__all__ = ["CrlLint", "EmbeddedCrlSigner"]

_LINTED_ENTRIES: Final = 100


class CrlLint(Protocol):
    """Who says which standards a CRL breaks."""

    async def crl_findings(self, der: bytes) -> tuple[Finding, ...]:
        """Return what is wrong with a CRL in DER; raises `Unavailable` when that cannot be said."""
        ...


class EmbeddedCrlSigner:
    """Signs the CRLs of the authority ``name``, whose certificate (DER) and private key (PKCS#8) it is given."""

    def __init__(self, name: str, certificate: bytes, private_key: bytes, lint: CrlLint) -> None:
        self.name: Final = name
        self.certificate: Final = certificate
        self._issuer = load_certificate(certificate)
        self._key = load_key(private_key)
        self._algorithm = algorithm_of(self._key)
        self._lint = lint

    async def sign_crl(
        self, number: int, period: tuple[datetime, datetime], listed: Sequence[ListedCertificate]
    ) -> bytes:
        """Return the CRL of this number in DER; ``period`` is thisUpdate and nextUpdate.

        What is linted before has the newest entries and a throw-away key's signature: a list of any length is linted in
        bounded time. Raises `LintRefused`, `LintUnavailable` or `SignedBytesDiffer`; nothing has left the server then.
        """
        sample = revocation_list_builder(self._issuer, number, period, listed[-_LINTED_ENTRIES:])
        signed = sample.sign(stand_in_key(self._key), self._algorithm.hash)
        await self._check_lint(signed.public_bytes(Encoding.DER))
        return await asyncio.to_thread(self._sign, number, period, listed)

    async def _check_lint(self, der: bytes) -> None:
        blocking = [each for each in await self._lint.crl_findings(der) if each.severity in BLOCKING]
        if blocking:
            rules = tuple(dict.fromkeys(finding.rule for finding in blocking))
            raise LintRefused(rules, "; ".join(finding.message for finding in blocking))

    def _sign(self, number: int, period: tuple[datetime, datetime], listed: Sequence[ListedCertificate]) -> bytes:
        crl = revocation_list_builder(self._issuer, number, period, listed).sign(self._key, self._algorithm.hash)
        der = crl.public_bytes(Encoding.DER)
        read = x509.load_der_x509_crl(der)
        if not read.is_signature_valid(self._key.public_key()) or len(read) != len(listed):
            raise SignedBytesDiffer(f"The CRL {number} of {self.name!r} is not what was to be signed; it is discarded.")
        return der
