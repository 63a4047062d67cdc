import math
import secrets

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from hypothesis import given, settings
from hypothesis import strategies as st

from certloom.pki.key import WeakKey, check_public_key

_F4 = 65537


def _is_prime(n: int) -> bool:
    if n < 3 or n % 2 == 0 or math.gcd(n, 3 * 5 * 7 * 11 * 13 * 17 * 19 * 23) != 1:
        return False
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(12):
        x = pow(secrets.randbelow(n - 3) + 2, odd, n)
        if x in {1, n - 1}:
            continue
        for _ in range(twos - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def _next_prime(n: int) -> int:
    n |= 1
    while not _is_prime(n):
        n += 2
    return n


def _rsa(n: int, e: int = _F4) -> rsa.RSAPublicKey:
    return rsa.RSAPublicNumbers(e, n).public_key()


def _roca_prime(bits: int) -> int:
    """A prime k * M + (65537^a mod M), the form the flawed generator gives (Nemec and others, 2017)."""
    primes = [p for p in range(2, 168) if all(p % d for d in range(2, p))]
    modulus = math.prod(primes)
    while True:
        lowest, highest = (3 << bits - 2) // modulus, (1 << bits) // modulus
        k = lowest + 1 + secrets.randbelow(highest - lowest - 2)
        candidate = k * modulus + pow(_F4, secrets.randbelow(modulus), modulus)
        if _is_prime(candidate):
            return candidate


def test_good_keys_are_described() -> None:
    facts = check_public_key(rsa.generate_private_key(_F4, 2048).public_key())
    assert (facts.algorithm, facts.size_bits, facts.curve, facts.key_type) == ("RSA", 2048, None, "RSA-2048")
    facts = check_public_key(ec.generate_private_key(ec.SECP521R1()).public_key())
    assert (facts.algorithm, facts.size_bits, facts.curve, facts.key_type) == ("ECC", 521, "P-521", "P-521")
    facts = check_public_key(ed25519.Ed25519PrivateKey.generate().public_key())
    assert (facts.algorithm, facts.size_bits, facts.curve, facts.key_type) == ("Ed25519", 256, None, "Ed25519")
    assert len(facts.spki_sha256) == 64


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP224R1()).public_key(),
        ec.generate_private_key(ec.SECP256K1()).public_key(),
        ec.generate_private_key(ec.BrainpoolP256R1()).public_key(),
        ed448.Ed448PrivateKey.generate().public_key(),
        x25519.X25519PrivateKey.generate().public_key(),
        dsa.DSAPublicNumbers(3, dsa.DSAParameterNumbers((1 << 2047) + 9, (1 << 255) + 95, 4)).public_key(),
    ],
    ids=lambda key: type(key).__name__ + getattr(getattr(key, "curve", None), "name", ""),
)
def test_e03_other_curves_and_kinds_are_refused(key: PublicKeyTypes) -> None:
    with pytest.raises(WeakKey):
        check_public_key(key)


@pytest.mark.parametrize("bits", [512, 1024, 2040, 2049, 2052, 8200, 16384])
def test_e03_moduli_of_other_sizes_are_refused(bits: int) -> None:
    with pytest.raises(WeakKey, match=f"{bits} bits"):
        check_public_key(_rsa((1 << bits - 1) | secrets.randbits(bits - 1) | 1))


@pytest.mark.parametrize("exponent", [4, 65536, (1 << 256) + 1])
def test_e03_even_and_huge_exponents_are_refused(exponent: int) -> None:
    n = rsa.generate_private_key(_F4, 2048).public_key().public_numbers().n
    with pytest.raises((WeakKey, ValueError), match=r"exponent|odd|e must"):
        check_public_key(_rsa(n, exponent))


def test_the_exponent_3_is_allowed() -> None:
    n = rsa.generate_private_key(_F4, 2048).public_key().public_numbers().n
    assert check_public_key(_rsa(n, 3)).key_type == "RSA-2048"


@pytest.mark.parametrize("factor", [3, 7, 331, 751])
def test_e05_moduli_with_a_small_factor_are_refused(factor: int) -> None:
    n = (1 << 2047) + secrets.randbits(2000)
    n += -n % factor
    n += 0 if n % 2 else factor
    with pytest.raises(WeakKey, match="factor below 752"):
        check_public_key(_rsa(n))


def test_e05_even_moduli_are_refused() -> None:
    with pytest.raises((WeakKey, ValueError)):
        check_public_key(_rsa(1 << 2047))


def test_e05_close_primes_are_refused() -> None:
    p = _next_prime(3 << 1022 | secrets.randbits(1000))
    q = _next_prime(p + 2**516)
    assert (p * q).bit_length() == 2048
    with pytest.raises(WeakKey, match="Fermat"):
        check_public_key(_rsa(p * q))


def test_e05_a_square_is_refused() -> None:
    p = _next_prime(3 << 1022 | secrets.randbits(1000))
    with pytest.raises(WeakKey, match="Fermat"):
        check_public_key(_rsa(p * p))


def test_e05_keys_of_the_roca_generator_are_refused() -> None:
    with pytest.raises(WeakKey, match="ROCA"):
        check_public_key(_rsa(_roca_prime(1024) * _roca_prime(1024)))


@settings(max_examples=30)
@given(st.integers(1 << 2047, (1 << 2048) - 1), st.integers(3, 1 << 64))
def test_e03_hostile_numbers_are_judged_without_a_crash(n: int, e: int) -> None:
    try:
        assert check_public_key(_rsa(n, e)).size_bits == 2048
    except (WeakKey, ValueError):  # the library refuses some by itself
        assert n % 2 == 0 or e % 2 == 0 or math.gcd(n, math.factorial(751)) > 1
