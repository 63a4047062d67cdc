import datetime as dt
import subprocess
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding

from certloom.authorities.embedded.authority import EmbeddedAuthority
from certloom.authorities.embedded.ceremony import AuthorityMaterial, create_issuing, create_root
from certloom.authorities.embedded.finding import Finding
from certloom.authorities.embedded.lint import Linter
from certloom.pki.chain import pem
from certloom.pki.request import CertificateRequest
from certloom.pki.template import Template

AT = dt.datetime(2026, 11, 23, 12, 0, 0, 123000, tzinfo=dt.UTC)


class RecordingLint:
    """A linter that finds what it is told to, and keeps what it was shown."""

    def __init__(self) -> None:
        self.shown: list[bytes] = []
        self.found: tuple[Finding, ...] = ()

    async def findings(self, der: bytes) -> tuple[Finding, ...]:
        self.shown.append(der)
        return self.found


@pytest.fixture(scope="session")
def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(scope="session")
def root() -> AuthorityMaterial:
    return create_root("Test Root", "P-384", AT - dt.timedelta(days=1))


@pytest.fixture(scope="session")
def issuing(root: AuthorityMaterial) -> AuthorityMaterial:
    return create_issuing(root, "Test Issuing", "P-384", AT - dt.timedelta(days=1))


@pytest.fixture
def lint() -> RecordingLint:
    return RecordingLint()


@pytest.fixture
async def linter() -> AsyncIterator[Linter]:
    running = Linter(processes=1)
    await running.start()
    yield running
    await running.close()


@pytest.fixture
def authority(root: AuthorityMaterial, issuing: AuthorityMaterial, lint: RecordingLint) -> EmbeddedAuthority:
    return EmbeddedAuthority("Corp", issuing.certificate, issuing.private_key, [root.certificate], lint)


@pytest.fixture
def template() -> Template:
    return Template(id=1, name="Web", display_name="Web server", backdate_seconds=60)


@pytest.fixture(scope="session")
def make_request(key: ec.EllipticCurvePrivateKey) -> Callable[..., CertificateRequest]:
    def make(
        subject: str = "CN=web01.corp.example",
        extensions: Iterable[tuple[x509.ExtensionType, bool]] = (),
        signer: CertificateIssuerPrivateKeyTypes = key,
        digest: hashes.SHA256 | None = hashes.SHA256(),  # noqa: B008 - immutable
        **sans: tuple[str, ...],
    ) -> CertificateRequest:
        builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)
        csr = builder.sign(signer, digest).public_bytes(Encoding.DER)
        return CertificateRequest(csr=csr, subject=subject, sans=sans, template="Web", authority="Corp")

    return make


@pytest.fixture
def openssl_verify(tmp_path: Path) -> Callable[[bytes, tuple[bytes, ...]], None]:
    """Fails unless the openssl program finds the certificate good below the chain, whose last is trusted."""

    def verify(der: bytes, chain: tuple[bytes, ...]) -> None:
        *between, root = map(pem, chain)
        for name, text in (("leaf", pem(der)), ("between", "".join(between)), ("root", root)):
            (tmp_path / f"{name}.pem").write_text(text)
        command = ["openssl", "verify", "-x509_strict", "-check_ss_sig", "-attime", str(int(AT.timestamp()) + 3600)]
        command += ["-CAfile", str(tmp_path / "root.pem"), "-no-CApath", "-no-CAstore"]
        if between:
            command += ["-untrusted", str(tmp_path / "between.pem")]
        done = subprocess.run([*command, str(tmp_path / "leaf.pem")], capture_output=True, text=True, check=False)  # noqa: S603 - our own files
        assert done.returncode == 0, done.stdout + done.stderr

    return verify
