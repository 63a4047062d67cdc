"""Who is at the other end of a connection: the address failures are counted for, and whether anybody can listen in.

What proxies write into headers is believed from configured addresses only (check J05). Of a chain of hops the rightmost
one that is not such a proxy is the client: everything left of it was written by the client or could have been.
"""

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import msgspec

from certloom.settings import Settings

__all__ = ["Client", "client_of", "is_loopback"]

_Network = IPv4Network | IPv6Network
_MOST_HOPS = 50


class Client(msgspec.Struct, frozen=True):
    """The address of the caller, and whether its connection is one that nobody on the way can read."""

    address: str
    secure: bool


class _Hop(msgspec.Struct, frozen=True):
    """What one proxy says about who spoke to it: an address, and ``http``, ``https`` or nothing."""

    address: str
    scheme: str = ""


def client_of(peer: str, scheme: str, headers: Sequence[tuple[bytes, bytes]], settings: Settings) -> Client:
    """The client behind a connection from ``peer``. ``scheme`` is the connection's own."""
    proxies = _networks(tuple(settings.trusted_proxies))
    found = _Hop(peer, scheme)
    if proxies and _within(peer, proxies):
        found = _before(found, _hops(headers, settings.proxy_header), proxies)
    secure = found.scheme == "https" or is_loopback(found.address) or settings.insecure_http
    return Client(found.address, secure)


def _before(peer: _Hop, hops: Sequence[_Hop], proxies: Sequence[_Network]) -> _Hop:
    """The rightmost hop that is no trusted proxy. A hop that cannot be read ends the search: trust goes no further."""
    found = peer
    for hop in reversed(hops):
        if _canonical(hop.address) is None:
            return found
        found = _Hop(hop.address, hop.scheme or found.scheme)
        if not _within(hop.address, proxies):
            return found
    return found


def _hops(headers: Sequence[tuple[bytes, bytes]], kind: str) -> list[_Hop]:
    """The hops that headers tell of, the client first."""
    values = [value.decode("latin-1") for name, value in headers if name == kind.encode()]
    elements = ",".join(values).split(",")[-_MOST_HOPS:] if values else []
    if kind == "forwarded":
        return [_forwarded(element) for element in elements]
    schemes = [value.decode("latin-1") for name, value in headers if name == b"x-forwarded-proto"]
    scheme = ",".join(schemes).rpartition(",")[2].strip().lower()
    # Only the nearest proxy is known to have written it, and a header of its own names no hop.
    return [_Hop(_host(element), scheme) for element in elements]


def _forwarded(element: str) -> _Hop:
    """One element of a Forwarded header (RFC 7239, 4)."""
    pairs: Mapping[str, str] = {
        name.strip().lower(): value.strip().strip('"')
        for name, _, value in (p.partition("=") for p in element.split(";"))
    }
    return _Hop(_host(pairs.get("for", "")), pairs.get("proto", "").lower())


def _host(text: str) -> str:
    """The address in ``192.0.2.1:4711``, ``[2001:db8::1]:4711`` or either without its port."""
    text = text.strip().strip('"')
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


@lru_cache(maxsize=4096)
def _canonical(address: str) -> str | None:
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return str(mapped or parsed)


def _within(address: str, proxies: Sequence[_Network]) -> bool:
    canonical = _canonical(address)
    return canonical is not None and any(ip_address(canonical) in network for network in proxies)


@cache
def _networks(texts: tuple[str, ...]) -> tuple[_Network, ...]:
    return tuple(ip_network(text, strict=False) for text in texts)


@lru_cache(maxsize=4096)
def is_loopback(address: str) -> bool:
    """Whether an address never leaves this machine. What is no address (a Unix socket) does not."""
    canonical = _canonical(address)
    return address in {"", "localhost", "testclient"} if canonical is None else ip_address(canonical).is_loopback
