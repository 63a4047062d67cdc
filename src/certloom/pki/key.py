"""Public keys: what they are, and whether they may be certified."""

import hashlib
import math
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certloom.errors import Invalid

__all__ = ["CURVES", "PublicKeyFacts", "WeakKey", "check_public_key", "holds_private_key", "public_key_facts"]

CURVES: Final = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
"""The curves that may be certified, by their SEC 2 name (FIPS 186-5)."""

_RSA_BITS: Final = range(2048, 8193, 8)
_MAX_EXPONENT_BITS: Final = 256
_FERMAT_ROUNDS: Final = 100
_SQUARES_MOD_16: Final = frozenset({0, 1, 4, 9})
_PRIMES: Final = [n for n in range(2, 752) if all(n % d for d in range(2, math.isqrt(n) + 1))]
_PRIMORIAL: Final = math.prod(_PRIMES)
# A modulus of the flawed generator is a power of 65537 modulo each of these primes (CVE-2017-15361).
_ROCA: Final = {p: frozenset(pow(65537, i, p) for i in range(p)) for p in _PRIMES if 2 < p <= 167}  # noqa: PLR2004 - bounds of the published test


class WeakKey(Invalid):
    """A public key may not be certified: it is weak, or of a kind that is not supported."""


class PublicKeyFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a public key is.

    ``algorithm`` is "RSA", "ECC" or "Ed25519", ``curve`` "P-256" and so on for ECC, ``spki_sha256`` the
    SHA-256 of its SubjectPublicKeyInfo in lower-case hexadecimal.
    """

    algorithm: str
    size_bits: int
    curve: str | None
    spki_sha256: str

    @property
    def key_type(self) -> str:
        """The name templates use: "RSA-2048", "P-256", "Ed25519"."""
        return self.curve or (f"RSA-{self.size_bits}" if self.algorithm == "RSA" else self.algorithm)


def check_public_key(key: PublicKeyTypes) -> PublicKeyFacts:
    """Return the facts of a key that may be certified; raise `WeakKey` for any other.

    RSA: 2048 to 8192 bits in steps of 8, an odd exponent of at least 3, no factor below 752, not from the
    ROCA generator, no close primes in 100 Fermat rounds (CA/B Forum BR 6.1.1.3 and 6.1.6). ECC: P-256,
    P-384, P-521. Ed25519. Time is bounded for every input.
    """
    if isinstance(key, rsa.RSAPublicKey):
        _check_rsa(key.public_numbers())
    elif not isinstance(key, ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey):
        raise WeakKey(f"Keys of the kind {type(key).__name__} are not certified; use RSA, ECC or Ed25519.")
    elif isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name not in CURVES:
        raise WeakKey(f"The curve {key.curve.name} is not certified; use {', '.join(CURVES.values())}.")
    return public_key_facts(key)


def public_key_facts(key: PublicKeyTypes) -> PublicKeyFacts:
    """Say what a key is without judging it; an unsupported kind is named by its class and has no size."""
    spki = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
    curve = None
    match key:
        case rsa.RSAPublicKey():
            algorithm, size = "RSA", key.key_size
        case ec.EllipticCurvePublicKey():
            algorithm, size, curve = "ECC", key.key_size, CURVES.get(key.curve.name, key.curve.name)
        case ed25519.Ed25519PublicKey():
            algorithm, size = "Ed25519", 256
        case _:
            algorithm, size = type(key).__name__.removesuffix("PublicKey"), 0
    return PublicKeyFacts(algorithm=algorithm, size_bits=size, curve=curve, spki_sha256=spki)


def _check_rsa(numbers: rsa.RSAPublicNumbers) -> None:
    """Refuse in the order of cost, so that an oversized number is never computed with."""
    n, e = numbers.n, numbers.e
    if n.bit_length() not in _RSA_BITS:
        raise WeakKey(f"An RSA key of {n.bit_length()} bits is not certified; use 2048 to 8192 bits in steps of 8.")
    if e < 3 or e % 2 == 0 or e.bit_length() > _MAX_EXPONENT_BITS:  # noqa: PLR2004 - the least odd exponent
        raise WeakKey("The RSA exponent is even, below 3 or above 2^256; make a new key with 65537.")
    if math.gcd(n, _PRIMORIAL) != 1:
        raise WeakKey("The RSA modulus has a factor below 752, so anybody can compute the private key; make a new key.")
    if all(n % p in powers for p, powers in _ROCA.items()):
        raise WeakKey("The RSA key comes from the flawed generator of CVE-2017-15361 (ROCA); make a new key elsewhere.")
    if _has_close_primes(n):
        raise WeakKey("The primes of the RSA key are too close together (Fermat); make a new key elsewhere.")


def _has_close_primes(n: int) -> bool:
    """Look for n = a² - b² with a just above the root of n."""
    root = math.isqrt(n - 1) + 1
    for a in range(root, root + _FERMAT_ROUNDS):
        square = a * a - n
        if square & 15 in _SQUARES_MOD_16 and math.isqrt(square) ** 2 == square:
            return True
    return False


def holds_private_key(text: str) -> bool:
    """Whether a text holds a private key in PEM (RFC 7468, sections 10 and 11), which must then not be kept."""
    return "PRIVATE KEY-----" in text
