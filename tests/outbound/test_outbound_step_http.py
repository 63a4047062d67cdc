import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trustme
from pytest_httpserver import HTTPServer
from tests.outbound.conftest import PUBLIC, InventedNetwork, server_context
from werkzeug import Request, Response

from certloom.outbound.guard import AddressRefused, read_allowed
from certloom.outbound.network import SystemNetwork
from certloom.outbound.step_http import AnswerUnusable, HeaderRefused, StepHttp
from certloom.workflow.outgoing import HttpRequest, NotDone, PerhapsDone

ADDRESS = "https://api.example/things?x=1"


def get(url: str = ADDRESS, **fields: object) -> HttpRequest:
    return HttpRequest(**{"method": "GET", "url": url, **fields})  # type: ignore[arg-type]  # fields of the test


async def test_a_request_arrives_as_it_was_made_and_its_answer_comes_back(web: HTTPServer, http: StepHttp) -> None:
    seen: list[Request] = []

    def answer(request: Request) -> Response:
        seen.append(request)
        assert request.get_data() == b'{"a": 1}'
        return Response(b"made", 201, {"X-Made": "yes"})

    web.expect_request("/things").respond_with_handler(answer)
    headers = (("Content-Type", "application/json"), ("X-Two", "a"), ("X-Two", "b"))
    answered = await http.send(HttpRequest(method="POST", url=ADDRESS, headers=headers, body=b'{"a": 1}'))
    assert (answered.status, answered.headers["x-made"], answered.body) == (201, "yes", b"made")
    (request,) = seen
    assert (request.method, request.host, request.args["x"]) == ("POST", "api.example", "1")
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["X-Two"] == "a,b"


async def test_c02_a_name_is_looked_up_once_and_the_checked_address_is_the_one_reached(
    web: HTTPServer, network: InventedNetwork, http: StepHttp
) -> None:
    web.expect_request("/things").respond_with_data("ok")
    answers = iter([(PUBLIC,), ("127.0.0.1",)])

    async def rebinding(host: str) -> tuple[str, ...]:
        network.looked_up.append(host)
        return next(answers)

    network.addresses = rebinding  # type: ignore[method-assign]  # a server that changes its answer
    assert (await http.send(get())).status == 200
    assert (network.looked_up, network.connected) == (["api.example"], [PUBLIC])
    with pytest.raises(AddressRefused):
        await http.send(get())
    assert network.connected == [PUBLIC]


async def test_c01_without_the_test_network_a_local_server_is_out_of_reach(
    web: HTTPServer, trust: ssl.SSLContext
) -> None:
    http = StepHttp(SystemNetwork(), read_allowed(()), trust)
    for host in ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"):
        with pytest.raises(AddressRefused):
            await http.send(get(f"https://{host}:8443/"))
    opened = StepHttp(SystemNetwork(), read_allowed([f"localhost:{web.port}"]), trust)
    with pytest.raises(NotDone, match="certificate"):
        await opened.send(get(f"https://localhost:{web.port}/"))


async def test_the_next_address_is_tried_where_one_does_not_answer(
    web: HTTPServer, network: InventedNetwork, http: StepHttp
) -> None:
    web.expect_request("/things").respond_with_data("ok")
    network.names["api.example"] = ("93.184.215.99", PUBLIC)
    assert (await http.send(get())).body == b"ok"
    assert network.connected == ["93.184.215.99", PUBLIC]


async def test_c03_a_redirect_is_an_answer_and_is_not_followed(
    web: HTTPServer, network: InventedNetwork, http: StepHttp
) -> None:
    web.expect_request("/things").respond_with_data("", 302, {"Location": "http://169.254.169.254/latest/meta-data"})
    answer = await http.send(get())
    assert (answer.status, len(network.connected)) == (302, 1)


async def test_c04_proxies_of_the_environment_are_not_used(
    web: HTTPServer, http: StepHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    web.expect_request("/things").respond_with_data("direct")
    assert (await http.send(get())).body == b"direct"


async def test_c05_a_certificate_of_an_unknown_authority_is_refused(network: InventedNetwork) -> None:
    http = StepHttp(network, read_allowed(()), ssl.create_default_context())
    with pytest.raises(NotDone, match="certificate"):
        await http.send(get())


async def test_c05_a_certificate_for_another_name_is_refused(network: InventedNetwork, http: StepHttp) -> None:
    network.names["other.example"] = (PUBLIC,)
    with pytest.raises(NotDone, match=r"(?i)host ?name|not valid"):
        await http.send(get("https://other.example/"))


async def test_c05_a_server_without_tls_is_no_way_around_it(network: InventedNetwork, http: StepHttp) -> None:
    async with raw_server(network, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"):
        with pytest.raises(NotDone):
            await http.send(get())


async def test_a_name_without_an_address_was_not_reached(http: StepHttp) -> None:
    with pytest.raises(NotDone, match="no address"):
        await http.send(get("https://nowhere.example/"))


async def test_nobody_listening_means_that_nothing_was_done(network: InventedNetwork, http: StepHttp) -> None:
    network.servers.clear()
    with pytest.raises(NotDone, match="could not be reached"):
        await http.send(get())


@asynccontextmanager
async def raw_server(
    network: InventedNetwork, answer: bytes, context: ssl.SSLContext | None = None, *, endless: bytes = b""
) -> AsyncIterator[list[bytes]]:
    """A server that answers bytes, and then more of them until nobody reads, or keeps silent."""
    received: list[bytes] = []
    tasks: list[asyncio.Task[None] | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.current_task())
        try:
            received.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(answer)
            await writer.drain()
            while endless:
                writer.write(endless)
                await writer.drain()
            if b"Content-Length: 9" in answer:
                await asyncio.sleep(3600)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    network.servers[PUBLIC] = server.sockets[0].getsockname()[1]
    try:
        yield received
    finally:
        server.close()
        for task in filter(None, tasks):
            task.cancel()
        await asyncio.gather(*filter(None, tasks), return_exceptions=True)


@pytest.fixture
def secured(trusted: trustme.CA) -> ssl.SSLContext:
    return server_context(trusted, "api.example")


async def test_c05_a_body_without_an_end_is_cut_off(
    network: InventedNetwork, http: StepHttp, secured: ssl.SSLContext
) -> None:
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    async with raw_server(network, head, secured, endless=b"x" * 65536):
        with pytest.raises(AnswerUnusable, match="more than"):
            await http.send(get())


async def test_c05_a_head_without_an_end_is_cut_off(
    network: InventedNetwork, http: StepHttp, secured: ssl.SSLContext
) -> None:
    async with raw_server(network, b"HTTP/1.1 200 OK\r\n", secured, endless=b"X-More: " + b"x" * 8000 + b"\r\n"):
        with pytest.raises(PerhapsDone):
            await http.send(get())


async def test_c05_a_compressed_answer_is_not_unpacked(
    network: InventedNetwork, http: StepHttp, secured: ssl.SSLContext
) -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " + str(len(bomb)).encode() + b"\r\n\r\n"
    async with raw_server(network, head + bomb, secured) as received:
        with pytest.raises(AnswerUnusable, match="compressed"):
            await http.send(get())
    assert b"Accept-Encoding: identity" in received[0]


async def test_c05_a_server_that_falls_silent_is_left_after_a_time(
    network: InventedNetwork, trust: ssl.SSLContext, secured: ssl.SSLContext
) -> None:
    http = StepHttp(network, read_allowed(()), trust, seconds=0.5)
    async with raw_server(network, b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nslow", secured):
        with pytest.raises(PerhapsDone):
            await http.send(get())


async def test_c05_a_name_server_that_is_silent_is_left_after_a_time(
    network: InventedNetwork, trust: ssl.SSLContext
) -> None:
    async def silent(_host: str) -> tuple[str, ...]:
        await asyncio.sleep(3600)
        return ()

    network.addresses = silent  # type: ignore[method-assign, assignment]  # the name server of the test
    with pytest.raises(NotDone):
        await StepHttp(network, read_allowed(()), trust, seconds=0.1).send(get())


async def test_a_connection_lost_before_the_answer_leaves_it_unknown_what_was_done(
    network: InventedNetwork, http: StepHttp, secured: ssl.SSLContext
) -> None:
    async with raw_server(network, b"", secured):
        with pytest.raises(PerhapsDone):
            await http.send(get())


async def test_d01_no_header_value_starts_another_header(http: StepHttp) -> None:
    for value in ("a\r\nX-Injected: b", "a\nb", "a\rb", "a\0b"):
        with pytest.raises(HeaderRefused, match="line break"):
            await http.send(get(headers=(("X-Value", value),)))


@pytest.mark.parametrize(
    "name", ["Host", "content-length", "Transfer-Encoding", "Connection", "proxy-x", "a b", "", "a:b"]
)
async def test_a_header_that_frames_the_request_is_not_the_steps_to_set(http: StepHttp, name: str) -> None:
    with pytest.raises(HeaderRefused, match="cannot be set"):
        await http.send(get(headers=((name, "x"),)))


async def test_an_address_that_was_opened_may_be_inside_and_without_tls(
    network: InventedNetwork, trust: ssl.SSLContext
) -> None:
    with HTTPServer(host="127.0.0.1") as plain:
        plain.expect_request("/x").respond_with_data("inside")
        network.names["inside.example"], network.servers["10.0.0.8"] = ("10.0.0.8",), plain.port
        with pytest.raises(AddressRefused):
            await StepHttp(network, read_allowed(()), trust).send(get("http://inside.example/x"))
        opened = StepHttp(network, read_allowed(["10.0.0.0/8"]), trust)
        assert (await opened.send(get("http://inside.example/x"))).body == b"inside"
