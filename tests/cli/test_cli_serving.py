import asyncio
import json
import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from cryptography import x509
from tests.cli.conftest import PASSWORD, PATIENCE, CommandLine, Served, ask, content, served, started
from tests.operations.conftest import furnish, make_csr

from certloom import __version__
from certloom.cli.banner import Banner
from certloom.cli.listening import AddressInUse, _Server, bound_socket
from certloom.cli.sample import SamplePerson
from certloom.cli.stopping import stop_signals

ALICE = ("CORP\\alice", PASSWORD)


@pytest.fixture
def server(folder: Path) -> Iterator[Served]:
    with served(folder) as running:
        yield running


def test_the_banner_is_one_json_line_that_says_where_and_what_is_not_yet_secure(server: Served, folder: Path) -> None:
    banner = server.banner

    assert banner["version"] == __version__
    assert banner["url"].startswith("http://127.0.0.1:")
    assert banner["api"] == f"{banner['url']}/KeyfactorAPI"
    assert (banner["data_folder"], banner["root"], banner["users"]) == (str(folder), None, [])
    assert any("Plain HTTP" in point for point in banner["not_yet_secure"])
    assert httpx.get(f"{banner['url']}/healthz", trust_env=False).json()["version"] == __version__
    assert server.stop() == 0
    assert server.process.stdout is not None
    assert server.process.stdout.read() == ""


def test_every_line_of_the_log_is_in_the_form_that_was_set_and_none_is_on_standard_output(folder: Path) -> None:
    with served(folder, CERTLOOM_LOG_FORMAT="json", CERTLOOM_LOG_LEVEL="debug") as server:
        assert ask(server.url, "GET", "/Security/Roles", ("canary", "canary-password")).status_code == 401
        assert server.stop() == 0
        assert server.process.stdout is not None
        assert server.process.stdout.read() == ""
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]

    assert lines
    assert [line for line in lines if not {"event", "level", "timestamp"} <= line.keys()] == []
    assert "canary-password" not in server.log.read_text()


def test_the_command_line_writes_beside_a_running_server(server: Served, cli: CommandLine) -> None:
    assert ask(server.url, "GET", "/Security/Roles", ALICE).status_code == 401

    assert cli.create_user(ALICE[0], "--role", "Administrators").code == 0

    assert ask(server.url, "GET", "/Security/Roles", ALICE).status_code == 200
    assert cli("user", "passwd", ALICE[0], "--password-file", "-", stdin=b"another long one").code == 0
    assert ask(server.url, "GET", "/Security/Roles", ALICE).status_code == 401
    assert ask(server.url, "GET", "/Security/Roles", (ALICE[0], "another long one")).status_code == 200
    assert cli("audit", "verify").code == 0
    assert server.stop() == 0
    report = cli("audit", "verify", "--json").document
    assert report["fault"] is None
    assert report["checkpoints"] >= 1


def test_a_second_server_on_the_same_folder_is_refused_naming_the_process(server: Served, folder: Path) -> None:
    second = started("serve", "--port", "0", "--data-folder", str(folder))

    assert (second.code, second.out) == (1, "")
    assert f"in use by the server with process id {server.process.pid}" in second.err
    assert httpx.get(f"{server.url}/healthz", trust_env=False).status_code == 200


def test_a_server_whose_port_is_taken_ends_and_leaves_no_folder(tmp_path: Path) -> None:
    with bound_socket("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        result = started("serve", "--port", str(port), "--data-folder", str(tmp_path / "data"))

    assert (result.code, result.out) == (1, "")
    assert f"127.0.0.1 port {port}" in result.err
    assert "choose --port" in result.err
    assert not (tmp_path / "data").exists()


def test_a_port_is_taken_from_the_moment_it_is_bound() -> None:
    with bound_socket("127.0.0.1", 0) as first, pytest.raises(AddressInUse):
        bound_socket("127.0.0.1", first.getsockname()[1])


@pytest.mark.parametrize("key", [None, "5a" * 32 + "\n", "no key at all\n"], ids=["missing", "wrong", "damaged"])
def test_a_missing_or_wrong_key_file_is_explained_and_changes_nothing(folder: Path, key: str | None) -> None:
    file = folder / "certloom.key"
    file.unlink()
    if key is not None:
        file.write_text(key)
        file.chmod(0o600)
    before = content(folder)

    result = started("serve", "--port", "0", "--data-folder", str(folder))

    assert (result.code, result.out) == (1, "")
    assert "key file" in result.err
    assert "Traceback" not in result.err
    assert content(folder) == before
    assert (file.read_text() if file.exists() else None) == key


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "0", "192.0.2.1"])  # noqa: S104 - refused
def test_a_server_beyond_this_machine_without_tls_is_refused(tmp_path: Path, host: str) -> None:
    result = started("serve", "--host", host, "--port", "0", "--data-folder", str(tmp_path / "data"))

    assert (result.code, result.out) == (1, "")
    assert "host" in result.err or "--tls auto" in result.err
    assert "Traceback" not in result.err
    assert not (tmp_path / "data").exists()


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("furnished-cli") / "data"
    asyncio.run(furnish(folder))
    return folder


def test_suspended_instances_are_still_there_at_the_next_start(furnished: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(furnished, tmp_path / "data"))
    order = {"CSR": make_csr(), "Template": "WebServer", "CertificateAuthority": "", "IncludeChain": False}
    with served(folder) as first:
        asked = ask(first.url, "POST", "/Enrollment/CSR", ALICE, order).json()["CertificateInformation"]
        path = f"/Workflow/Instances/{asked['WorkflowInstanceId']}"
        before = ask(first.url, "GET", path, ALICE).json()
        assert first.stop() == 0
    with served(folder) as second:
        bob = ("CORP\\bob", PASSWORD)
        assert ask(second.url, "GET", path, ALICE).json() == before
        vote = {"SignalKey": "RequireApproval1.ApprovalStatus", "Data": {"Approved": "True"}}
        assert ask(second.url, "POST", f"{path}/Signals", bob, vote).status_code == 204
        assert ask(second.url, "GET", path, bob).json()["Status"] == "Complete"

    assert (asked["RequestDisposition"], before["Status"]) == ("PENDING", "Suspended")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_with_0_and_lets_the_folder_go(folder: Path, number: signal.Signals) -> None:
    with served(folder) as server:
        server.process.send_signal(number)

        assert server.process.wait(PATIENCE) == 0
        assert "Traceback" not in server.log.read_text()
    with served(folder) as again:
        assert again.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_the_process_at_once(folder: Path, number: signal.Signals) -> None:
    with served(folder) as server:
        address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
        with socket.create_connection(address, PATIENCE) as slow:
            slow.sendall(
                b"POST /Certloom/FirstAdministrator HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
                b"Content-Length: 9\r\n\r\n"
            )
            assert slow.recv(100).startswith(b"HTTP/1.1 100"), "the request is not under way"
            server.process.send_signal(number)
            while accepts(address):
                time.sleep(0.02)
            assert server.process.poll() is None, "the first signal did not wait for the request"
            server.process.send_signal(number)

            assert server.process.wait(PATIENCE) == -number


def accepts(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, PATIENCE).close()
    except ConnectionError:
        return False
    return True


async def test_the_http_server_leaves_signals_to_the_command() -> None:
    server = _Server(uvicorn.Config(lambda: None, lifespan="off", log_config=None))
    with stop_signals() as told:
        before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
        with server.capture_signals():
            inside = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.wait_for(told.wait(), PATIENCE)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    assert inside == before
    assert not server.should_exit


def test_the_sample_data_come_with_users_who_can_sign_in(tmp_path: Path) -> None:
    with served(tmp_path / "data", "--demo") as server:
        users = server.banner["users"]
        login = (users[1]["name"], users[1]["password"])

        assert [user["name"] for user in users] == ["CORP\\admin", "CORP\\alice", "CORP\\bob", "CORP\\carol"]
        assert server.banner["first_administrator"] is None
        assert ask(server.url, "GET", "/Workflow/Instances/My", login).json() == []
        assert any("Sample users" in point for point in server.banner["not_yet_secure"])
        assert not [user for user in users if user["password"] in server.log.read_text()]
        order = {"CSR": make_csr("ci.test.example"), "Template": "TestServer"}
        issued = ask(server.url, "POST", "/Enrollment/CSR", login, order).json()["CertificateInformation"]
        (certificate, *_) = map(x509.load_pem_x509_certificate, map(str.encode, issued["Certificates"]))
        (point,) = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
        (name,) = point.full_name or []
        fetched = httpx.get(name.value, trust_env=False)
        assert x509.load_der_x509_crl(fetched.content).issuer == certificate.issuer


def test_the_banner_for_people_holds_what_the_json_holds_and_its_repr_no_secret() -> None:
    banner = Banner(
        version="1.2.3",
        url="https://127.0.0.1:8443",
        api="https://127.0.0.1:8443/KeyfactorAPI",
        docs="https://127.0.0.1:8443/docs",
        data_folder="/var/lib/certloom",
        key_file="certloom.key",
        key_fingerprint="0123456789abcdef",
        root="/var/lib/certloom/tls/root.pem",
        users=(SamplePerson("CORP\\alice", "canary-password", "asks"),),
        first_administrator="https://127.0.0.1:8443/Certloom/FirstAdministrator?token=canary-token",
        not_yet_secure=("canary point",),
    )
    text = banner.as_text()

    values = [value for value in json.loads(banner.as_json()).values() if isinstance(value, str)]
    assert [value for value in (*values, "canary-password", "canary point") if value not in text] == []
    assert "canary" not in repr(banner) + repr(banner.users)
