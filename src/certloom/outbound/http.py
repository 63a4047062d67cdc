"""HTTP outwards. Every connection has a purpose; this one is ``configured``: exactly the address an administrator set.

Redirects are refused, so that the address that was checked is the one that is reached (checks C03, C04). It may lie
inside, but never lead to a metadata service (check C06).
"""

import ssl
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx2
from typing_extensions import override

from certloom.errors import Invalid, Unavailable
from certloom.outbound.guard import refuse_metadata
from certloom.outbound.network import Network, SystemNetwork
from certloom.workflow.outgoing import Answer

__all__ = ["AddressNotConfigured", "Answer", "ConfiguredHttp", "NotReached"]

_LARGEST_ANSWER = 10_000_000


class AddressNotConfigured(Invalid):
    """A path that would leave the configured server."""


class NotReached(Unavailable):
    """The server did not answer, or not in a way that can be used."""


class ConfiguredHttp:
    """Speaks with one configured server, as one user. Its repr shows no credentials."""

    def __init__(
        self,
        address: str,
        credentials: tuple[str, str] | None = None,
        trust: ssl.SSLContext | None = None,
        seconds: float = 30.0,
        network: Network | None = None,
    ) -> None:
        parts = urlsplit(address)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
            raise Invalid(f"{address!r} is not the address of a server. Write it as https://host:port/path.")
        self._client = httpx2.AsyncClient(
            base_url=address.rstrip("/") + "/",
            auth=credentials,
            transport=_NeverMetadata(network or SystemNetwork(), trust),
            follow_redirects=False,
            timeout=seconds,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        """Open the connection pool."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def ask(
        self,
        method: str,
        path: str,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request below the configured address, with a body of JSON or of a form.

        Raises AddressNotConfigured, AddressRefused or NotReached.
        """
        if "://" in path or path.startswith("//"):
            raise AddressNotConfigured(f"{path!r} leads away from the configured server.")
        try:
            async with self._client.stream(method, path.lstrip("/"), json=json, headers=headers, data=form) as response:
                body = await _limited(response)
        except httpx2.HTTPError as error:
            raise NotReached(
                f"{self._client.base_url.host} did not answer ({type(error).__name__}). Is it running and reachable?"
            ) from error
        if response.is_redirect:
            raise NotReached("The server redirects elsewhere; redirects are refused. Configure its final address.")
        return Answer(response.status_code, dict(response.headers), body)


class _NeverMetadata(httpx2.AsyncBaseTransport):
    """Resolves a name, looks at every address, and connects to one that was looked at."""

    def __init__(self, network: Network, trust: ssl.SSLContext | None) -> None:
        self._network = network
        self._inner = httpx2.AsyncHTTPTransport(verify=True if trust is None else trust, trust_env=False)

    @override
    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        host = request.url.host
        try:
            addresses = await self._network.addresses(host)
        except (OSError, UnicodeError) as error:
            raise httpx2.ConnectError(f"its name has no address ({error})") from error
        refuse_metadata(host.casefold().removesuffix("."), addresses)
        # The Host header was made from the name; the certificate is checked against it, too.
        request.extensions = {**request.extensions, "sni_hostname": host}
        for address in addresses[:-1]:
            try:
                return await self._sent(request, address)
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                continue
        return await self._sent(request, addresses[-1])

    async def _sent(self, request: httpx2.Request, address: str) -> httpx2.Response:
        request.url = request.url.copy_with(host=address)
        return await self._inner.handle_async_request(request)

    @override
    async def aclose(self) -> None:
        await self._inner.aclose()


async def _limited(response: httpx2.Response) -> bytes:
    parts, size = [], 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > _LARGEST_ANSWER:
            raise NotReached(f"The answer is larger than {_LARGEST_ANSWER} bytes and was cut off.")
        parts.append(part)
    return b"".join(parts)
