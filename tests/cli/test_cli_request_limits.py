import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.cli.conftest import Served, served

START = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = (
    b"POST /Certloom/FirstAdministrator HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\na=\r\n"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("limits") / "data") as running:
        yield running


def taken(server: Served, start: bytes, endless: bytes) -> int:
    """How many octets of ``endless``, sent again and again, the server takes before it hangs up; at most 16 MiB."""
    sent = 0
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=10) as connection:
        try:
            connection.sendall(start)
            while sent < 2**24:
                connection.sendall(endless)
                sent += len(endless)
        except ConnectionError:
            pass
    return sent


@pytest.mark.parametrize(
    ("start", "endless"),
    [
        (START + b"X-Long: ", b"a" * 16_384),
        (START, b"X-Many: a\r\n" * 1_000),
        (b"GET /", b"a" * 16_384),
        (CHUNKED + b"0\r\n", b"X-Trailer: a\r\n" * 1_000),
        (CHUNKED + b"0\r\nX-Trailer: ", b"a" * 16_384),
    ],
    ids=["one header", "many headers", "the path", "trailers", "one trailer"],
)
def test_what_never_ends_is_hung_up_on_before_it_is_much(server: Served, start: bytes, endless: bytes) -> None:
    assert taken(server, start, endless) < 2**24
    assert httpx.get(f"{server.url}/healthz").status_code == 200


def test_long_bodies_and_ordinary_headers_pass(server: Served) -> None:
    body = b"token=x&user=admin&password=" + b"a" * 900_000
    headers = {"X-Ordinary": "a" * 20_000}
    for content in (body, iter([body[:400_000], body[400_000:]])):
        answer = httpx.post(f"{server.url}/Certloom/FirstAdministrator", content=content, headers=headers)
        assert (answer.status_code, "one-time link" in answer.text) == (400, True)


def test_the_linting_process_is_not_told_the_servers_settings(tmp_path: Path) -> None:
    secret = "a password for the first start"
    with served(tmp_path / "data", CERTLOOM_BOOTSTRAP_ADMIN_PASSWORD=secret) as running:
        children = Path(f"/proc/{running.process.pid}/task/{running.process.pid}/children").read_text().split()
        assert children
        for child in children:
            assert secret.encode() not in Path(f"/proc/{child}/environ").read_bytes()
