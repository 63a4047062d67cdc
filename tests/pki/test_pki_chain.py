import base64
import datetime as dt
import itertools
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization import pkcs7 as cryptography_pkcs7
from hypothesis import given
from hypothesis import strategies as st

from certloom.pki.certificate import CertificateUnreadable
from certloom.pki.chain import order, pem, pem_with_subject, pkcs7
from certloom.pki.der import bit_string, sequence, tagged
from certloom.pki.subject import read_subject


@pytest.fixture(scope="module")
def chain(key: ec.EllipticCurvePrivateKey) -> tuple[bytes, ...]:
    def certificate(subject: str, issuer: str) -> bytes:
        begins = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        builder = x509.CertificateBuilder().subject_name(read_subject(subject)).issuer_name(read_subject(issuer))
        builder = builder.public_key(key.public_key()).serial_number(7).not_valid_before(begins)
        return builder.not_valid_after(begins).sign(key, hashes.SHA256()).public_bytes(Encoding.DER)

    return (
        certificate("CN=web01,O=Corp", "CN=Issuing"),
        certificate("CN=Issuing", "CN=Root"),
        certificate("CN=Root", "CN=Root"),
    )


def test_pem_has_64_columns_and_the_same_octets(chain: tuple[bytes, ...]) -> None:
    lines = pem(chain[0]).splitlines()
    assert lines[0] == "-----BEGIN CERTIFICATE-----"
    assert max(map(len, lines[1:-1])) == 64
    assert base64.b64decode("".join(lines[1:-1])) == chain[0]


def test_the_subject_stands_above_the_pem(chain: tuple[bytes, ...]) -> None:
    assert pem_with_subject(chain[0]) == "#CN=web01,O=Corp\n" + pem(chain[0])


def test_a_chain_is_ordered_from_any_order(chain: tuple[bytes, ...]) -> None:
    for mixed in itertools.permutations(chain):
        assert order(mixed, end_entity_first=True) == chain
        assert order(mixed, end_entity_first=False) == chain[::-1]


def test_what_does_not_belong_to_the_chain_is_kept(chain: tuple[bytes, ...]) -> None:
    assert order([chain[2], chain[0]], end_entity_first=True) == (chain[0], chain[2])
    assert order([chain[2]], end_entity_first=True) == (chain[2],)
    assert order([], end_entity_first=True) == ()


def test_pkcs7_holds_the_certificates_in_the_order_given(chain: tuple[bytes, ...], tmp_path: Path) -> None:
    (tmp_path / "chain.p7b").write_bytes(pkcs7(chain))
    shown = subprocess.run(  # noqa: S603 - our own file
        ["openssl", "pkcs7", "-inform", "DER", "-in", tmp_path / "chain.p7b", "-print_certs", "-noout"],  # noqa: S607 - found on the path
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert [line for line in shown.splitlines() if line.startswith("subject")] == [
        "subject=O = Corp, CN = web01",
        "subject=CN = Issuing",
        "subject=CN = Root",
    ]


def test_pkcs7_is_what_the_library_writes_for_one_certificate(chain: tuple[bytes, ...]) -> None:
    (certificate,) = cryptography_pkcs7.load_der_pkcs7_certificates(pkcs7(chain[:1]))
    assert pkcs7(chain[:1]) == cryptography_pkcs7.serialize_certificates([certificate], Encoding.DER)


def test_octets_that_are_no_certificate_are_refused() -> None:
    for read in (pem, pem_with_subject, lambda der: order([der], end_entity_first=True)):
        with pytest.raises(CertificateUnreadable):
            read(b"\x30\x00")


@given(st.integers(0, 70_000))
def test_lengths_are_in_the_shortest_form(length: int) -> None:
    encoded = tagged(4, bytes(length))
    header = encoded[: len(encoded) - length]
    if length < 128:
        assert header == bytes([4, length])
    else:
        octets = header[2:]
        assert header[1] == 0x80 | len(octets)
        assert octets[0] != 0
        assert int.from_bytes(octets) == length


def test_sequences_and_bit_strings_have_their_tags() -> None:
    assert sequence(b"\5\0", b"\5\0") == b"\x30\4\5\0\5\0"
    assert bit_string(b"\1") == b"\3\2\0\1"
