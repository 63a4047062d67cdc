"""Private keys that are made for requesters: made, signed a request with, written and read."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from certloom.pki.san import to_extension
from certloom.pki.subject import read_subject

__all__ = ["MADE_IN_ADVANCE", "MADE_KEY_TYPES", "PrivateKey", "new_key", "read_private_key", "sign_csr", "to_der"]

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

_EXPONENT: Final = 65537
MADE_IN_ADVANCE: Final = ("RSA-2048", "RSA-3072", "RSA-4096")
"""The key types whose making takes from a tenth of a second to several seconds."""

_MAKERS: Final[Mapping[str, Callable[[], PrivateKey]]] = {
    **{name: partial(rsa.generate_private_key, _EXPONENT, int(name[4:])) for name in MADE_IN_ADVANCE},
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
}
MADE_KEY_TYPES: Final = tuple(_MAKERS)
"""The key types that are made here. A template may allow longer RSA keys in requests; those take minutes to make."""


def new_key(key_type: str) -> PrivateKey:
    """Make a key of a type of ``MADE_KEY_TYPES``."""
    return _MAKERS[key_type]()


def sign_csr(key: PrivateKey, subject: str, sans: Mapping[str, tuple[str, ...]]) -> bytes:
    """Return a signing request for the key in DER (RFC 2986): subject in RFC 4514, names by kind.

    Raises `SubjectUnreadable`, `SanNotSupported` or `SanUnreadable`.
    """
    builder = x509.CertificateSigningRequestBuilder().subject_name(read_subject(subject))
    names = to_extension(sans)
    if list(names):
        builder = builder.add_extension(names, critical=False)
    signed = builder.sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    return signed.public_bytes(Encoding.DER)


def to_der(key: PrivateKey) -> bytes:
    """The key as PKCS#8 in DER, in the clear: to be sealed by whoever keeps it."""
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def read_private_key(der: bytes) -> PrivateKey:
    """The key that `to_der` wrote."""
    key = load_der_private_key(der, None)
    if not isinstance(key, PrivateKey):
        raise TypeError(f"a key of the kind {type(key).__name__} is never made here")
    return key
