"""The embedded certificate authority: plans, signs what was planned, and checks what it signed."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from certloom.authorities.embedded.finding import BLOCKING, Finding
from certloom.authorities.embedded.mismatch import AuthorityMismatched
from certloom.authorities.embedded.responder import EmbeddedResponder, responder_key
from certloom.authorities.embedded.signing import algorithm_of, assemble, load_key, sign, stand_in_key
from certloom.pki.addresses import Addresses, with_addresses
from certloom.pki.authority import IssuePlan, LintRefused, PolicyViolated, ResponderPlan, SignedBytesDiffer
from certloom.pki.certificate import load_certificate
from certloom.pki.csr import public_key_of
from certloom.pki.key import PublicKeyFacts, public_key_facts
from certloom.pki.request import CertificateRequest
from certloom.pki.revocation import read_reason
from certloom.pki.serial import new_serial, read_serial, serial_text
from certloom.pki.subject import read_subject, render_subject
from certloom.pki.template import Template, completed, violations
from certloom.pki.to_be_signed import certificate_builder, responder_builder
from certloom.pki.validity import Period, validity

__all__ = ["EmbeddedAuthority", "Lint"]


_RESPONDER_DAYS: Final = 7
"""Short, because nobody asks whether a responder was revoked."""


class Lint(Protocol):
    """Who says which standards a certificate breaks."""

    async def findings(self, der: bytes) -> tuple[Finding, ...]:
        """Return what is wrong with a certificate in DER; raises `Unavailable` when that cannot be said."""
        ...


class EmbeddedAuthority:
    """An authority whose private key this process holds.

    ``certificate`` and ``private_key`` (PKCS#8) are its own, ``chain`` the certificates above it up to the
    root, all in DER. ``addresses`` stand in every certificate, None for none.
    Raises `AuthorityMismatched` or `SigningKeyNotSupported`.
    """

    def __init__(
        self,
        name: str,
        certificate: bytes,
        private_key: bytes,
        chain: Sequence[bytes],
        lint: Lint,
        addresses: Addresses | None = None,
    ) -> None:
        self.name: Final = name
        self._certificate = load_certificate(certificate)
        self._key = load_key(private_key)
        self._algorithm = algorithm_of(self._key)
        self._chain = (certificate, *chain)
        self._lint = lint
        self._addresses = addresses
        self._issuer_octets = self._certificate.subject.public_bytes()
        self._refused_keys = frozenset(
            public_key_facts(load_certificate(der).public_key()).spki_sha256 for der in self._chain
        )
        _check_material(self._certificate, [load_certificate(der) for der in chain], self._key.public_key())

    def chain(self) -> tuple[bytes, ...]:
        """Return the authority's certificates in DER, the issuing one first, the root last."""
        return self._chain

    async def plan(self, request: CertificateRequest, template: Template, at: datetime) -> IssuePlan:
        """Check policy, choose serial and validity, and lint what would be signed; no effect outside.

        The bytes come from a certificate signed with a throw-away key, which is linted and then forgotten.
        Raises `PolicyViolated`, `LintRefused`, `LintUnavailable`, `IssuerNotValid`, and what `read_csr`
        raises.
        """
        key = public_key_of(request.csr)
        facts = public_key_facts(key)
        faults = (*self._violations(request, template, facts), *violations(template, request, facts))
        if faults:
            raise PolicyViolated(faults)
        whole = completed(template, request)
        issuer_period = self._certificate.not_valid_before_utc, self._certificate.not_valid_after_utc
        period = validity(at, template.validity_days, timedelta(seconds=template.backdate_seconds), issuer_period)
        serial = new_serial()
        builder = certificate_builder(whole, template, key, self._certificate, serial, period)
        builder = with_addresses(builder, self._addresses)
        return await self._planned(builder, (serial, whole.subject, period), template.name)

    async def _planned(
        self, builder: x509.CertificateBuilder, facts: tuple[int, str, Period], template: str
    ) -> IssuePlan:
        """Lint what would be signed, and write down its serial number, subject and validity."""
        serial, subject, period = facts
        sample = builder.sign(stand_in_key(self._key), self._algorithm.hash)
        warnings = await self._linted(sample.public_bytes(Encoding.DER))
        return IssuePlan(
            serial=serial_text(serial),
            tbs=sample.tbs_certificate_bytes,
            template=template,
            authority=self.name,
            subject=subject,
            not_before=period[0],
            not_after=period[1],
            lint=warnings,
        )

    async def plan_responder(self, at: datetime) -> ResponderPlan:
        """Choose a new key and a certificate for this authority's OCSP responder, lint it, and say what to sign.

        `issue` signs it, as it does every certificate. Raises `LintRefused`, `LintUnavailable` or `IssuerNotValid`.
        """
        key = await asyncio.to_thread(responder_key, self._key)
        issuer_period = self._certificate.not_valid_before_utc, self._certificate.not_valid_after_utc
        # Clocks differ: whoever asks first must not find it to be from the future.
        period = validity(at, _RESPONDER_DAYS, timedelta(hours=1), issuer_period)
        subject = read_subject(f"CN=OCSP of certificate authority {self._certificate.serial_number:x}"[:64])
        serial = new_serial()
        builder = responder_builder(subject, key.public_key(), self._certificate, serial, period)
        plan = await self._planned(builder, (serial, render_subject(subject), period), "")
        return ResponderPlan(plan, key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))

    def responder(self, certificate: bytes, private_key: bytes) -> EmbeddedResponder:
        """Return the responder with a certificate (DER) that this authority issued for this key (PKCS#8)."""
        return EmbeddedResponder(self.name, self._chain[0], certificate, private_key)

    async def issue(self, plan: IssuePlan) -> bytes:
        """Sign the planned bytes and return the certificate in DER.

        Doing it again gives the same bytes, since every algorithm used is deterministic. Raises
        `SignedBytesDiffer` before signing when the plan is not one of this authority, and after it when the
        signature is not good.
        """
        self._check_plan(plan)
        if isinstance(self._key, rsa.RSAPrivateKey):
            # RSA is slow and releases the interpreter lock; the others are quicker than a change of thread.
            signature = await asyncio.to_thread(sign, self._key, plan.tbs)
        else:
            signature = sign(self._key, plan.tbs)
        der = assemble(plan.tbs, self._algorithm, signature)
        self._check_signed(der, plan)
        return der

    async def revoke(self, serial: str, reason: int, at: datetime) -> None:  # noqa: ARG002 - the contract's; see below
        """Check that serial and reason are well formed; raises `SerialUnreadable` or `ReasonNotAllowed`.

        Nothing outside has to be told: what is revoked, and when, is read from the records that the caller
        commits.
        """
        read_serial(serial)
        read_reason(reason)

    def _violations(
        self,
        request: CertificateRequest,
        template: Template,
        key: PublicKeyFacts,
    ) -> Iterator[str]:
        """Yield what no template can allow."""
        if request.authority != self.name:
            yield f"The request is for the authority {request.authority!r}, and this is {self.name!r}."
        if request.template != template.name:
            yield f"The request is for the template {request.template!r}, and it was given {template.name!r}."
        if key.spki_sha256 in self._refused_keys:
            yield "The public key is that of a certificate authority; make a new key."

    async def _linted(self, der: bytes) -> tuple[str, ...]:
        """Return the warnings; errors block."""
        findings = await self._lint.findings(der)
        blocking = [finding for finding in findings if finding.severity in BLOCKING]
        if blocking:
            rules = tuple(dict.fromkeys(finding.rule for finding in blocking))
            raise LintRefused(rules, "; ".join(finding.message for finding in blocking))
        return tuple(f"{finding.rule}: {finding.message}" for finding in findings)

    def _check_plan(self, plan: IssuePlan) -> None:
        """Refuse to sign bytes that are no subscriber's certificate of ours, or not what the plan says."""
        try:
            planned = x509.load_der_x509_certificate(assemble(plan.tbs, self._algorithm, bytes(1)))
            constraints = planned.extensions.get_extension_for_class(x509.BasicConstraints).value
            facts = (plan.authority, planned.issuer.public_bytes(), planned.serial_number, constraints.ca)
            period = (planned.not_valid_before_utc, planned.not_valid_after_utc)
            subject = render_subject(planned.subject)
        except Exception as error:
            raise SignedBytesDiffer(
                "The plan does not hold a certificate, so nothing was signed. Plan again."
            ) from error
        expected = (self.name, self._issuer_octets, read_serial(plan.serial), False)
        if facts != expected or (subject, *period) != (plan.subject, plan.not_before, plan.not_after):
            raise SignedBytesDiffer(
                f"The planned bytes are not the certificate {plan.serial} of {self.name!r} that the plan describes, "
                "so nothing was signed. Find out who changed the plan, then plan again.",
            )

    def _check_signed(self, der: bytes, plan: IssuePlan) -> None:
        """Refuse a certificate that differs from its plan or does not verify."""
        certificate = load_certificate(der)
        try:
            certificate.verify_directly_issued_by(self._certificate)
        except (InvalidSignature, ValueError, TypeError) as error:
            raise SignedBytesDiffer(
                f"The signature of the certificate {plan.serial} does not verify with the key of {self.name!r}, so it "
                "was discarded. Check the key store.",
            ) from error
        if certificate.tbs_certificate_bytes != plan.tbs:
            raise SignedBytesDiffer(f"The certificate {plan.serial} differs from its plan and was discarded.")


def _check_material(
    certificate: x509.Certificate,
    above: Sequence[x509.Certificate],
    key: CertificatePublicKeyTypes,
) -> None:
    """Refuse parts that do not fit, before they sign anything."""
    if certificate.public_key() != key:
        raise AuthorityMismatched("The private key is not that of the authority's certificate.")
    if not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
        raise AuthorityMismatched("The certificate is not that of an authority.")
    if certificate.subject.public_bytes() not in certificate.tbs_certificate_bytes:
        raise AuthorityMismatched("The authority's subject cannot be copied byte by byte; it is not in DER.")
    for child, parent in zip([certificate, *above], above, strict=False):
        try:
            child.verify_directly_issued_by(parent)
        except (InvalidSignature, ValueError, TypeError) as error:
            raise AuthorityMismatched("The chain is not in order from the authority to its root.") from error
