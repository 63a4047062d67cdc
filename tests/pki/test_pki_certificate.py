import datetime as dt
import hashlib
import ipaddress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given
from hypothesis import strategies as st

from certloom.pki.certificate import CertificateUnreadable, describe
from certloom.pki.subject import read_subject
from certloom.pki.usage import (
    EXTENDED_KEY_USAGES,
    KEY_USAGES,
    extended_key_usage_name,
    key_usage_mask,
    purpose_oid,
    to_key_usage,
    usages_for,
)

BEGINS = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def certificate(
    signer: ec.EllipticCurvePrivateKey,
    *extensions: x509.ExtensionType,
    subject: str = "CN=web01,OU=Web,O=Corp,E=a@b.example",
    key: CertificatePublicKeyTypes | None = None,
) -> bytes:
    builder = x509.CertificateBuilder().subject_name(read_subject(subject)).issuer_name(read_subject("CN=Issuing"))
    builder = builder.public_key(key or signer.public_key()).serial_number(0xABC).not_valid_before(BEGINS)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return (
        builder.not_valid_after(BEGINS + dt.timedelta(days=1)).sign(signer, hashes.SHA256()).public_bytes(Encoding.DER)
    )


def test_a_certificate_is_described(key: ec.EllipticCurvePrivateKey) -> None:
    der = certificate(
        key,
        to_key_usage(("digitalSignature", "keyEncipherment")),
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, x509.ObjectIdentifier("1.2.3.4")]),
        x509.SubjectAlternativeName([x509.DNSName("web01"), x509.IPAddress(ipaddress.ip_address("192.0.2.1"))]),
    )
    facts = describe(der)
    assert facts.serial_number == "0ABC"
    assert facts.thumbprint == hashlib.sha1(der).hexdigest().upper()  # noqa: S324 - a name on the wire, not a protection
    assert facts.issued_dn == "CN=web01,OU=Web,O=Corp,E=a@b.example"
    assert (facts.issued_cn, facts.issued_ou, facts.issued_email) == ("web01", "Web", "a@b.example")
    assert facts.issuer_dn == "CN=Issuing"
    assert (facts.not_before, facts.not_after) == (BEGINS, BEGINS + dt.timedelta(days=1))
    assert (facts.key_algorithm, facts.key_type, facts.key_type_name) == ("1.2.840.10045.2.1", 3, "ECC")
    assert (facts.key_size_bits, facts.curve) == (256, "P-256")
    assert facts.key_usage == 160
    assert facts.extended_key_usages == (("1.3.6.1.5.5.7.3.1", "serverAuth"), ("1.2.3.4", "1.2.3.4"))
    assert facts.sans == (("web01", 2), ("192.0.2.1", 7))
    assert facts.signing_algorithm == "sha256ECDSA"
    assert (facts.is_ca, facts.path_length) == (False, None)


def test_an_authority_and_a_bare_certificate_are_described(key: ec.EllipticCurvePrivateKey) -> None:
    authority = describe(certificate(key, x509.BasicConstraints(ca=True, path_length=2)))
    assert (authority.is_ca, authority.path_length) == (True, 2)
    bare = describe(certificate(key, subject=""))
    assert (bare.issued_dn, bare.issued_cn, bare.key_usage, bare.sans) == ("", None, 0, ())


def test_names_of_foreign_certificates_are_described(key: ec.EllipticCurvePrivateKey) -> None:
    names = x509.SubjectAlternativeName(
        [
            x509.OtherName(x509.ObjectIdentifier("1.2.3"), b"\5\0"),
            x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a")])),
            x509.RegisteredID(x509.ObjectIdentifier("1.2.4")),
            x509.RFC822Name("a@b.example"),
            x509.UniformResourceIdentifier("urn:a"),
        ],
    )
    facts = describe(certificate(key, names))
    assert facts.sans == (("1.2.3=0500", 0), ("CN=a", 4), ("1.2.4", 8), ("a@b.example", 1), ("urn:a", 6))


@pytest.mark.parametrize(
    ("foreign", "described"),
    [
        (rsa.generate_private_key(65537, 2048).public_key(), ("1.2.840.113549.1.1.1", 1, "RSA", 2048)),
        (ed25519.Ed25519PrivateKey.generate().public_key(), ("1.3.101.112", 0, "Ed25519", 256)),
        (ec.generate_private_key(ec.SECP256K1()).public_key(), ("1.2.840.10045.2.1", 3, "ECC", 256)),
        (
            dsa.DSAPublicNumbers(3, dsa.DSAParameterNumbers((1 << 2047) + 9, (1 << 255) + 95, 4)).public_key(),
            ("1.2.840.10040.4.1", 2, "DSA", 0),
        ),
    ],
    ids=["RSA", "Ed25519", "secp256k1", "DSA"],
)
def test_keys_of_every_kind_are_described(
    key: ec.EllipticCurvePrivateKey, foreign: CertificatePublicKeyTypes, described: tuple[str, int, str, int]
) -> None:
    facts = describe(certificate(key, key=foreign))
    assert (facts.key_algorithm, facts.key_type, facts.key_type_name, facts.key_size_bits) == described


@given(st.binary(max_size=200))
def test_octets_that_are_no_certificate_are_refused(octets: bytes) -> None:
    with pytest.raises(CertificateUnreadable):
        describe(octets)


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_certificate_with_one_octet_changed_is_described_or_refused(
    key: ec.EllipticCurvePrivateKey, position: int, flipped: int
) -> None:
    der = bytearray(certificate(key, x509.SubjectAlternativeName([x509.DNSName("a.example")])))
    der[position % len(der)] ^= flipped
    try:
        facts = describe(bytes(der))
    except CertificateUnreadable:
        return
    assert facts.thumbprint == hashlib.sha1(bytes(der)).hexdigest().upper()  # noqa: S324 - as above


@given(st.sets(st.sampled_from(sorted(KEY_USAGES))))
def test_key_usages_and_their_mask_agree(usages: set[str]) -> None:
    chosen = usages | {"keyAgreement"}
    assert key_usage_mask(to_key_usage(tuple(chosen))) == sum(KEY_USAGES[usage][1] for usage in chosen)


def test_keys_do_not_get_usages_they_cannot_have() -> None:
    both = ("digitalSignature", "keyEncipherment", "keyAgreement")
    assert usages_for("RSA", both) == ("digitalSignature", "keyEncipherment")
    assert usages_for("ECC", both) == ("digitalSignature", "keyAgreement")
    assert usages_for("Ed25519", both) == ("digitalSignature",)


def test_purposes_are_known_by_name_and_by_number() -> None:
    for name, oid in EXTENDED_KEY_USAGES.items():
        assert purpose_oid(name) == oid == purpose_oid(oid.dotted_string)
        assert extended_key_usage_name(oid) == name
    for unknown in ("", "web", "1", "1.2", "9.1.1", "1.40.3", "1.02.3", "1.2.3.", "1." + "9" * 50):
        assert purpose_oid(unknown) is None
