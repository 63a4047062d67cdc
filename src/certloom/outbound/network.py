"""Names to addresses, and addresses to connections: the two acts between which the guard stands.

The network is handed in by ``app.py``. There is no setting for it: a resolver that an operator, or whoever can write
the settings, could choose would decide what the guard gets to see.
"""

import asyncio
import socket
from collections.abc import Iterable
from typing import Protocol

import httpcore2
from typing_extensions import override

from certloom.outbound.guard import Allowed, Target, check

__all__ = ["GuardedBackend", "Network", "SystemNetwork"]


class Network(Protocol):
    """The way out of this machine."""

    async def addresses(self, host: str) -> tuple[str, ...]:
        """The addresses of a host. Raises OSError."""
        ...

    async def connect(self, address: str, port: int, seconds: float | None) -> httpcore2.AsyncNetworkStream:
        """A connection to an address, not to a name. Raises what httpcore2 raises."""
        ...


class SystemNetwork:
    """The system's resolver and sockets."""

    async def addresses(self, host: str) -> tuple[str, ...]:
        """What the system's resolver says, IPv4 and IPv6. Raises OSError."""
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
        return tuple(dict.fromkeys(str(address[0]) for *_, address in found))

    async def connect(self, address: str, port: int, seconds: float | None) -> httpcore2.AsyncNetworkStream:
        """A TCP connection."""
        return await httpcore2.AnyIOBackend().connect_tcp(address, port, seconds)


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Resolves once, checks every address, and connects to one that was checked.

    ``connected`` tells whether a connection was made, after which nobody can be sure that nothing was sent.
    """

    def __init__(self, network: Network, target: Target, allowed: Allowed) -> None:
        self._network = network
        self._target = target
        self._allowed = allowed
        self.connected = False

    @override
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        addresses = await self._resolved(timeout)
        check(self._target, addresses, self._allowed)
        for address in addresses[:-1]:
            try:
                return await self._connect(address, timeout)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        return await self._connect(addresses[-1], timeout)

    async def _connect(self, address: str, seconds: float | None) -> httpcore2.AsyncNetworkStream:
        stream = await self._network.connect(address, self._target.port, seconds)
        self.connected = True
        return stream

    async def _resolved(self, seconds: float | None) -> tuple[str, ...]:
        try:
            async with asyncio.timeout(seconds):
                found = await self._network.addresses(self._target.host)
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(f"its name has no address ({error})") from error
        if not found:
            raise httpcore2.ConnectError("its name has no address")
        return found
