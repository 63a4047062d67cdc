import asyncio
import base64
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from pkilint import loader, pkix
from pkilint.pkix import extension, name
from pkilint.pkix import ocsp as ocsp_linter
from pkilint.validation import ValidationFindingSeverity
from tests.api.conftest import ROOT, Site

from certloom.cli.listening import bound_socket, listening
from certloom.operations.ocsp_responses import OcspResponses
from certloom.operations.responders import renew_responders
from certloom.pki.certificate import load_certificate
from certloom.pki.chain import pem
from certloom.pki.der import content_of, elements, sequence
from certloom.store.certificates import find_by_thumbprint, read_certificate
from certloom.store.revocations import read_responder

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAME = "certloom issuing ca"
OCSP = "/pki/ocsp"


async def issued(site: Site) -> x509.Certificate:
    answer = await site.enroll("alice", "Direct")
    row = await read_certificate(site.services.database, answer.json()["CertificateInformation"]["KeyfactorID"])
    assert row is not None
    return load_certificate(row.der)


async def revoke(site: Site, certificate: x509.Certificate, reason: int) -> None:
    thumbprint = certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 - the wire's name of a certificate
    row = await find_by_thumbprint(site.services.database, thumbprint)
    assert row is not None
    body = {"CertificateIds": [row.id], "Reason": reason, "Comment": "as the test says"}
    answer = await site.call("alice", "POST", "/Certificates/Revoke", body)
    assert answer.json()["RevokedIds"] == [row.id], answer.text


def issuer(site: Site) -> x509.Certificate:
    return load_certificate(site.services.authorities[NAME].chain()[0])


def question(
    site: Site, certificate: x509.Certificate | int, algorithm: Any = None, nonce: bytes | None = None
) -> bytes:
    chosen = algorithm or hashes.SHA1()  # noqa: S303 - what most clients send
    serial = certificate if isinstance(certificate, int) else certificate.serial_number
    size = chosen.digest_size
    hashed = site.services.responders[NAME].hashes["sha1" if size == 20 else "sha256"]
    builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(*hashed, serial, chosen)
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


async def posted(site: Site, der: bytes) -> ocsp.OCSPResponse:
    headers = {"content-type": "application/ocsp-request"}
    answer = await site.call(None, "POST", OCSP, content=der, headers=headers, base="")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/ocsp-response")
    return ocsp.load_der_ocsp_response(answer.content)


def lint(der: bytes) -> list[str]:
    validator = ocsp_linter.create_pkix_ocsp_response_validator_container(
        [
            ocsp_linter.create_response_decoder(),
            pkix.create_attribute_decoder(name.ATTRIBUTE_TYPE_MAPPINGS),
            pkix.create_extension_decoder(extension.EXTENSION_MAPPINGS),
        ],
        [],
    )
    document = loader.RFC6960OCSPResponseDocumentLoader().load_der_document(der)
    return [
        each.finding.code
        for result in validator.validate(document.root)
        for each in result.finding_descriptions
        if each.finding.severity <= ValidationFindingSeverity.WARNING
    ]


@pytest.mark.parametrize("algorithm", [hashes.SHA1(), hashes.SHA256()], ids=["SHA-1", "SHA-256"])  # noqa: S303 - what most clients send
async def test_g05_a_certificate_is_good_then_on_hold_then_good_then_revoked(site: Site, algorithm: Any) -> None:
    certificate = await issued(site)
    asked = question(site, certificate, algorithm)
    found = await posted(site, asked)
    assert (found.certificate_status, found.serial_number) == (ocsp.OCSPCertStatus.GOOD, certificate.serial_number)
    assert found.hash_algorithm.name == algorithm.name
    for reason, status, flag in (
        (6, ocsp.OCSPCertStatus.REVOKED, x509.ReasonFlags.certificate_hold),
        (8, ocsp.OCSPCertStatus.GOOD, None),
        (1, ocsp.OCSPCertStatus.REVOKED, x509.ReasonFlags.key_compromise),
    ):
        await revoke(site, certificate, reason)
        found = await posted(site, asked)  # the same octets: what was kept must not be sent again
        assert (found.certificate_status, found.revocation_reason) == (status, flag)
        assert lint(found.public_bytes(Encoding.DER)) == []


async def test_g05_a_serial_that_was_never_issued_is_unknown_and_never_good(site: Site) -> None:
    for serial in (1, 2**150, 2**159 - 1):
        found = await posted(site, question(site, serial))
        assert found.certificate_status is ocsp.OCSPCertStatus.UNKNOWN
        assert lint(found.public_bytes(Encoding.DER)) == []


async def test_g05_a_foreign_issuer_is_not_answered_for(site: Site) -> None:
    for algorithm in (hashes.SHA1(), hashes.SHA256(), hashes.SHA384()):  # noqa: S303 - what most clients send
        size = algorithm.digest_size
        builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(b"n" * size, b"k" * size, 5, algorithm)
        found = await posted(site, builder.build().public_bytes(Encoding.DER))
        assert found.response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED


async def test_g05_the_responder_is_delegated_short_lived_and_needs_no_check(site: Site) -> None:
    found = await posted(site, question(site, 7))
    (responder,) = found.certificates
    responder.verify_directly_issued_by(issuer(site))
    extensions = responder.extensions
    assert list(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.OCSP_SIGNING]
    assert not extensions.get_extension_for_class(x509.OCSPNoCheck).critical
    assert responder.not_valid_after_utc - responder.not_valid_before_utc < timedelta(days=8)
    assert found.next_update_utc is not None
    assert found.next_update_utc - found.this_update_utc == timedelta(hours=1)


async def test_g05_a_nonce_comes_back_and_such_a_response_is_never_kept(site: Site) -> None:
    for nonce in (b"x", b"y" * 32, b"z" * 128):
        found = await posted(site, question(site, 7, nonce=nonce))
        assert found.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == nonce
        assert lint(found.public_bytes(Encoding.DER)) == []
    plain = await posted(site, question(site, 7))
    assert list(plain.extensions) == []


async def test_g05_several_certificates_in_one_request_are_answered_in_their_order(site: Site) -> None:
    good, revoked = await issued(site), await issued(site)
    await revoke(site, revoked, 4)
    singles = [
        elements(elements(content_of(question(site, each), 0x30))[0].content)[-1].content for each in (revoked, good, 5)
    ]
    answer = await site.call(None, "POST", OCSP, content=sequence(sequence(sequence(*singles))), base="")
    found = ocsp.load_der_ocsp_response(answer.content)
    statuses = [(each.serial_number, each.certificate_status.name) for each in found.responses]
    assert statuses == [(revoked.serial_number, "REVOKED"), (good.serial_number, "GOOD"), (5, "UNKNOWN")]
    assert lint(answer.content) == []


@pytest.mark.parametrize(
    "encode", [lambda text: quote(text, safe=""), lambda text: text, lambda text: quote(text, safe="/")]
)
async def test_g05_get_answers_as_post_does_and_may_be_cached_for_a_while(site: Site, encode: Any) -> None:
    certificate = await issued(site)
    for filler in range(40):  # serial numbers until the base64 holds both a slash and a plus
        asked = question(site, certificate if not filler else filler * 7919**9)
        address = f"{OCSP}/{encode(base64.b64encode(asked).decode())}"
        answer = await site.get(None, address, base="")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/ocsp-response"), address
        assert answer.headers["cache-control"] == "public, max-age=300"
        found = ocsp.load_der_ocsp_response(answer.content)
        assert found.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL, address
    answer = await site.get(None, f"{OCSP}/{encode(base64.b64encode(question(site, 7, nonce=b'n')).decode())}", base="")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("body", [b"", b"nonsense", b"\x30\x00", b"\x30\x80" * 4000, b"\xff" * 16_000])
async def test_g05_malformed_requests_are_answered_as_such(site: Site, body: bytes) -> None:
    for _ in range(20):
        assert (await posted(site, body)).response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST
    address = f"{OCSP}/{base64.urlsafe_b64encode(body[:300] or b'x').decode()}"
    answer = await site.get(None, address, base="")
    assert ocsp.load_der_ocsp_response(answer.content).response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


async def test_g05_a_request_that_is_too_long_is_not_read(site: Site) -> None:
    answer = await site.call(None, "POST", OCSP, content=b"\x30" * 17_000, base="")
    assert answer.status_code == 413


async def test_g05_a_flood_is_told_to_come_back_and_the_kept_answers_go_on(site: Site) -> None:
    kept = question(site, 7)
    await posted(site, kept)
    site.services.ocsp_responses.may_sign = lambda now: now is None  # type: ignore[method-assign]  # as after many in one second
    assert (await posted(site, question(site, 8))).response_status is ocsp.OCSPResponseStatus.TRY_LATER
    assert (await posted(site, kept)).response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
    site.services.ocsp_responses = OcspResponses()


async def test_g05_how_much_is_signed_in_a_second_is_bounded(site: Site) -> None:
    responses, now = OcspResponses(), site.clock()
    assert [responses.may_sign(now) for _ in range(501)] == [True] * 500 + [False]
    assert responses.may_sign(now + timedelta(seconds=1))
    assert responses.may_sign(now - timedelta(days=1))


async def test_g05_a_responder_is_replaced_before_it_ends_and_kept_across_a_start(site: Site) -> None:
    row = await read_responder(site.services.database, NAME)
    await renew_responders(site.services, ROOT)
    assert await read_responder(site.services.database, NAME) == row
    site.clock.moved = timedelta(days=4)
    await renew_responders(site.services, ROOT)
    newer = await read_responder(site.services.database, NAME)
    assert row is not None
    assert newer is not None
    assert newer.serial != row.serial
    site.services.responders.clear()
    await renew_responders(site.services, ROOT)
    assert await read_responder(site.services.database, NAME) == newer
    found = await posted(site, question(site, 7))
    assert load_certificate(newer.certificate) == found.certificates[0]
    site.clock.moved = timedelta()
    await renew_responders(site.services, ROOT)
    again = await read_responder(site.services.database, NAME)
    assert again is not None
    assert load_certificate(again.certificate).not_valid_before_utc <= site.clock()  # also after the clock stepped back


@pytest.mark.needs("openssl")
async def test_g05_openssl_believes_the_responder(site: Site, tmp_path: Path) -> None:
    good, revoked = await issued(site), await issued(site)
    await revoke(site, revoked, 3)
    chain = site.services.authorities[NAME].chain()
    files = {"good": good.public_bytes(Encoding.DER), "revoked": revoked.public_bytes(Encoding.DER)}
    for file, der in (*files.items(), ("issuing", chain[0]), ("root", chain[1])):
        (tmp_path / f"{file}.pem").write_text(pem(der))
    with bound_socket("127.0.0.1", 0) as bound:
        port = bound.getsockname()[1]
        async with listening(site.certloom, bound, None):
            for digest in ("-sha1", "-sha256"):
                for more in ([], ["-no_nonce"]):
                    command = ["openssl", "ocsp", "-url", f"http://127.0.0.1:{port}{OCSP}", "-CAfile", "root.pem"]
                    command += ["-verify_other", "issuing.pem", "-issuer", "issuing.pem", digest, *more]
                    command += ["-cert", "good.pem", "-cert", "revoked.pem"]
                    done = await asyncio.to_thread(
                        subprocess.run, command, cwd=tmp_path, capture_output=True, text=True, check=False
                    )
                    told = done.stdout + done.stderr
                    assert "Response verify OK" in told
                    assert "good.pem: good" in told
                    assert "revoked.pem: revoked" in told
                    assert "Reason: affiliationChanged" in told


async def test_files_of_authorities_are_served_with_a_tag_by_which_they_are_fetched_once(site: Site) -> None:
    for file, kind in (
        ("certloom-root-ca.crl", "application/pkix-crl"),
        ("certloom-issuing-ca.crt", "application/pkix-cert"),
    ):
        answer = await site.get(None, f"/pki/{file}", base="")
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
        again = await site.get(None, f"/pki/{file}", base="", headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert load_certificate(answer.content) == issuer(site)
    for nothing in ("nonsense.crl", "certloom-root-ca.key", "certloom-root-ca", "..crl"):
        assert (await site.get(None, f"/pki/{nothing}", base="")).status_code == 404
