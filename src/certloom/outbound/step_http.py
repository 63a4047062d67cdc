"""HTTP for steps: the purpose ``step``, behind the strict address guard (checks C01 to C06).

Redirects are not followed, proxies of the environment are not used, compressed answers are not unpacked, and every
request has its own connection: what was checked is what is reached, and time and memory are bounded.
"""

import asyncio
import re
import ssl
from collections.abc import Iterable, Iterator

import httpcore2

from certloom.errors import Invalid
from certloom.outbound.guard import Allowed, Target, target_of
from certloom.outbound.network import GuardedBackend, Network
from certloom.workflow.outgoing import Answer, HttpRequest, NotDone, PerhapsDone

__all__ = ["AnswerUnusable", "HeaderRefused", "StepHttp"]

_LARGEST_ANSWER = 1_000_000
_CONNECT_SECONDS, _IDLE_SECONDS = 10.0, 60.0
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FORBIDDEN_IN_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_OWN = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade", "expect"}
)


class HeaderRefused(Invalid):
    """A header that would change how the request is framed, or that is none."""


class AnswerUnusable(Invalid):
    """The server did answer, but with something that cannot be taken."""


class StepHttp:
    """Sends what steps ask for. ``seconds`` bounds one request from the name lookup to the last byte."""

    def __init__(self, network: Network, allowed: Allowed, trust: ssl.SSLContext, seconds: float = 600.0) -> None:
        self._network = network
        self._allowed = allowed
        self._trust = trust
        self._seconds = seconds

    async def send(self, request: HttpRequest) -> Answer:
        """Send one request; see `Http`. Raises also HeaderRefused."""
        target = target_of(request.url, self._allowed)
        headers = tuple(_headers(target, request))
        backend = GuardedBackend(self._network, target, self._allowed)
        try:
            async with asyncio.timeout(self._seconds), self._pool(backend) as pool:
                return await _exchange(pool, target, request, headers)
        except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
            raise NotDone(f"{target.authority} could not be reached: {_why(error)}.") from error
        except (TimeoutError, httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException) as error:
            kind = PerhapsDone if backend.connected else NotDone
            raise kind(f"{target.authority} gave no usable answer: {_why(error)}.") from error

    def _pool(self, backend: GuardedBackend) -> httpcore2.AsyncConnectionPool:
        return httpcore2.AsyncConnectionPool(ssl_context=self._trust, network_backend=backend, max_connections=1)


async def _exchange(
    pool: httpcore2.AsyncConnectionPool, target: Target, request: HttpRequest, headers: tuple[tuple[bytes, bytes], ...]
) -> Answer:
    url = httpcore2.URL(
        scheme=target.scheme.encode(), host=target.host.encode(), port=target.port, target=target.path.encode()
    )
    limits = {"connect": _CONNECT_SECONDS, "read": _IDLE_SECONDS, "write": _IDLE_SECONDS, "pool": _CONNECT_SECONDS}
    async with pool.stream(
        request.method, url, headers=headers, content=request.body or None, extensions={"timeout": limits}
    ) as response:
        found = _by_name(response.headers)
        if found.get("content-encoding", "identity").casefold() != "identity":
            raise AnswerUnusable(f"{target.authority} sent a compressed answer, which was not asked for.")
        return Answer(response.status, found, await _limited(target, response))


async def _limited(target: Target, response: httpcore2.Response) -> bytes:
    parts, size = [], 0
    async for part in response.aiter_stream():
        size += len(part)
        if size > _LARGEST_ANSWER:
            raise AnswerUnusable(f"{target.authority} sent more than {_LARGEST_ANSWER} bytes. Ask it for less.")
        parts.append(part)
    return b"".join(parts)


def _headers(target: Target, request: HttpRequest) -> Iterator[tuple[bytes, bytes]]:
    yield b"Host", target.authority.encode()
    yield b"User-Agent", b"certloom"
    yield b"Accept-Encoding", b"identity"
    yield b"Connection", b"close"
    if request.body or request.method in {"POST", "PUT", "PATCH"}:
        yield b"Content-Length", str(len(request.body)).encode()
    for name, value in request.headers:
        if not _NAME.fullmatch(name) or name.casefold() in _OWN or name.casefold().startswith("proxy-"):
            raise HeaderRefused(f"The header {name[:50]!r} cannot be set by a step.")
        if _FORBIDDEN_IN_VALUE.search(value):
            raise HeaderRefused(f"The value of the header {name[:50]} holds a line break or control character.")
        if name.casefold() != "accept-encoding":
            yield name.encode(), value.strip().encode("utf-8", "replace")


def _by_name(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        key, text = name.decode("latin-1").casefold(), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__
