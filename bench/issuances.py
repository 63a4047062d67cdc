"""Issuances per second with and without lint, beside the bare signature of the same key."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key
from cryptography.x509.oid import NameOID

from certloom.authorities.embedded.authority import EmbeddedAuthority
from certloom.authorities.embedded.ceremony import create_issuing, create_root
from certloom.authorities.embedded.finding import Finding
from certloom.authorities.embedded.lint import Linter
from certloom.pki.request import CertificateRequest
from certloom.pki.template import Template

__all__ = ["measure_issuances"]

_COUNT = 400
_TBS = b"x" * 400


class _NoLint:
    """Finds nothing, at no cost."""

    async def findings(self, _der: bytes) -> tuple[Finding, ...]:
        return ()


async def measure_issuances() -> list[tuple[str, str, str, str]]:
    """Rows of (figure, measured, limit, ratio)."""
    now = datetime.now(UTC)
    root = create_root("Bench Root", "P-384", now)
    issuing = create_issuing(root, "Bench Issuing", "P-384", now)
    key = load_der_private_key(issuing.private_key, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 - P-384, as created above
    limit = await _rate(lambda: _sign(key))
    linter = Linter()
    await linter.start()
    try:
        rows = []
        for what, lint in (("without lint", _NoLint()), ("with lint before signing", linter)):
            authority = EmbeddedAuthority(
                "Bench Issuing", issuing.certificate, issuing.private_key, (root.certificate,), lint
            )
            rate = await _rate(partial(_issue, authority, _request()))
            rows.append(
                (f"issuances/s {what} (P-384)", f"{rate:,.0f}", f"{limit:,.0f} signatures", f"{rate / limit:.2f}")
            )
        return rows
    finally:
        await linter.close()


async def _rate(act: Callable[[], Awaitable[None]]) -> float:
    await act()
    began = time.perf_counter()
    for _ in range(_COUNT):
        await act()
    return _COUNT / (time.perf_counter() - began)


async def _sign(key: ec.EllipticCurvePrivateKey) -> None:
    key.sign(_TBS, ec.ECDSA(hashes.SHA384()))
    await asyncio.sleep(0)


async def _issue(authority: EmbeddedAuthority, request: CertificateRequest) -> None:
    plan = await authority.plan(request, Template(id=1, name="Bench", display_name="Bench"), datetime.now(UTC))
    await authority.issue(plan)


def _request() -> CertificateRequest:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench.corp.example")])
    csr = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return CertificateRequest(
        csr=csr.public_bytes(Encoding.DER),
        subject="CN=bench.corp.example",
        sans={"dns": ("bench.corp.example",)},
        template="Bench",
        authority="Bench Issuing",
    )
