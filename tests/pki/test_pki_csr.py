import base64
import textwrap
from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from certloom.pki.csr import (
    RequestSignatureWrong,
    RequestUnreadable,
    public_key_of,
    read_csr,
    read_csr_der,
    request_pem,
)
from certloom.pki.der import bit_string, sequence, tagged
from certloom.pki.key import WeakKey

MakeCsr = Callable[..., bytes]
RawCsr = Callable[..., str]
Refused = (RequestUnreadable, RequestSignatureWrong, WeakKey)
_RSA_ENCRYPTION = bytes.fromhex("300d06092a864886f70d0101010500")
_EC = bytes.fromhex("06072a8648ce3d0201")


def _pem(der: bytes, label: str = "CERTIFICATE REQUEST", end: str = "\n") -> str:
    lines = textwrap.wrap(base64.b64encode(der).decode(), 64)
    return end.join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def _spki(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _integer(value: int) -> bytes:
    return tagged(2, value.to_bytes(value.bit_length() // 8 + 1))


def _rsa_spki(n: int, e: int) -> bytes:
    return sequence(_RSA_ENCRYPTION, bit_string(sequence(_integer(n), _integer(e))))


def _name(tag: int, value: bytes) -> bytes:
    common_name = bytes.fromhex("0603550403")
    return sequence(tagged(0x31, sequence(common_name, tagged(tag, value))))


def _extension_request(*extensions: tuple[str, bytes], kind: str = "06092a864886f70d01090e") -> bytes:
    listed = [sequence(bytes.fromhex(oid), tagged(4, value)) for oid, value in extensions]
    return sequence(bytes.fromhex(kind), tagged(0x31, sequence(*listed)))


_SAN = "0603551d11"


def test_pem_with_either_header_and_any_line_end_is_read(make_csr: MakeCsr) -> None:
    der = make_csr()
    for text in (
        _pem(der),
        _pem(der, "NEW CERTIFICATE REQUEST", "\r\n"),
        "Certificate Request:\n  Data:\n" + _pem(der) + "bye",
        base64.b64encode(der).decode(),
        _pem(der).split("-----")[2],
    ):
        assert read_csr(text).der == der


def test_a_request_shown_as_pem_is_read_again(make_csr: MakeCsr) -> None:
    der = make_csr()
    assert request_pem(der).startswith("-----BEGIN CERTIFICATE REQUEST-----\n")
    assert read_csr(request_pem(der)).der == der


def test_a_request_is_described(make_csr: MakeCsr, key: ec.EllipticCurvePrivateKey) -> None:
    request = read_csr_der(make_csr(sans=[x509.DNSName("Web01.Corp.Example"), x509.DNSName("web01.corp.example")]))
    assert request.subject == "CN=web01.corp.example"
    assert request.sans == {"dns": ("web01.corp.example",)}
    assert request.key.key_type == "P-256"
    assert public_key_of(request.der) == key.public_key()


@pytest.mark.parametrize(
    "change",
    [
        lambda _: "",
        lambda _: "   ",
        lambda _: "hello world",
        lambda _: "é",
        lambda pem: pem + pem,
        lambda pem: pem.replace("BEGIN", "BEGIN NEW"),
        lambda pem: pem.replace("CERTIFICATE REQUEST", "CERTIFICATE"),
        lambda pem: pem + "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        lambda pem: pem.replace("-----END", "=\n-----END"),
        lambda pem: pem.replace("-----END CERTIFICATE REQUEST-----", ""),
        lambda pem: "x" * 65536 + pem,
        lambda pem: base64.b64encode(base64.b64decode(pem.split("-----")[2]) + b"\0").decode(),
        lambda pem: base64.b64encode(base64.b64decode(pem.split("-----")[2])[:-1]).decode(),
        lambda _: base64.b64encode(b"\x30\x80" + b"\x30\x80" * 20000).decode(),
    ],
)
def test_e03_text_that_is_not_one_request_is_refused(make_csr: MakeCsr, change: Callable[[str], str]) -> None:
    with pytest.raises(RequestUnreadable):
        read_csr(change(_pem(make_csr())))


def test_e03_indefinite_lengths_are_refused(make_csr: MakeCsr) -> None:
    der = make_csr()
    assert der[:2] == b"\x30\x81"
    with pytest.raises(RequestUnreadable):
        read_csr_der(b"\x30\x80" + der[3:] + b"\0\0")


def test_e04_a_request_signed_with_another_key_is_refused(raw_csr: RawCsr) -> None:
    with pytest.raises(RequestSignatureWrong):
        read_csr(raw_csr(_spki(ec.generate_private_key(ec.SECP256R1()))))


@pytest.mark.parametrize(
    "spki",
    [
        _rsa_spki((1 << 16383) + 1, 65537),
        _rsa_spki((1 << 2047) + 3, 1),
        _rsa_spki((1 << 2047) + 3, 65536),
        _rsa_spki((1 << 2047) + 3, (1 << 4000) + 1),
        _rsa_spki(0, 3),
        _rsa_spki(15, 3),
        _rsa_spki(1 << 60000, 3),
        sequence(sequence(_EC, bytes.fromhex("06052b81040021")), bit_string(b"\4" + b"\1" * 56)),
        sequence(sequence(_EC, bytes.fromhex("06052b81040010")), bit_string(b"\4" + b"\1" * 72)),
        sequence(sequence(_EC, bytes.fromhex("06082a8648ce3d030107")), bit_string(b"\4" + b"\1" * 64)),
        sequence(sequence(_EC, bytes.fromhex("06082a8648ce3d030107")), bit_string(b"\0")),
        sequence(sequence(_EC), bit_string(b"\4" + b"\1" * 64)),
        sequence(sequence(bytes.fromhex("0609608648016503040312")), bit_string(b"\1" * 1952)),
        sequence(sequence(bytes.fromhex("06032b6571")), bit_string(b"\1" * 57)),
        sequence(sequence(bytes.fromhex("06032a0304")), bit_string(b"\1")),
        b"\x30\x00",
        b"\x05\x00",
    ],
    ids=[
        "16k RSA",
        "exponent 1",
        "even exponent",
        "huge exponent",
        "zero",
        "tiny",
        "60000 bits",
        "P-224",
        "binary curve",
        "point not on the curve",
        "point at infinity",
        "no curve",
        "ML-DSA",
        "Ed448",
        "unknown algorithm",
        "empty",
        "null",
    ],
)
def test_e03_hostile_public_keys_are_refused(raw_csr: RawCsr, spki: bytes) -> None:
    with pytest.raises((RequestUnreadable, WeakKey)):
        read_csr(raw_csr(spki))


def test_e03_keys_of_other_kinds_are_refused_with_their_own_good_signature(make_csr: MakeCsr) -> None:
    with pytest.raises(WeakKey, match="Ed448"):
        read_csr_der(make_csr(signer=ed448.Ed448PrivateKey.generate(), digest=None))
    with pytest.raises(WeakKey, match="secp224r1"):
        read_csr_der(make_csr(signer=ec.generate_private_key(ec.SECP224R1())))


def test_rsa_and_ed25519_requests_are_read(make_csr: MakeCsr) -> None:
    assert read_csr_der(make_csr(signer=rsa.generate_private_key(65537, 2048))).key.key_type == "RSA-2048"
    edwards = make_csr(signer=ed25519.Ed25519PrivateKey.generate(), digest=None)
    assert read_csr_der(edwards).key.key_type == "Ed25519"


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        (12, b"a\0"),
        (12, b""),
        (12, b"\xff"),
        (19, b"a\0b"),
        (20, b"\xe9"),
        (22, b"a\nb"),
        (30, b"\0a\0\0"),
        (28, b"\0\0\0a\0\0\0\0"),
        (12, b"a" * 65),
    ],
    ids=lambda value: repr(value)[:12],
)
def test_e02_odd_strings_in_the_subject_are_refused(
    raw_csr: RawCsr, key: ec.EllipticCurvePrivateKey, tag: int, value: bytes
) -> None:
    with pytest.raises(RequestUnreadable):
        read_csr(raw_csr(_spki(key), _name(tag, value)))


@pytest.mark.parametrize(
    ("tag", "value"), [(30, b"\0w\0e\0b"), (19, b"web"), (12, b"web"), (28, b"\0\0\0w\0\0\0e\0\0\0b")]
)
def test_e02_other_string_types_are_read_to_the_text_that_policy_sees(
    raw_csr: RawCsr, key: ec.EllipticCurvePrivateKey, tag: int, value: bytes
) -> None:
    assert read_csr(raw_csr(_spki(key), _name(tag, value))).subject == "CN=web"


def test_e02_several_common_names_and_joined_parts_are_refused(make_csr: MakeCsr) -> None:
    a, b = (x509.NameAttribute(NameOID.COMMON_NAME, value) for value in ("a.example", "b.example"))
    organization = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Corp")
    with pytest.raises(RequestUnreadable, match="several CNs"):
        read_csr_der(make_csr(x509.Name([a, b])))
    for joined in ([a, b], [a, organization]):
        with pytest.raises(RequestUnreadable):
            read_csr_der(make_csr(x509.Name([x509.RelativeDistinguishedName(joined)])))


@pytest.mark.parametrize(
    "name",
    [
        x509.OtherName(x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3"), b"\x0c\x05admin"),
        x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "admin")])),
        x509.RegisteredID(x509.ObjectIdentifier("1.2.3")),
        x509.DNSName("a_b.example"),
        x509.DNSName(""),
        x509.DNSName("a.example\0.evil.example"),
        x509.RFC822Name("nobody"),
    ],
    ids=repr,
)
def test_e02_names_that_are_never_certified_are_refused_not_dropped(make_csr: MakeCsr, name: x509.GeneralName) -> None:
    with pytest.raises(RequestUnreadable, match="never certified"):
        read_csr_der(make_csr(sans=[x509.DNSName("good.example"), name]))


def test_e02_duplicate_attributes_and_extensions_are_refused(raw_csr: RawCsr, key: ec.EllipticCurvePrivateKey) -> None:
    first = (_SAN, sequence(tagged(0x82, b"a.example")))
    second = (_SAN, sequence(tagged(0x82, b"b.example")))
    one = _extension_request(first)
    assert read_csr(raw_csr(_spki(key), attributes=one)).sans == {"dns": ("a.example",)}
    for attributes in (
        one + _extension_request(second),
        one + _extension_request(second, kind="060a2b06010401823702010e"),
        _extension_request(first, second),
        _extension_request((_SAN, sequence())),
        _extension_request((_SAN, b"")),
        _extension_request((_SAN, sequence(tagged(0x87, b"\1\2\3")))),
        _extension_request((_SAN, sequence(tagged(0x87, b"\1\2\3\4\0\0\0\0")))),
    ):
        with pytest.raises(RequestUnreadable):
            read_csr(raw_csr(_spki(key), attributes=attributes))


def test_e01_other_extensions_asked_for_do_not_matter(make_csr: MakeCsr) -> None:
    asked = [
        (x509.BasicConstraints(ca=True, path_length=3), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]), True),
        (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True),
    ]
    assert read_csr_der(make_csr(extensions=asked)).sans == {}


@given(st.binary(max_size=300))
def test_e06_random_octets_are_refused(octets: bytes) -> None:
    with pytest.raises(Refused):
        read_csr_der(octets)


@given(st.text(max_size=300))
def test_e06_random_text_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        read_csr(text)


def test_e06_a_signature_with_unused_bits_is_refused(make_csr: MakeCsr) -> None:
    der = make_csr()
    signature = x509.load_der_x509_csr(der).signature
    unused = len(der) - len(signature) - 1
    assert der[unused] == 0
    with pytest.raises(Refused):
        read_csr_der(der[:unused] + b"\x01" + der[unused + 1 :])


@settings(max_examples=400)
@given(position=st.integers(0, 10_000), flipped=st.integers(1, 255))
def test_e06_a_request_with_one_octet_changed_is_refused(make_csr: MakeCsr, position: int, flipped: int) -> None:
    der = bytearray(make_csr(sans=[x509.DNSName("web01.corp.example")]))
    der[position % len(der)] ^= flipped
    with pytest.raises(Refused):
        read_csr_der(bytes(der))
