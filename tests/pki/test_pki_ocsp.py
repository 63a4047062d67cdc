from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from hypothesis import given
from hypothesis import strategies as st

from certloom.pki.der import DerUnreadable, content_of, elements, sequence, tagged
from certloom.pki.ocsp import MOST_CERTIFICATES, read_request, refusal


def request(serial: int = 5, algorithm: Any = None, nonce: bytes | None = None) -> bytes:
    chosen = algorithm or hashes.SHA1()  # noqa: S303 - what most clients send
    size = chosen.digest_size
    builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(b"n" * size, b"k" * size, serial, chosen)
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def single(der: bytes) -> bytes:
    """The one Request in a request."""
    return elements(elements(content_of(der, 0x30))[0].content)[-1].content


@pytest.mark.parametrize(
    ("algorithm", "name"),
    [(hashes.SHA1(), "sha1"), (hashes.SHA256(), "sha256"), (hashes.SHA384(), "")],  # noqa: S303 - what most clients send
    ids=["SHA-1", "SHA-256", "SHA-384"],
)
@pytest.mark.parametrize("serial", [1, 127, 128, 2**159 - 1])
def test_g05_a_request_is_read_as_another_library_wrote_it(algorithm: Any, name: str, serial: int) -> None:
    (asked,) = read_request(request(serial, algorithm)).asked
    size = algorithm.digest_size
    assert (asked.serial, asked.algorithm, asked.issuer) == (serial, name, (b"n" * size, b"k" * size))


@pytest.mark.parametrize("length", [1, 16, 32, 128])
def test_g05_a_nonce_of_1_to_128_octets_is_kept(length: int) -> None:
    assert read_request(request(nonce=b"x" * length)).nonce == tagged(4, b"x" * length)


@pytest.mark.parametrize("length", [0, 129, 4096])
def test_g05_a_nonce_of_another_length_is_malformed(length: int) -> None:
    with pytest.raises(DerUnreadable, match="nonce"):
        read_request(request(nonce=b"x" * length))


@pytest.mark.parametrize("number", [1, 2, MOST_CERTIFICATES])
def test_g05_a_request_may_be_about_several_certificates(number: int) -> None:
    many = sequence(sequence(sequence(*(single(request(serial)) for serial in range(1, number + 1)))))
    assert [asked.serial for asked in read_request(many).asked] == list(range(1, number + 1))


@pytest.mark.parametrize("number", [0, MOST_CERTIFICATES + 1, 1000])
def test_g05_a_request_about_none_or_too_many_is_malformed(number: int) -> None:
    with pytest.raises(DerUnreadable, match="certificates"):
        read_request(sequence(sequence(sequence(*[single(request())] * number))))


@given(st.binary(max_size=200))
def test_g05_any_octets_are_read_or_malformed(octets: bytes) -> None:
    try:
        read_request(octets)
    except DerUnreadable:
        return
    assert octets[:1] == b"\x30"


@given(st.integers(0, 120), st.integers(0, 255))
def test_g05_a_request_with_one_octet_changed_is_read_or_malformed(place: int, value: int) -> None:
    octets = bytearray(request(2**100, nonce=b"x" * 16))
    octets[place % len(octets)] = value
    try:
        asked = read_request(bytes(octets)).asked
    except DerUnreadable:
        return
    assert len(asked) == 1


@pytest.mark.parametrize(
    "octets",
    [
        b"\x30",
        b"\x30\x80\x00\x00",
        b"\x30\x81\x02\x05\x00",
        b"\x30\x82\x00\x02\x05\x00",
        b"\x30\x02\x05",
        b"\x1f\x81\x00",
    ],
    ids=["cut off", "indefinite", "long form", "leading zero", "short", "long tag"],
)
def test_g05_only_der_is_read(octets: bytes) -> None:
    with pytest.raises(DerUnreadable):
        elements(octets)


def test_g05_a_length_of_many_gigabytes_is_cut_off_der() -> None:
    with pytest.raises(DerUnreadable):
        elements(b"\x30\x84\xff\xff\xff\xff" + b"x" * 100)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("malformedRequest", ocsp.OCSPResponseStatus.MALFORMED_REQUEST),
        ("tryLater", ocsp.OCSPResponseStatus.TRY_LATER),
        ("unauthorized", ocsp.OCSPResponseStatus.UNAUTHORIZED),
        ("internalError", ocsp.OCSPResponseStatus.INTERNAL_ERROR),
    ],
)
def test_a_refusal_is_read_by_another_library(status: str, expected: ocsp.OCSPResponseStatus) -> None:
    assert ocsp.load_der_ocsp_response(refusal(status)).response_status is expected
