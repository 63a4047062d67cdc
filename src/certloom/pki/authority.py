"""The contract between certificate workflows and certificate authorities."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from certloom.errors import Conflict, Invalid
from certloom.pki.ocsp import IssuerHashes, OcspRequest, Status
from certloom.pki.request import CertificateRequest
from certloom.pki.revocation_list import ListedCertificate
from certloom.pki.template import Template

__all__ = [
    "Authority",
    "CrlSigner",
    "IssuePlan",
    "LintRefused",
    "OcspIssuer",
    "PolicyViolated",
    "Responder",
    "ResponderPlan",
    "SignedBytesDiffer",
]


class PolicyViolated(Invalid):
    """A request breaks rules of its template or of the authority; ``violations`` names every one."""

    code = "0xA0110004"

    def __init__(self, violations: tuple[str, ...]) -> None:
        super().__init__("The request breaks the certificate policy. " + " ".join(violations))
        self.violations = violations


class LintRefused(Invalid):
    """The certificate as planned breaks a standard; ``rules`` holds the ids of the broken rules."""

    def __init__(self, rules: tuple[str, ...], details: str) -> None:
        super().__init__(
            f"The certificate was not signed: it would break {', '.join(rules)} ({details}). "
            "Correct the request or the template.",
        )
        self.rules = rules


class SignedBytesDiffer(Conflict):
    """What would be, or was, signed is not what was planned; the certificate is discarded."""


class IssuePlan(msgspec.Struct, frozen=True, kw_only=True):
    """What an authority is going to sign, durable before the key is used.

    ``serial`` is upper-case hexadecimal, ``tbs`` the DER of the TBSCertificate (RFC 5280, section 4.1),
    ``lint`` the warnings that do not block. Times are UTC, both included in the validity.
    """

    serial: str
    tbs: bytes
    template: str
    authority: str
    subject: str
    not_before: datetime
    not_after: datetime
    lint: tuple[str, ...] = ()


class ResponderPlan(msgspec.Struct, frozen=True):
    """What makes a new OCSP responder: the certificate that is to be signed, and its private key in PKCS#8 DER."""

    plan: IssuePlan
    private_key: bytes

    def __repr__(self) -> str:
        return f"ResponderPlan({self.plan.serial})"


class Authority(Protocol):
    """Who signs certificates and takes them back."""

    @property
    def name(self) -> str:
        """The logical name, by which requests choose the authority."""
        ...

    async def plan(self, request: CertificateRequest, template: Template, at: datetime) -> IssuePlan:
        """Decide everything about a certificate without effect outside.

        Raises `PolicyViolated` with all violations, `LintRefused`, and what `read_csr` raises.
        """
        ...

    async def issue(self, plan: IssuePlan) -> bytes:
        """Sign what was planned and return the certificate in DER; the same plan gives the same bytes.

        Raises `SignedBytesDiffer`.
        """
        ...

    async def revoke(self, serial: str, reason: int, at: datetime) -> None:
        """Take a certificate back; ``reason`` is a number of `certloom.pki.revocation`. Twice is harmless."""
        ...

    def chain(self) -> tuple[bytes, ...]:
        """Return the authority's certificates in DER, the issuing one first, the root last."""
        ...


class CrlSigner(Protocol):
    """Who signs the revocation lists of one authority."""

    @property
    def name(self) -> str:
        """The logical name of the authority."""
        ...

    @property
    def certificate(self) -> bytes:
        """The authority's own certificate in DER."""
        ...

    async def sign_crl(
        self, number: int, period: tuple[datetime, datetime], listed: Sequence[ListedCertificate]
    ) -> bytes:
        """Return the full CRL of this number in DER, from thisUpdate to nextUpdate. Raises `LintRefused`."""
        ...


class Responder(Protocol):
    """Who signs statuses in the name of one authority (RFC 6960)."""

    @property
    def name(self) -> str:
        """The logical name of the authority."""
        ...

    @property
    def hashes(self) -> IssuerHashes:
        """How requests name that authority."""
        ...

    @property
    def not_after(self) -> datetime:
        """The last moment at which its signatures count."""
        ...

    def answer(self, request: OcspRequest, statuses: tuple[Status, ...], period: tuple[datetime, datetime]) -> bytes:
        """Return the signed OCSPResponse in DER; ``period`` is thisUpdate and nextUpdate."""
        ...


class OcspIssuer(Protocol):
    """An authority that appoints responders for itself."""

    @property
    def name(self) -> str:
        """The logical name of the authority."""
        ...

    async def plan_responder(self, at: datetime) -> ResponderPlan:
        """Decide everything about a new responder without effect outside. Raises `LintRefused`."""
        ...

    async def issue(self, plan: IssuePlan) -> bytes:
        """Sign what was planned, as `Authority.issue` does."""
        ...

    def responder(self, certificate: bytes, private_key: bytes) -> Responder:
        """Return the responder with this certificate in DER and this private key in PKCS#8."""
        ...
