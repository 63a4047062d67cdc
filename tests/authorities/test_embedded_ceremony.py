import datetime as dt
from collections.abc import Callable

import pytest
from cryptography import x509

from certloom.authorities.embedded.ceremony import AuthorityKeyTypeUnknown, create_issuing, create_root
from certloom.authorities.embedded.lint import Linter
from certloom.pki.certificate import describe, load_certificate
from certloom.pki.subject import SubjectUnreadable
from certloom.pki.validity import IssuerNotValid

AT = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize("key_type", ["P-384", "P-256", "P-521", "RSA-2048", "Ed25519"])
async def test_f05_authorities_pass_the_linter_and_openssl(
    key_type: str, linter: Linter, openssl_verify: Callable[[bytes, tuple[bytes, ...]], None]
) -> None:
    root = create_root("Test Root", key_type, AT)
    issuing = create_issuing(root, "Test Issuing", key_type, AT)
    assert await linter.findings(root.certificate) == ()
    assert await linter.findings(issuing.certificate) == ()
    openssl_verify(issuing.certificate, (root.certificate,))


def test_f09_a_root_allows_one_authority_below_it_and_an_issuing_one_none() -> None:
    root = create_root("Test Root", "P-256", AT)
    issuing = create_issuing(root, "Test Issuing", "P-384", AT)
    facts, below = describe(root.certificate), describe(issuing.certificate)
    assert (facts.is_ca, facts.path_length, facts.issued_dn, facts.issuer_dn) == (
        True,
        1,
        "CN=Test Root",
        "CN=Test Root",
    )
    assert (below.is_ca, below.path_length, below.issuer_dn, below.curve) == (True, 0, "CN=Test Root", "P-384")
    assert facts.key_usage == below.key_usage == 6
    assert facts.not_after == dt.datetime(2046, 11, 23, 11, 59, 59, tzinfo=dt.UTC)
    assert below.not_after == dt.datetime(2036, 11, 23, 11, 59, 59, tzinfo=dt.UTC) - dt.timedelta(days=1)


def test_the_issuers_name_and_key_identifier_are_copied_byte_by_byte() -> None:
    root = load_certificate((material := create_root('Root "é", Inc.', "P-256", AT)).certificate)
    issuing = load_certificate(create_issuing(material, "Issuing", "P-256", AT).certificate)
    assert issuing.issuer.public_bytes() == root.subject.public_bytes()
    subject_id = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    assert issuing.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier == subject_id
    assert len(subject_id) == 20


def test_an_issuing_authority_ends_with_its_root() -> None:
    root = create_root("Root", "P-256", AT)
    late = create_issuing(root, "Issuing", "P-256", AT + dt.timedelta(days=19 * 365))
    assert describe(late.certificate).not_after == describe(root.certificate).not_after
    with pytest.raises(IssuerNotValid):
        create_issuing(root, "Issuing", "P-256", AT + dt.timedelta(days=21 * 365))


def test_the_private_key_is_not_shown() -> None:
    material = create_root("Root", "P-256", AT)
    assert repr(material) == "AuthorityMaterial(name='Root', private_key=<hidden>)"
    assert str(material) == repr(material)


def test_unknown_key_types_and_unprintable_names_are_refused() -> None:
    with pytest.raises(AuthorityKeyTypeUnknown, match="P-384"):
        create_root("Root", "RSA-1024", AT)
    with pytest.raises(SubjectUnreadable):
        create_root("Root\n", "P-256", AT)
