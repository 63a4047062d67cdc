"""Against a real server on a loopback port, where the bytes are the server's and not the framework's."""

import base64
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.api.conftest import PASSWORD
from tests.api.live import served

ADMIN = ("CORP\\admin", PASSWORD)
AUTHORIZATION = b"Authorization: Basic " + base64.b64encode(":".join(ADMIN).encode())


@pytest.fixture(scope="module")
def port(furnished_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with served(furnished_site, tmp_path_factory.mktemp("live")) as opened:
        yield opened


def sent(port: int, request: bytes) -> tuple[list[bytes], bytes]:
    """Lines of the head of the answer, and the rest, to a request sent as it stands."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    return head.split(b"\r\n"), body


def asked(port: int, line: bytes, *headers: bytes, body: bytes = b"") -> tuple[list[bytes], bytes]:
    fixed = (b"Host: localhost", b"Connection: close", AUTHORIZATION, b"Content-Length: %d" % len(body))
    return sent(port, b"\r\n".join([line + b" HTTP/1.1", *fixed, *headers, b"", body]))


def test_the_bytes_of_a_list(port: int) -> None:
    head, body = asked(port, b"GET /KeyfactorAPI/Workflow/Instances/My")
    assert head[0] == b"HTTP/1.1 200 OK"
    assert b"content-type: application/json; charset=utf-8" in head
    assert b"x-total-count: 0" in head
    assert b"content-length: 2" in head
    assert body == b"[]"


def test_a_get_with_the_body_null_is_read_as_one_without(port: int) -> None:
    head, body = asked(
        port, b"GET //keyfactorapi//workflow/instances/my/", b"Content-Type: application/json", body=b"null"
    )
    assert (head[0], body) == (b"HTTP/1.1 200 OK", b"[]")


def test_b02_an_encoded_slash_arrives_as_it_was_sent(port: int) -> None:
    head, body = asked(port, b"GET /KeyfactorAPI/Workflow%2FInstances")
    assert head[0] == b"HTTP/1.1 404 Not Found"
    assert json.loads(body)["ErrorCode"] == "0xA0110002"


def test_b02_dot_segments_that_a_client_did_not_remove_lead_nowhere(port: int) -> None:
    for path in (
        b"/docs/../KeyfactorAPI/Status/Endpoints",
        b"/KeyfactorAPI/Status/..;/Templates",
        b"/docs/%2e%2e/readyz",
    ):
        head, _ = asked(port, b"GET " + path)
        assert head[0] == b"HTTP/1.1 404 Not Found", path


def test_a_body_in_chunks_beyond_the_limit_is_cut_off(port: int) -> None:
    chunk = b"%x\r\n" % 100_000 + b'"' + b"a" * 99_999 + b"\r\n"
    head, body = sent(
        port,
        b"POST /KeyfactorAPI/Enrollment/CSR HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        + AUTHORIZATION
        + b"\r\nTransfer-Encoding: chunked\r\n\r\n"
        + chunk * 10
        + b"1\r\na\r\n",
    )
    assert head[0] == b"HTTP/1.1 413 Request Entity Too Large"
    assert b"max_body_bytes" in body
