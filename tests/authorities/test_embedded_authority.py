import asyncio
import datetime as dt
from collections.abc import Callable

import msgspec
import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, ExtensionOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certloom.authorities.embedded import authority as authority_module
from certloom.authorities.embedded.authority import EmbeddedAuthority
from certloom.authorities.embedded.ceremony import AuthorityMaterial, create_issuing, create_root
from certloom.authorities.embedded.finding import Finding
from certloom.authorities.embedded.lint import Linter, LintUnavailable
from certloom.authorities.embedded.mismatch import AuthorityMismatched
from certloom.authorities.embedded.signing import SigningKeyNotSupported, sign
from certloom.pki.authority import Authority, IssuePlan, LintRefused, PolicyViolated, SignedBytesDiffer
from certloom.pki.certificate import describe, load_certificate
from certloom.pki.csr import RequestSignatureWrong
from certloom.pki.key import WeakKey
from certloom.pki.request import CertificateRequest
from certloom.pki.revocation import ReasonNotAllowed
from certloom.pki.serial import SerialUnreadable
from certloom.pki.template import Template
from certloom.pki.validity import IssuerNotValid

AT = dt.datetime(2026, 11, 23, 12, 0, 0, 123000, tzinfo=dt.UTC)
MakeRequest = Callable[..., CertificateRequest]
Verify = Callable[[bytes, tuple[bytes, ...]], None]
replace = msgspec.structs.replace

ALLOWED = {
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.SUBJECT_KEY_IDENTIFIER,
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    ExtensionOID.EXTENDED_KEY_USAGE,
}


class _Silent:
    async def findings(self, der: bytes) -> tuple[Finding, ...]:
        return () if der else (Finding("ERROR", "empty", "nothing"),)


async def _issued(authority: Authority, request: CertificateRequest, template: Template) -> x509.Certificate:
    return load_certificate(await authority.issue(await authority.plan(request, template, AT)))


async def test_a_certificate_holds_what_was_asked_and_the_template_gives(
    authority: EmbeddedAuthority, template: Template, make_request: MakeRequest, key: ec.EllipticCurvePrivateKey
) -> None:
    plan = await authority.plan(make_request(dns=("Alias.Corp.Example.",)), template, AT)
    facts = describe(der := await authority.issue(plan))
    assert facts.serial_number == plan.serial
    assert (facts.issued_dn, facts.issuer_dn) == ("CN=web01.corp.example", "CN=Test Issuing")
    assert facts.sans == (("alias.corp.example", 2), ("web01.corp.example", 2))
    assert facts.not_before == plan.not_before == dt.datetime(2026, 11, 23, 11, 59, tzinfo=dt.UTC)
    assert facts.not_after == plan.not_after == dt.datetime(2027, 11, 23, 11, 58, 59, tzinfo=dt.UTC)
    assert facts.key_usage == 128  # a P-256 key enciphers nothing
    assert facts.extended_key_usages == (("1.3.6.1.5.5.7.3.1", "serverAuth"),)
    assert load_certificate(der).public_key() == key.public_key()


@pytest.mark.parametrize("key_type", ["P-384", "RSA-2048", "Ed25519"])
async def test_e07_issued_chains_pass_openssl_and_the_linter(
    key_type: str, template: Template, make_request: MakeRequest, openssl_verify: Verify, linter: Linter
) -> None:
    root = create_root("Root", key_type, AT)
    issuing = create_issuing(root, "Issuing", key_type, AT)
    authority = EmbeddedAuthority("Corp", issuing.certificate, issuing.private_key, [root.certificate], linter)
    wide = replace(template, key_types=("P-256", "RSA-2048", "Ed25519"))
    signers = (
        (rsa.generate_private_key(65537, 2048), make_request),
        (ec.generate_private_key(ec.SECP256R1()), make_request),
    )
    for signer, make in signers:
        der = (await _issued(authority, make(signer=signer), wide)).public_bytes(Encoding.DER)
        openssl_verify(der, authority.chain())
        assert await linter.findings(der) == ()
    edwards = make_request(signer=ed25519.Ed25519PrivateKey.generate(), digest=None)
    openssl_verify((await _issued(authority, edwards, wide)).public_bytes(Encoding.DER), authority.chain())


@pytest.mark.parametrize(
    "asked",
    [
        x509.BasicConstraints(ca=True, path_length=5),
        x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        ),
        x509.NameConstraints([x509.DNSName("example")], None),
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE, ExtendedKeyUsageOID.OCSP_SIGNING]),
        x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier("2.5.29.32.0"), None)]),
        x509.AuthorityInformationAccess(
            [
                x509.AccessDescription(
                    AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier("http://evil.example/")
                )
            ]
        ),
        x509.CRLDistributionPoints(
            [x509.DistributionPoint([x509.UniformResourceIdentifier("http://evil.example/")], None, None, None)]
        ),
        x509.SubjectKeyIdentifier(b"chosen by the requester"),
        x509.OCSPNoCheck(),
        x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0"),
    ],
    ids=lambda asked: type(asked).__name__,
)
async def test_e01_no_extension_asked_for_reaches_the_certificate(
    authority: EmbeddedAuthority, template: Template, make_request: MakeRequest, asked: x509.ExtensionType
) -> None:
    certificate = await _issued(authority, make_request(extensions=[(asked, True)]), template)
    plain = await _issued(authority, make_request(), template)
    assert {extension.oid for extension in certificate.extensions} == ALLOWED
    assert list(certificate.extensions) == list(plain.extensions)
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False


async def test_e02_the_names_of_the_signing_request_are_not_copied(
    authority: EmbeddedAuthority, template: Template, make_request: MakeRequest
) -> None:
    names = x509.SubjectAlternativeName([x509.DNSName("admin.corp.example")])
    certificate = await _issued(authority, make_request(extensions=[(names, False)]), template)
    assert describe(certificate.public_bytes(Encoding.DER)).sans == (("web01.corp.example", 2),)


async def test_critical_flags_are_those_of_rfc_5280(
    authority: EmbeddedAuthority, template: Template, make_request: MakeRequest
) -> None:
    critical = {ExtensionOID.BASIC_CONSTRAINTS, ExtensionOID.KEY_USAGE}
    certificate = await _issued(authority, make_request(), template)
    assert {each.oid for each in certificate.extensions if each.critical} == critical
    nameless = replace(template, required_subject=())
    certificate = await _issued(authority, make_request("", dns=("a.example",)), nameless)
    assert {each.oid for each in certificate.extensions if each.critical} == {
        *critical,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    }
    stamping = replace(template, extended_key_usages=("timeStamping",))
    certificate = await _issued(authority, make_request(), stamping)
    assert certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).critical


async def test_purposes_may_be_absent(
    authority: EmbeddedAuthority, template: Template, make_request: MakeRequest
) -> None:
    certificate = await _issued(authority, make_request(), replace(template, extended_key_usages=()))
    assert {each.oid for each in certificate.extensions} == ALLOWED - {ExtensionOID.EXTENDED_KEY_USAGE}


async def test_policy_is_checked_again_and_every_violation_is_told(
    authority: EmbeddedAuthority, template: Template, make_request: MakeRequest
) -> None:
    asked = replace(make_request(dns=("*.evil.example",), uri=("urn:a",)), authority="Other", template="Else")
    with pytest.raises(PolicyViolated) as caught:
        await authority.plan(asked, template, AT)
    assert len(caught.value.violations) == 4
    assert all(sentence in caught.value.message for sentence in caught.value.violations)


async def test_e04_a_request_for_a_key_of_the_chain_is_refused(
    root: AuthorityMaterial,
    issuing: AuthorityMaterial,
    authority: EmbeddedAuthority,
    template: Template,
    make_request: MakeRequest,
) -> None:
    wide = replace(template, key_types=("P-384",))
    for material in (root, issuing):
        signer = load_der_private_key(material.private_key, None)
        with pytest.raises(PolicyViolated, match="certificate authority"):
            await authority.plan(make_request(signer=signer), wide, AT)


async def test_e04_a_request_with_a_wrong_signature_is_refused(
    authority: EmbeddedAuthority, template: Template, make_request: MakeRequest
) -> None:
    request = make_request()
    with pytest.raises(RequestSignatureWrong):
        await authority.plan(replace(request, csr=request.csr[:-1] + bytes([request.csr[-1] ^ 1])), template, AT)


async def test_e05_weak_keys_are_refused_at_issue_too(
    authority: EmbeddedAuthority, template: Template, make_request: MakeRequest
) -> None:
    with pytest.raises(WeakKey):
        await authority.plan(make_request(signer=ec.generate_private_key(ec.SECP224R1())), template, AT)


async def test_f01_every_plan_has_a_serial_of_its_own(
    authority: EmbeddedAuthority, template: Template, make_request: MakeRequest
) -> None:
    plans = [await authority.plan(make_request(), template, AT) for _ in range(20)]
    assert len({plan.serial for plan in plans}) == 20
    assert all(len(plan.serial) == 36 and plan.serial.startswith("01") for plan in plans)


@pytest.mark.parametrize("key_type", ["P-256", "P-384", "P-521", "RSA-2048", "Ed25519"])
async def test_f03_planned_bytes_are_signed_bytes(key_type: str, template: Template, make_request: MakeRequest) -> None:
    root = create_root("Root", key_type, AT)
    authority = EmbeddedAuthority("Corp", root.certificate, root.private_key, [], _Silent())
    plan = await authority.plan(make_request(), template, AT)
    certificate = load_certificate(await authority.issue(plan))
    assert certificate.tbs_certificate_bytes == plan.tbs
    certificate.verify_directly_issued_by(load_certificate(root.certificate))


async def test_f03_a_plan_that_does_not_say_what_its_bytes_say_is_not_signed(
    authority: EmbeddedAuthority,
    template: Template,
    make_request: MakeRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = await authority.plan(make_request(), template, AT)
    other = await authority.plan(make_request("CN=other.corp.example"), template, AT)
    root = create_root("Test Issuing", "P-384", AT)
    elsewhere = EmbeddedAuthority("Corp", root.certificate, root.private_key, [], _Silent())
    signed: list[bytes] = []
    monkeypatch.setattr(authority_module, "sign", lambda _, tbs: signed.append(tbs))
    for wrong in (
        replace(plan, serial=other.serial),
        replace(plan, tbs=other.tbs),
        replace(plan, subject=other.subject),
        replace(plan, authority="Other"),
        replace(plan, not_after=plan.not_after + dt.timedelta(seconds=1)),
        replace(plan, tbs=b""),
        replace(plan, tbs=plan.tbs + b"\0"),
        replace(plan, tbs=load_certificate(authority.chain()[0]).tbs_certificate_bytes),
        replace(plan, tbs=load_certificate(elsewhere.chain()[0]).tbs_certificate_bytes),
    ):
        with pytest.raises(SignedBytesDiffer, match="nothing was signed"):
            await authority.issue(wrong)
    assert signed == []


async def test_f03_an_authority_certificate_is_never_signed_however_consistent_the_plan(
    root: AuthorityMaterial, issuing: AuthorityMaterial
) -> None:
    authority = EmbeddedAuthority("Root", root.certificate, root.private_key, [], _Silent())
    forged = load_certificate(issuing.certificate)
    plan = IssuePlan(
        serial=describe(issuing.certificate).serial_number,
        tbs=forged.tbs_certificate_bytes,
        template="Web",
        authority="Root",
        subject="CN=Test Issuing",
        not_before=forged.not_valid_before_utc,
        not_after=forged.not_valid_after_utc,
    )
    with pytest.raises(SignedBytesDiffer):
        await authority.issue(plan)


async def test_f03_a_signature_over_other_bytes_is_discarded(
    authority: EmbeddedAuthority, template: Template, make_request: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = await authority.plan(make_request(), template, AT)
    monkeypatch.setattr(authority_module, "sign", lambda key, tbs: sign(key, tbs + b"\0"))
    with pytest.raises(SignedBytesDiffer, match="does not verify"):
        await authority.issue(plan)


async def test_f04_no_certificate_outlives_its_issuer(
    authority: EmbeddedAuthority, template: Template, make_request: MakeRequest
) -> None:
    ends = describe(authority.chain()[0]).not_after
    plan = await authority.plan(make_request(), template, ends - dt.timedelta(days=3))
    assert plan.not_after == ends
    for at in (ends + dt.timedelta(seconds=1), AT - dt.timedelta(days=2)):
        with pytest.raises(IssuerNotValid):
            await authority.plan(make_request(), template, at)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(at=st.datetimes(dt.datetime(2027, 1, 1), dt.datetime(2036, 1, 1)), days=st.integers(1, 9000))  # noqa: DTZ001 - the zone is added below
async def test_f04_validities_survive_their_encoding(
    authority: EmbeddedAuthority, template: Template, make_request: MakeRequest, at: dt.datetime, days: int
) -> None:
    plan = await authority.plan(make_request(), replace(template, validity_days=days), at.replace(tzinfo=dt.UTC))
    facts = describe(await authority.issue(plan))
    assert (facts.not_before, facts.not_after) == (plan.not_before, plan.not_after)


async def test_f05_an_error_blocks_and_names_its_rules(
    authority: EmbeddedAuthority, template: Template, make_request: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Finds:
        async def findings(self, der: bytes) -> tuple[Finding, ...]:
            assert der
            return (
                Finding("WARNING", "soft", "meh"),
                Finding("ERROR", "pkix.rule", "bad"),
                Finding("FATAL", "pkix.worse", "x"),
            )

    monkeypatch.setattr(authority, "_lint", Finds())
    with pytest.raises(LintRefused, match=r"pkix\.rule, pkix\.worse") as caught:
        await authority.plan(make_request(), template, AT)
    assert caught.value.rules == ("pkix.rule", "pkix.worse")


async def test_f05_warnings_go_into_the_plan(
    authority: EmbeddedAuthority, template: Template, make_request: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Finds:
        async def findings(self, der: bytes) -> tuple[Finding, ...]:
            return (Finding("WARNING", "pkix.soft", str(len(der) > 0)),)

    monkeypatch.setattr(authority, "_lint", Finds())
    assert (await authority.plan(make_request(), template, AT)).lint == ("pkix.soft: True",)


async def test_f05_a_linter_that_does_not_run_blocks(
    root: AuthorityMaterial, template: Template, make_request: MakeRequest
) -> None:
    authority = EmbeddedAuthority("Corp", root.certificate, root.private_key, [], Linter())
    with pytest.raises(LintUnavailable):
        await authority.plan(make_request(), template, AT)


@pytest.mark.parametrize("key_type", ["P-384", "RSA-2048", "Ed25519"])
async def test_f05_the_linted_certificate_is_worth_nothing(
    key_type: str, template: Template, make_request: MakeRequest
) -> None:
    shown: list[bytes] = []

    class Keeps:
        async def findings(self, der: bytes) -> tuple[Finding, ...]:
            shown.append(der)
            return ()

    root = create_root("Root", key_type, AT)
    authority = EmbeddedAuthority("Corp", root.certificate, root.private_key, [], Keeps())
    plan = await authority.plan(make_request(), template, AT)
    (sample,) = map(load_certificate, shown)
    assert sample.tbs_certificate_bytes == plan.tbs
    with pytest.raises(InvalidSignature):
        sample.verify_directly_issued_by(load_certificate(root.certificate))


@pytest.mark.parametrize("key_type", ["P-384", "RSA-2048", "Ed25519"])
async def test_f07_the_same_plan_gives_the_same_bytes(
    key_type: str, template: Template, make_request: MakeRequest
) -> None:
    root = create_root("Root", key_type, AT)
    authority = EmbeddedAuthority("Corp", root.certificate, root.private_key, [], _Silent())
    plan = await authority.plan(make_request(), template, AT)
    stored = msgspec.json.decode(msgspec.json.encode(plan), type=IssuePlan)
    assert stored == plan
    restarted = EmbeddedAuthority("Corp", root.certificate, root.private_key, [], _Silent())
    first, *others = await asyncio.gather(*(each.issue(stored) for each in (authority, authority, restarted)))
    assert others == [first, first]


async def test_revocation_needs_a_serial_and_a_reason(authority: EmbeddedAuthority) -> None:
    await authority.revoke("01AB", 4, AT)
    with pytest.raises(SerialUnreadable):
        await authority.revoke("nonsense", 4, AT)
    with pytest.raises(ReasonNotAllowed):
        await authority.revoke("01AB", 999, AT)


def test_the_chain_goes_from_the_issuing_authority_to_the_root(
    authority: EmbeddedAuthority, root: AuthorityMaterial, issuing: AuthorityMaterial
) -> None:
    assert authority.chain() == (issuing.certificate, root.certificate)


def test_parts_that_do_not_belong_together_are_refused(root: AuthorityMaterial, issuing: AuthorityMaterial) -> None:
    stranger = create_root("Test Root", "P-384", AT)
    for certificate, private_key, chain, why in (
        (issuing.certificate, root.private_key, [root.certificate], "private key"),
        (issuing.certificate, issuing.private_key, [stranger.certificate], "chain"),
        (issuing.certificate, issuing.private_key, [issuing.certificate], "chain"),
    ):
        with pytest.raises(AuthorityMismatched, match=why):
            EmbeddedAuthority("Corp", certificate, private_key, chain, _Silent())


async def test_a_subscriber_cannot_become_an_authority(
    authority: EmbeddedAuthority, template: Template, make_request: MakeRequest, key: ec.EllipticCurvePrivateKey
) -> None:
    leaf = await _issued(authority, make_request(), template)
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(AuthorityMismatched, match="not that of an authority"):
        EmbeddedAuthority("Corp", leaf.public_bytes(Encoding.DER), private, authority.chain(), _Silent())


def test_an_unreadable_private_key_is_not_shown(issuing: AuthorityMaterial) -> None:
    with pytest.raises(SigningKeyNotSupported) as caught:
        EmbeddedAuthority("Corp", issuing.certificate, b"secret octets", [], _Silent())
    assert "secret" not in caught.value.message
    assert caught.value.__cause__ is None
