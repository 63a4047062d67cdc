import datetime as dt

import pytest
from cryptography import x509
from tests.authorities.conftest import AT, RecordingLint

from certloom.authorities.embedded.ceremony import AuthorityMaterial, create_issuing, create_root
from certloom.authorities.embedded.crl_signer import EmbeddedCrlSigner
from certloom.authorities.embedded.finding import Finding
from certloom.authorities.embedded.lint import Linter
from certloom.pki.authority import LintRefused
from certloom.pki.certificate import load_certificate
from certloom.pki.revocation_list import ListedCertificate

PERIOD = (AT.replace(microsecond=0), AT.replace(microsecond=0) + dt.timedelta(days=4))


def listed(serial: int, reason: int, harmed: dt.timedelta = dt.timedelta()) -> ListedCertificate:
    return ListedCertificate(serial=serial, reason=reason, recorded_at=AT, effective_at=AT - harmed)


class CrlFindings(RecordingLint):
    async def crl_findings(self, der: bytes) -> tuple[Finding, ...]:
        return await self.findings(der)


@pytest.mark.parametrize("key_type", ["P-384", "RSA-2048", "Ed25519"])
async def test_g02_a_crl_of_every_reason_passes_the_linter_and_verifies(key_type: str, linter: Linter) -> None:
    root = create_root("Root", key_type, AT)
    issuing = create_issuing(root, "Issuing", key_type, AT)
    for material in (root, issuing):
        signer = EmbeddedCrlSigner("Corp", material.certificate, material.private_key, linter)
        for entries in ([], [listed(number + 1, number) for number in range(7)]):
            crl = x509.load_der_x509_crl(await signer.sign_crl(7, PERIOD, entries))
            assert crl.is_signature_valid(load_certificate(material.certificate).public_key())  # type: ignore[arg-type]  # an authority's key
            assert [each.serial_number for each in crl] == [each.serial for each in entries]


async def test_g02_unspecified_is_left_out_and_the_date_of_the_harm_is_the_invalidity_date(
    issuing: AuthorityMaterial,
) -> None:
    signer = EmbeddedCrlSigner("Corp", issuing.certificate, issuing.private_key, CrlFindings())
    entries = [listed(1, 0), listed(2, 1, dt.timedelta(days=3))]
    crl = x509.load_der_x509_crl(await signer.sign_crl(2**60, PERIOD, entries))
    plain, stolen = crl
    assert list(plain.extensions) == []
    assert plain.revocation_date_utc == PERIOD[0]
    assert stolen.revocation_date_utc == PERIOD[0]
    assert stolen.extensions.get_extension_for_class(x509.CRLReason).value.reason is x509.ReasonFlags.key_compromise
    harmed = stolen.extensions.get_extension_for_class(x509.InvalidityDate).value.invalidity_date_utc
    assert harmed == PERIOD[0] - dt.timedelta(days=3)
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 2**60
    assert (crl.last_update_utc, crl.next_update_utc) == PERIOD


async def test_f05_a_crl_that_breaks_a_standard_is_not_signed(issuing: AuthorityMaterial) -> None:
    lint = CrlFindings()
    lint.found = (Finding("ERROR", "crl.rule", "wrong"),)
    signer = EmbeddedCrlSigner("Corp", issuing.certificate, issuing.private_key, lint)
    with pytest.raises(LintRefused, match="would break"):
        await signer.sign_crl(1, PERIOD, [])
    shown = x509.load_der_x509_crl(lint.shown[0])
    assert not shown.is_signature_valid(load_certificate(issuing.certificate).public_key())  # type: ignore[arg-type]  # an authority's key


async def test_what_is_linted_of_a_long_list_stays_short(issuing: AuthorityMaterial) -> None:
    lint = CrlFindings()
    signer = EmbeddedCrlSigner("Corp", issuing.certificate, issuing.private_key, lint)
    crl = x509.load_der_x509_crl(await signer.sign_crl(1, PERIOD, [listed(n, 4) for n in range(1, 1001)]))
    assert (len(crl), len(x509.load_der_x509_crl(lint.shown[0]))) == (1000, 100)
