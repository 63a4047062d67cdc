import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpcore2
import pytest
import trustme
from pytest_httpserver import HTTPServer

from certloom.outbound.guard import read_allowed
from certloom.outbound.network import SystemNetwork
from certloom.outbound.step_http import StepHttp

PUBLIC = "93.184.215.14"


@dataclass
class InventedNetwork:
    """Invented public names and addresses. The guard judges those; connections lead to servers of the test."""

    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    servers: dict[str, int] = field(default_factory=dict)
    looked_up: list[str] = field(default_factory=list)
    connected: list[str] = field(default_factory=list)

    async def addresses(self, host: str) -> tuple[str, ...]:
        self.looked_up.append(host)
        if host not in self.names:
            raise OSError("no such name")
        return self.names[host]

    async def connect(self, address: str, _port: int, seconds: float | None) -> httpcore2.AsyncNetworkStream:
        self.connected.append(address)
        if address not in self.servers:
            raise httpcore2.ConnectError("nobody listens")
        return await SystemNetwork().connect("127.0.0.1", self.servers[address], seconds)


@pytest.fixture(scope="session")
def trusted() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trust(trusted: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    trusted.configure_trust(context)
    return context


def server_context(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


@pytest.fixture
def web(trusted: trustme.CA) -> Iterator[HTTPServer]:
    """A web server over TLS that is api.example."""
    with HTTPServer(host="127.0.0.1", ssl_context=server_context(trusted, "api.example")) as server:
        yield server


@pytest.fixture
def network(web: HTTPServer) -> InventedNetwork:
    return InventedNetwork({"api.example": (PUBLIC,)}, {PUBLIC: web.port})


@pytest.fixture
def http(network: InventedNetwork, trust: ssl.SSLContext) -> StepHttp:
    return StepHttp(network, read_allowed(()), trust)
