"""Listening: the HTTP server in the event loop of the engine."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import uvicorn
from typing_extensions import override

from certloom.api.application import application
from certloom.app import Certloom
from certloom.cli.request_limits import LimitedHttp
from certloom.errors import Invalid, Unavailable

_BACKLOG = 2048

__all__ = ["Address", "AddressInUse", "TlsFiles", "TlsFilesUnusable", "bound_socket", "listening"]


class AddressInUse(Unavailable):
    """Another program listens where the server should."""


class TlsFilesUnusable(Invalid):
    """Certificate and key cannot be served with."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Certificate chain and key in PEM files."""

    certificate: str
    key: str


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server can be reached."""

    scheme: str
    host: str
    port: int

    @property
    def url(self) -> str:
        """The address as people type it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def bound_socket(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises AddressInUse."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        # Until somebody listens, a second program could bind the same port.
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        raise AddressInUse(
            f"The server cannot listen on {host} port {port} ({error.strerror}). Stop what uses it, or choose --port."
        ) from error
    return bound


@asynccontextmanager
async def listening(certloom: Certloom, bound: socket.socket, tls: TlsFiles | None) -> AsyncIterator[uvicorn.Server]:
    """Answer requests until the end of the block. The server stops taking new ones first, then finishes.

    Raises TlsFilesUnusable.
    """
    if tls:
        _check_tls(tls)
    server = _Server(
        uvicorn.Config(
            application(certloom.services, certloom.authenticator),
            http=LimitedHttp,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            # Whoever is in front could write anything into them, and pose as this machine or as HTTPS.
            proxy_headers=False,
            ssl_certfile=tls.certificate if tls else None,
            ssl_keyfile=tls.key if tls else None,
            timeout_graceful_shutdown=10,
        )
    )
    task = asyncio.create_task(server.serve(sockets=[bound]), name="http")
    try:
        while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn has no event to wait for
            await asyncio.sleep(0.005)
        if task.done():
            await task
        yield server
    finally:
        server.should_exit = True
        await task


def _check_tls(tls: TlsFiles) -> None:
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
            tls.certificate, tls.key, password=_ask_nobody
        )
    except OSError as error:  # which SSLError is, too
        raise TlsFilesUnusable(
            f"{tls.certificate} and {tls.key} cannot be served with ({error}). Both must be readable PEM, the "
            "certificate first and then its chain, and the key must be the certificate's and not encrypted."
        ) from error


def _ask_nobody() -> str:
    """No password: without this an encrypted key would be asked for on the terminal."""
    return ""


class _Server(uvicorn.Server):
    """Leaves signals to the command that runs it."""

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none: the command decides what a signal means."""
        yield
