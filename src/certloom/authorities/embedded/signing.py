"""Signing: one algorithm per key type, the same octets for the same input each time."""

from functools import cache
from typing import Final

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_private_key

from certloom.errors import Invalid
from certloom.pki.der import bit_string, sequence

__all__ = [
    "SigningAlgorithm",
    "SigningKey",
    "SigningKeyNotSupported",
    "algorithm_of",
    "assemble",
    "load_key",
    "sign",
    "stand_in_key",
]

SigningKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
Hash = hashes.SHA256 | hashes.SHA384 | hashes.SHA512


class SigningKeyNotSupported(Invalid):
    """A private key is unreadable, or of a kind that authorities do not sign with."""


class SigningAlgorithm(msgspec.Struct, frozen=True):
    """A hash, None where the algorithm has its own, and the AlgorithmIdentifier in DER (RFC 5280, 4.1.1.2)."""

    hash: Hash | None
    identifier: bytes


_RSA: Final = SigningAlgorithm(hashes.SHA256(), bytes.fromhex("300d06092a864886f70d01010b0500"))
_ED25519: Final = SigningAlgorithm(None, bytes.fromhex("300506032b6570"))
_ECDSA: Final = {
    "secp256r1": SigningAlgorithm(hashes.SHA256(), bytes.fromhex("300a06082a8648ce3d040302")),
    "secp384r1": SigningAlgorithm(hashes.SHA384(), bytes.fromhex("300a06082a8648ce3d040303")),
    "secp521r1": SigningAlgorithm(hashes.SHA512(), bytes.fromhex("300a06082a8648ce3d040304")),
}


def load_key(der: bytes) -> SigningKey:
    """Load a private key from PKCS#8 in DER; raises `SigningKeyNotSupported`, whose message shows nothing of it."""
    try:
        key = load_der_private_key(der, password=None)
    except Exception:  # noqa: BLE001 - the cause stays out: a parser's words may quote the key
        raise SigningKeyNotSupported("The authority's private key is not PKCS#8 in DER.") from None
    if not isinstance(key, SigningKey):
        raise SigningKeyNotSupported(f"Authorities do not sign with keys of the kind {type(key).__name__}.")
    return key


def algorithm_of(key: SigningKey) -> SigningAlgorithm:
    """Return the algorithm a key signs with: the hash fits the curve, RSA is PKCS#1 v1.5 with SHA-256."""
    match key:
        case rsa.RSAPrivateKey():
            return _RSA
        case ed25519.Ed25519PrivateKey():
            return _ED25519
        case ec.EllipticCurvePrivateKey() if key.curve.name in _ECDSA:
            return _ECDSA[key.curve.name]
        case _:
            raise SigningKeyNotSupported("Authorities sign with P-256, P-384, P-521, RSA or Ed25519.")


def sign(key: SigningKey, tbs: bytes) -> bytes:
    """Return the signature value; deterministic also for ECDSA (RFC 6979)."""
    algorithm = algorithm_of(key).hash
    match key:
        case rsa.RSAPrivateKey() if algorithm:
            return key.sign(tbs, padding.PKCS1v15(), algorithm)
        case ec.EllipticCurvePrivateKey() if algorithm:
            return key.sign(tbs, ec.ECDSA(algorithm, deterministic_signing=True))
        case ed25519.Ed25519PrivateKey():
            return key.sign(tbs)
        case _:
            raise SigningKeyNotSupported("The key and its algorithm do not fit.")


def assemble(tbs: bytes, algorithm: SigningAlgorithm, signature: bytes) -> bytes:
    """Return the Certificate: what was signed, how, and the signature (RFC 5280, 4.1)."""
    return sequence(tbs, algorithm.identifier, bit_string(signature))


def stand_in_key(key: SigningKey) -> SigningKey:
    """Return a throw-away key that signs with the same algorithm as ``key``, for a certificate nobody will see.

    It is made once per process, small because only the AlgorithmIdentifier has to be the same.
    """
    return _stand_in(algorithm_of(key).identifier)


@cache
def _stand_in(identifier: bytes) -> SigningKey:
    if identifier == _RSA.identifier:
        return rsa.generate_private_key(65537, 2048)
    if identifier == _ED25519.identifier:
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(ec.SECP256R1())
