import shutil
import sqlite3
import ssl
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from tests.cli.conftest import PATIENCE, CommandLine, served, started


def trusting(root: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=root)


def status(url: str, root: str) -> int:
    return httpx.get(f"{url}/healthz", verify=trusting(root), timeout=PATIENCE, trust_env=False).status_code


@pytest.fixture(scope="module")
def issued(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose server has its own certificate."""
    folder = Path(shutil.copytree(installed, tmp_path_factory.mktemp("tls") / "data"))
    with served(folder, "--tls", "auto") as server:
        assert server.banner["root"] == str(folder / "tls" / "root.pem")
        for name in ("localhost", "127.0.0.1"):
            assert status(server.url.replace("127.0.0.1", name), server.banner["root"]) == 200
        assert not [point for point in server.banner["not_yet_secure"] if "HTTP" in point]
        assert server.stop() == 0
    return folder


@pytest.fixture
def folder(issued: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(issued, tmp_path / "data"))


def test_the_servers_own_certificate_went_through_a_workflow(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "certloom.db")) as connection:
        rows = connection.execute("SELECT title, initiator, status FROM instance").fetchall()

    ((title, initiator, _),) = rows
    assert title == "system:tls is enrolling for a certificate with CN=localhost."
    assert initiator == "system:tls"


def test_the_servers_key_is_for_its_owner_only(folder: Path) -> None:
    assert {file.name: file.stat().st_mode & 0o777 for file in (folder / "tls").iterdir()} == dict.fromkeys(
        ("server.pem", "server.key", "root.pem"), 0o600
    )
    assert (folder / "tls").stat().st_mode & 0o077 == 0


def test_a_restart_serves_with_the_same_certificate(folder: Path) -> None:
    before = (folder / "tls" / "server.pem").read_bytes()
    with served(folder, "--tls", "auto") as server:
        assert status(server.url, server.banner["root"]) == 200

    assert (folder / "tls" / "server.pem").read_bytes() == before


@pytest.mark.parametrize("lost", ["server.key", "root.pem", "server.pem"])
def test_a_lost_file_is_healed_by_a_new_certificate(folder: Path, lost: str) -> None:
    before = (folder / "tls" / "server.key").read_bytes()
    (folder / "tls" / lost).unlink()

    with served(folder, "--tls", "auto") as server:
        assert status(server.url, server.banner["root"]) == 200
    assert (folder / "tls" / "server.key").read_bytes() != before


def test_a_new_name_is_a_new_certificate(folder: Path) -> None:
    with served(folder, "--tls", "auto", CERTLOOM_PUBLIC_URL="https://certloom.corp.example:8443") as server:
        leaf = x509.load_pem_x509_certificates((folder / "tls" / "server.pem").read_bytes())[0]
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value

        assert "certloom.corp.example" in names.get_values_for_type(x509.DNSName)
        assert status(server.url, server.banner["root"]) == 200


def test_nobody_else_is_trusted_by_the_printed_root(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    with served(other, "--tls", "auto") as server, pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        status(server.url, str(folder / "tls" / "root.pem"))


def test_certificate_and_key_of_ones_own_are_served_with(folder: Path) -> None:
    cert, key = folder / "tls" / "server.pem", folder / "tls" / "server.key"
    with served(folder, "--tls-cert", str(cert), "--tls-key", str(key)) as server:
        assert server.url.startswith("https://")
        assert server.banner["root"] is None
        assert status(server.url, str(folder / "tls" / "root.pem")) == 200


@pytest.mark.parametrize("fault", ["absent", "no PEM", "another key", "encrypted key"])
def test_tls_files_that_cannot_be_served_with_are_explained(folder: Path, tmp_path: Path, fault: str) -> None:
    key, secret = tmp_path / "key.pem", ec.generate_private_key(ec.SECP256R1())
    if fault == "no PEM":
        key.write_text("no PEM")
    elif fault != "absent":
        how = BestAvailableEncryption(b"canary") if fault == "encrypted key" else NoEncryption()
        key.write_bytes(secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how))

    arguments = ("--tls-cert", str(folder / "tls" / "server.pem"), "--tls-key", str(key))
    result = started("serve", "--port", "0", "--data-folder", str(folder), *arguments)

    assert (result.code, result.out) == (1, "")
    assert f"{key} cannot be served with" in result.err
    assert "Traceback" not in result.err


def test_one_half_of_a_pair_is_refused(cli: CommandLine) -> None:
    result = started("serve", "--tls-cert", "server.pem", "--data-folder", str(cli.folder))

    assert (result.code, result.out) == (1, "")
    assert "Set the other one too" in result.err
