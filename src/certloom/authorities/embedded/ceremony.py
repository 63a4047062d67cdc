"""The key ceremony: a root authority, and an issuing authority below it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from certloom.authorities.embedded.signing import SigningKey, algorithm_of, load_key
from certloom.errors import Invalid
from certloom.pki.addresses import Addresses, with_addresses
from certloom.pki.certificate import load_certificate
from certloom.pki.serial import new_serial
from certloom.pki.subject import read_subject, render_subject
from certloom.pki.to_be_signed import subject_key_identifier
from certloom.pki.usage import to_key_usage
from certloom.pki.validity import validity

__all__ = ["AuthorityKeyTypeUnknown", "AuthorityMaterial", "create_issuing", "create_root"]

_ROOT_DAYS: Final = 20 * 365 + 5
_ISSUING_DAYS: Final = 10 * 365 + 2
_KEYS: Final[dict[str, Callable[[], SigningKey]]] = {
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "RSA-2048": lambda: rsa.generate_private_key(65537, 2048),
    "RSA-3072": lambda: rsa.generate_private_key(65537, 3072),
    "RSA-4096": lambda: rsa.generate_private_key(65537, 4096),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
}


class AuthorityKeyTypeUnknown(Invalid):
    """No authority can have a key of this type."""


class AuthorityMaterial(msgspec.Struct, frozen=True, kw_only=True):
    """What an authority is made of: its common name, its certificate in DER, its private key in PKCS#8 DER.

    The private key is in the clear, to be sealed by whoever keeps it; ``repr`` does not show it.
    """

    name: str
    certificate: bytes
    private_key: bytes

    def __repr__(self) -> str:
        return f"AuthorityMaterial(name={self.name!r}, private_key=<hidden>)"


def create_root(name: str, key_type: str, at: datetime) -> AuthorityMaterial:
    """Make a self-signed root, CN=``name``, valid for 20 years from ``at``, with one authority below it at most.

    ``key_type`` is "P-384", "RSA-4096" and so on. Raises `AuthorityKeyTypeUnknown` or `SubjectUnreadable`.
    """
    key, subject = _new_key(key_type), _subject(name)
    builder = _builder(subject, key, 1).issuer_name(subject)
    begins, ends = validity(at, _ROOT_DAYS, timedelta(), None)
    return _material(name, key, builder.not_valid_before(begins).not_valid_after(ends), key)


def create_issuing(
    root: AuthorityMaterial, name: str, key_type: str, at: datetime, addresses: Addresses | None = None
) -> AuthorityMaterial:
    """Make an issuing authority, CN=``name``, signed by ``root``: 10 years, none below it.

    ``addresses`` are the root's.
    Raises `AuthorityKeyTypeUnknown`, `SubjectUnreadable`, or `IssuerNotValid` when the root is not valid at
    ``at``.
    """
    issuer, key = load_certificate(root.certificate), _new_key(key_type)
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    period = (issuer.not_valid_before_utc, issuer.not_valid_after_utc)
    begins, ends = validity(at, _ISSUING_DAYS, timedelta(), period)
    builder = _builder(_subject(name), key, 0).issuer_name(issuer.subject)
    builder = (
        builder.not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
    )
    return _material(name, key, with_addresses(builder, addresses), load_key(root.private_key))


def _new_key(key_type: str) -> SigningKey:
    if key_type not in _KEYS:
        raise AuthorityKeyTypeUnknown(f"{key_type!r} is no key type of an authority; use one of {', '.join(_KEYS)}.")
    return _KEYS[key_type]()


def _subject(name: str) -> x509.Name:
    """Pass through text, so that an authority's name keeps the rules of every other name."""
    return read_subject(render_subject(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])))


def _builder(subject: x509.Name, key: SigningKey, path_length: int) -> x509.CertificateBuilder:
    """Begin an authority's certificate (RFC 5280, sections 4.2.1.2, 4.2.1.3 and 4.2.1.9)."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(new_serial())
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(to_key_usage(("keyCertSign", "cRLSign")), critical=True)
        .add_extension(subject_key_identifier(key.public_key()), critical=False)
    )


def _material(
    name: str,
    key: SigningKey,
    builder: x509.CertificateBuilder,
    signer: SigningKey,
) -> AuthorityMaterial:
    certificate = builder.sign(signer, algorithm_of(signer).hash)
    return AuthorityMaterial(
        name=name,
        certificate=certificate.public_bytes(Encoding.DER),
        private_key=key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
    )
