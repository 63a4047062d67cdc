import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from certloom.authorities.embedded.signing import (
    SigningKey,
    SigningKeyNotSupported,
    algorithm_of,
    assemble,
    load_key,
    sign,
    stand_in_key,
)
from certloom.pki.subject import read_subject

KEYS: list[SigningKey] = [
    ec.generate_private_key(ec.SECP256R1()),
    ec.generate_private_key(ec.SECP384R1()),
    ec.generate_private_key(ec.SECP521R1()),
    rsa.generate_private_key(65537, 2048),
    ed25519.Ed25519PrivateKey.generate(),
]
NAMES = ["P-256", "P-384", "P-521", "RSA", "Ed25519"]


def _certificate(key: SigningKey, subject: str) -> x509.Certificate:
    begins = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    builder = x509.CertificateBuilder().subject_name(read_subject(subject)).issuer_name(read_subject("CN=a"))
    builder = builder.public_key(key.public_key()).serial_number(7).not_valid_before(begins).not_valid_after(begins)
    deterministic = True if isinstance(key, ec.EllipticCurvePrivateKey) else None
    return builder.sign(key, algorithm_of(key).hash, ecdsa_deterministic=deterministic)


@pytest.mark.parametrize("key", KEYS, ids=NAMES)
@pytest.mark.parametrize("length", [1, 60, 3000])
def test_f03_the_assembled_certificate_is_the_librarys_own(key: SigningKey, length: int) -> None:
    subject = ",".join(["O=" + "a" * min(length, 60)] * max(1, length // 60))
    theirs = _certificate(key, subject)
    ours = assemble(theirs.tbs_certificate_bytes, algorithm_of(key), sign(key, theirs.tbs_certificate_bytes))
    assert ours == theirs.public_bytes(Encoding.DER)


@pytest.mark.parametrize("key", KEYS, ids=NAMES)
def test_f07_signing_twice_gives_the_same_octets(key: SigningKey) -> None:
    assert sign(key, b"planned") == sign(key, b"planned")
    assert sign(key, b"planned") != sign(key, b"other")


@pytest.mark.parametrize("key", KEYS, ids=NAMES)
def test_f05_the_stand_in_is_another_key_and_the_same_one_each_time(key: SigningKey) -> None:
    stand_in = stand_in_key(key)
    assert type(stand_in) is type(key)
    assert stand_in.public_key() != key.public_key()
    assert stand_in_key(key) is stand_in


@pytest.mark.parametrize("key", KEYS, ids=NAMES)
def test_keys_are_loaded_from_pkcs8(key: SigningKey) -> None:
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    assert load_key(der).public_key() == key.public_key()


def test_keys_that_do_not_sign_certificates_are_refused() -> None:
    with pytest.raises(SigningKeyNotSupported, match="P-384"):
        algorithm_of(ec.generate_private_key(ec.SECP256K1()))
    other = ed448.Ed448PrivateKey.generate().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(SigningKeyNotSupported, match="Ed448"):
        load_key(other)
