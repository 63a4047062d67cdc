"""Where steps may connect to. Pure: addresses in, a refusal or none out (checks C01, C02, C06).

Public addresses are open over HTTPS. What is inside (private and loopback addresses, plain HTTP, unusual ports) the
operator names in ``outbound_allow``; link-local addresses and the metadata services of clouds nobody can allow.
"""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, quote, unquote, urlsplit

import idna
import msgspec

from certloom.errors import Invalid

__all__ = [
    "AddressRefused",
    "Allowed",
    "AllowedUnreadable",
    "Target",
    "check",
    "read_allowed",
    "refuse_metadata",
    "target_of",
]

_Address = IPv4Address | IPv6Address
_PORTS = {"http": 80, "https": 443}
_USUAL_PORTS = frozenset({80, 443, 8080, 8443})
_METADATA_NAMES = frozenset({"metadata.google.internal", "metadata.goog", "instance-data.ec2.internal"})
_NEVER = tuple(
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4"),
        *("::/128", "fe80::/10", "fec0::/10", "ff00::/8"),
        # Metadata services that are not link-local: Alibaba, Oracle, Azure, AWS over IPv6.
        *("100.100.100.200/32", "192.0.0.192/32", "168.63.129.16/32", "fd00:ec2::/32"),
    )
)
_NAT64 = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))
_COMPATIBLE = ip_network("::/96")
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")
_PLAIN_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")


class AddressRefused(Invalid):
    """An address that steps may not reach, or that is none."""


class AllowedUnreadable(Invalid):
    """The setting outbound_allow holds something that is neither a host nor a network."""


class Allowed(msgspec.Struct, frozen=True):
    """What the operator opened: hosts, with a port or with the usual ones (None), and networks."""

    hosts: frozenset[tuple[str, int | None]] = frozenset()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    def names(self, host: str) -> bool:
        """Whether the host is named, with whatever port."""
        return any(name == host for name, _ in self.hosts)


class Target(msgspec.Struct, frozen=True):
    """Where a request goes: ``host`` in lower case and ASCII, ``path`` with the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The host as the Host header has it (RFC 9110, section 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def read_allowed(entries: Iterable[str]) -> Allowed:
    """Read ``outbound_allow``: hosts, ``host:port``, addresses and networks. Raises AllowedUnreadable."""
    hosts: set[tuple[str, int | None]] = set()
    networks: list[IPv4Network | IPv6Network] = []
    for entry in entries:
        try:
            networks.append(ip_network(entry))
        except ValueError:
            hosts.add(_named(entry))
    return Allowed(frozenset(hosts), tuple(networks))


def _named(entry: str) -> tuple[str, int | None]:
    try:
        parts = urlsplit(f"//{entry}")
        host, port = _host(parts), parts.port
    except (ValueError, AddressRefused) as error:
        raise _unreadable(entry) from error
    if not host or parts.path or parts.query or "@" in parts.netloc:
        raise _unreadable(entry)
    return host, port


def _unreadable(entry: str) -> AllowedUnreadable:
    return AllowedUnreadable(
        f"outbound_allow names {entry[:100]!r}, which is neither a host nor a network. "
        "Write host, host:port, an address or a network such as 10.0.0.0/8."
    )


def target_of(url: str, allowed: Allowed) -> Target:
    """Where ``url`` leads. Raises AddressRefused for what is no plain web address, or an unusual port."""
    if _CONTROL.search(url):
        raise AddressRefused(f"{url[:100]!r} holds control characters or backslashes; it was not called.")
    try:
        parts = urlsplit(url.strip())
        host, port = _host(parts), parts.port
    except ValueError as error:
        raise AddressRefused(f"{url[:100]!r} is not an address: {error}.") from error
    if parts.scheme not in _PORTS or not parts.hostname:
        raise AddressRefused(f"{url[:100]!r} is not a web address. Write it as https://host/path.")
    if "@" in parts.netloc:
        raise AddressRefused("The address holds a user name. Use the step's own fields for credentials.")
    target = Target(parts.scheme, host, _PORTS[parts.scheme] if port is None else port, _path(parts))
    if target.port not in _USUAL_PORTS and (target.host, target.port) not in allowed.hosts:
        usual = ", ".join(map(str, sorted(_USUAL_PORTS)))
        raise AddressRefused(
            f"Steps reach the ports {usual} only, and not {target.port}. An operator can add "
            f"{target.host}:{target.port} to outbound_allow."
        )
    return target


def _host(parts: SplitResult) -> str:
    """The host in lower case and ASCII, empty where there is none. Raises AddressRefused and ValueError."""
    host = (parts.hostname or "").removesuffix(".")
    if not host:
        return ""
    if ":" in host and "%" not in host:
        return str(IPv6Address(host))
    if not _PLAIN_HOST.fullmatch(host):
        try:
            host = idna.encode(host, uts46=True).decode()
        except idna.IDNAError as error:
            raise AddressRefused(f"{host[:100]!r} is not the name of a host.") from error
    if _NUMBER.fullmatch(host.rpartition(".")[2]) and not _dotted(host):
        # 127.1, 0x7f.0.0.1 and 2130706433 are addresses to some and names to others.
        raise AddressRefused(f"{host[:100]!r} is an address in an unusual form. Write it as four decimal numbers.")
    return host


def _dotted(host: str) -> bool:
    try:
        IPv4Address(host)
    except ValueError:
        return False
    return True


def _path(parts: SplitResult) -> str:
    # Some servers decode before they part a path: an encoded slash climbs there as well.
    if any(segment in {".", ".."} for segment in re.split(r"[/\\]", unquote(parts.path))):
        raise AddressRefused("The path of the address holds '.' or '..', which would lead elsewhere.")
    kept = "/%:@!$&'()*+,;=~-._?"
    query = f"?{quote(parts.query, safe=kept)}" if parts.query else ""
    return (quote(parts.path, safe=kept) or "/") + query


def check(target: Target, addresses: tuple[str, ...], allowed: Allowed) -> None:
    """Raise AddressRefused unless every one of the addresses that the host has may be reached."""
    refuse_metadata(target.host, addresses)
    for text in addresses:
        for address in _meant(ip_address(text)):
            _check_one(target, address, allowed)


def refuse_metadata(host: str, addresses: tuple[str, ...]) -> None:
    """Raise AddressRefused for a host that is, or leads to, what nothing here may ever reach (check C06).

    ``host`` is in lower case and without a dot at its end.
    """
    if host in _METADATA_NAMES:
        raise AddressRefused(f"{host} is a metadata service, which is never reached.")
    for address in (meant for text in addresses for meant in _meant(ip_address(text))):
        if any(address in network for network in _NEVER):
            raise AddressRefused(f"{host} leads to {address}: link-local and metadata addresses are never reached.")


def _check_one(target: Target, address: _Address, allowed: Allowed) -> None:
    if allowed.names(target.host) or any(address in network for network in allowed.networks):
        return
    if not address.is_global:
        raise AddressRefused(
            f"{target.host} leads to {address}, which is not public. An operator can add it to outbound_allow."
        )
    if target.scheme == "http":
        raise AddressRefused(
            f"http://{target.authority} would send everything readable. Use https, or an operator adds "
            f"{target.host} to outbound_allow."
        )


def _meant(address: _Address) -> tuple[_Address, ...]:
    """The address and every IPv4 address it carries inside (RFC 4291, 6052, 3056, 4380)."""
    if isinstance(address, IPv4Address):
        return (address,)
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    inner: list[_Address | None] = [address.sixtofour, *(address.teredo or ())]
    if any(address in network for network in _NAT64) or (address in _COMPATIBLE and int(address) > 1):
        inner.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return (address, *(one for one in inner if one is not None))
