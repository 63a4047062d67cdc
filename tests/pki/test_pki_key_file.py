import io
import subprocess
import zipfile
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12

from certloom.authorities.embedded.ceremony import create_issuing, create_root
from certloom.clock import system_clock
from certloom.pki.certificate import load_certificate
from certloom.pki.csr import read_csr_der
from certloom.pki.key_choice import choose_key_type
from certloom.pki.key_file import KEY_FILE_FORMATS, KeyFile, certificates_zip, file_name, key_file
from certloom.pki.private_key import MADE_KEY_TYPES, new_key, read_private_key, sign_csr, to_der

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def wanted() -> KeyFile:
    now = system_clock()
    root = create_root("Root", "P-256", now)
    issuing = create_issuing(root, "Issuing", "P-256", now)
    return KeyFile(
        key=read_private_key(issuing.private_key),
        password=PASSWORD,
        certificate=issuing.certificate,
        chain=(root.certificate,),
        friendly_name="my site",
    )


def printed(tmp_path: Path, content: bytes, *arguments: str) -> str:
    path = tmp_path / "file"
    path.write_bytes(content)
    command = ["openssl", "pkcs12", "-in", str(path), "-passin", f"pass:{PASSWORD}", "-passout", "pass:x", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)  # noqa: S603 - our own arguments
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.mark.needs("openssl")
def test_e07_openssl_reads_a_pfx_with_modern_encryption(wanted: KeyFile, tmp_path: Path) -> None:
    told = printed(tmp_path, key_file(wanted, "PFX"), "-info")
    assert "MAC: sha256" in told
    assert told.count("PBES2, PBKDF2, AES-256-CBC") == 2
    assert "friendlyName: my site" in told
    assert told.index("CN = Issuing" if "CN = Issuing" in told else "CN=Issuing") < told.index("Root")


@pytest.mark.needs("openssl")
def test_a_legacy_pfx_is_made_only_when_asked_for(wanted: KeyFile, tmp_path: Path) -> None:
    legacy = KeyFile(
        key=wanted.key,
        password=PASSWORD,
        certificate=wanted.certificate,
        chain=(),
        friendly_name="",
        legacy=True,
    )
    told = printed(tmp_path, key_file(legacy, "PFX"), "-info", "-legacy")
    assert "pbeWithSHA1And3-KeyTripleDES-CBC" in told


@pytest.mark.parametrize("file_format", KEY_FILE_FORMATS)
def test_a_wrong_password_opens_no_file(wanted: KeyFile, file_format: str) -> None:
    content = key_file(wanted, file_format)
    with pytest.raises(ValueError, match=r"(?i)password|decrypt"):
        opened(content, file_format, "wrong horse battery")
    assert opened(content, file_format, PASSWORD) == to_der(wanted.key)


def opened(content: bytes, file_format: str, password: str) -> bytes:
    if file_format in {"PFX", "P12"}:
        key = load_pkcs12(content, password.encode()).key
    elif file_format == "PEM":
        key = load_pem_private_key(content[content.index(b"-----BEGIN ENCRYPTED") :], password.encode())
    else:
        key = load_pem_private_key(zipfile.ZipFile(io.BytesIO(content)).read("certificate.key"), password.encode())
    return to_der(key)  # type: ignore[arg-type]  # one of the kinds that are made here


def test_a_pem_file_holds_the_leaf_first_then_its_issuers_then_the_encrypted_key(wanted: KeyFile) -> None:
    text = key_file(wanted, "PEM").decode()
    assert text.startswith("#CN=Issuing\n-----BEGIN CERTIFICATE-----\n")
    assert [each.subject.rfc4514_string() for each in x509.load_pem_x509_certificates(text.encode())] == [
        "CN=Issuing",
        "CN=Root",
    ]
    assert text.index("#CN=Root") < text.index("-----BEGIN ENCRYPTED PRIVATE KEY-----")


def test_an_archive_names_its_files(wanted: KeyFile) -> None:
    archive = zipfile.ZipFile(io.BytesIO(key_file(wanted, "ZIP")))
    assert archive.namelist() == ["certificate.key", "certificate.crt", "chain-1.crt"]
    assert x509.load_pem_x509_certificate(archive.read("certificate.crt")) == load_certificate(wanted.certificate)
    alone = zipfile.ZipFile(io.BytesIO(certificates_zip([wanted.certificate])))
    assert alone.namelist() == ["certificate.crt"]


def test_b09_what_a_file_is_made_of_does_not_show_itself(wanted: KeyFile) -> None:
    assert PASSWORD not in repr(wanted)
    assert "hidden" in repr(wanted)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("web01.corp.example", "web01.corp.example.pfx"), ("../../etc\r\n", "etc.pfx"), ("", "certificate.pfx")],
)
def test_a_file_name_holds_nothing_that_leads_elsewhere(name: str, expected: str) -> None:
    assert file_name(name, "PFX") == expected


@pytest.mark.parametrize("key_type", [name for name in MADE_KEY_TYPES if name not in {"RSA-3072", "RSA-4096"}])
def test_a_request_signed_with_a_new_key_is_read_like_any_other(key_type: str) -> None:
    key = read_private_key(to_der(new_key(key_type)))
    read = read_csr_der(sign_csr(key, "CN=web01.corp.example,O=Corp", {"ip": ("192.0.2.1",)}))
    assert (read.subject, read.sans) == ("CN=web01.corp.example,O=Corp", {"ip": ("192.0.2.1",)})
    assert read.key.key_type == key_type


def test_a_request_may_have_names_alone() -> None:
    read = read_csr_der(sign_csr(new_key("P-256"), "", {}))
    assert (read.subject, read.sans) == ("", {})


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, "RSA-3072"),
        ({"algorithm": "RSA"}, "RSA-3072"),
        ({"algorithm": "rsa", "size": 4096}, "RSA-4096"),
        ({"algorithm": "ECC"}, "P-384"),
        ({"algorithm": "EC", "size": 256}, "P-256"),
        ({"curve": "1.2.840.10045.3.1.7"}, "P-256"),
        ({"curve": "P-256/prime256v1/secp256r1"}, "P-256"),
        ({"algorithm": "Ed25519"}, "Ed25519"),
        ({"algorithm": "Ed25519", "size": 256}, "Ed25519"),
        ({"algorithm": "RSA", "size": 1024}, None),
        ({"algorithm": "RSA", "size": 2048}, None),
        ({"algorithm": "RSA", "curve": "P-256"}, None),
        ({"algorithm": "DSA"}, None),
        ({"curve": "P-224"}, None),
    ],
)
def test_the_key_type_is_the_first_the_template_allows_that_fits(
    asked: dict[str, object], expected: str | None
) -> None:
    allowed = ("RSA-8192", "RSA-3072", "RSA-4096", "P-384", "P-256", "Ed25519")
    chosen = choose_key_type(allowed, **asked)  # type: ignore[arg-type]  # as the table says
    assert chosen == expected
