import base64
from collections.abc import Callable, Iterable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding

from certloom.pki.der import bit_string, sequence, tagged

Names = Iterable[x509.GeneralName]
MakeCsr = Callable[..., bytes]


@pytest.fixture(scope="session")
def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(scope="session")
def make_csr(key: ec.EllipticCurvePrivateKey) -> MakeCsr:
    def make(
        subject: x509.Name | None = None,
        sans: Names = (),
        extensions: Iterable[tuple[x509.ExtensionType, bool]] = (),
        signer: CertificateIssuerPrivateKeyTypes = key,
        digest: hashes.SHA256 | None = hashes.SHA256(),  # noqa: B008 - immutable
    ) -> bytes:
        default = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "web01.corp.example")])
        builder = x509.CertificateSigningRequestBuilder().subject_name(default if subject is None else subject)
        if names := list(sans):
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(signer, digest).public_bytes(Encoding.DER)

    return make


@pytest.fixture(scope="session")
def raw_csr(key: ec.EllipticCurvePrivateKey) -> Callable[..., str]:
    """Requests that no library would build: every part is given in DER, the signature is good for ``key``."""

    def make(spki: bytes, subject: bytes = b"\x30\x00", attributes: bytes = b"", version: bytes = b"\2\1\0") -> str:
        info = sequence(version, subject, spki, tagged(0xA0, attributes))
        signature = key.sign(info, ec.ECDSA(hashes.SHA256()))
        der = sequence(info, bytes.fromhex("300a06082a8648ce3d040302"), bit_string(signature))
        return base64.b64encode(der).decode()

    return make
