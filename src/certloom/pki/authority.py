"""The contract between certificate workflows and certificate authorities."""

from datetime import datetime
from typing import Protocol

import msgspec

from certloom.errors import Conflict, Invalid
from certloom.pki.request import CertificateRequest
from certloom.pki.template import Template

__all__ = ["Authority", "IssuePlan", "LintRefused", "PolicyViolated", "SignedBytesDiffer"]


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
