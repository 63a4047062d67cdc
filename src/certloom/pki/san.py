"""Subject alternative names: one canonical form for policy and certificate (RFC 5280, 4.2.1.6)."""

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import idna
from cryptography import x509

from certloom.errors import Invalid

__all__ = [
    "SAN_KINDS",
    "SanNotSupported",
    "SanUnreadable",
    "Sans",
    "read_name",
    "read_sans",
    "sans_of",
    "to_extension",
]

Sans = dict[str, tuple[str, ...]]
"""Names by kind, each in canonical form, none twice, in the order given; a kind without names is absent."""

SAN_KINDS: Final = ("dns", "ip", "rfc822", "uri")
"""The kinds that are certified."""

_WIRE: Final = {"dns": "dns", "ip": "ip", "ip4": "ip", "ip6": "ip", "rfc822": "rfc822", "uri": "uri"}
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LOCAL_PART: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]++(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]++)*+")
_URI: Final = re.compile(
    r"([A-Za-z][A-Za-z0-9+.-]*+):(//[^/?#]*+)?+((?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*+)",
)
_AUTHORITY: Final = re.compile(r"(\[[0-9A-Fa-f:.]++\]|[^\[\]@:]++)(:[0-9]{1,5})?+")
_MAX_DNS: Final = 253
_MAX_NAME: Final = 2048
_MAX_NAMES: Final = 1000


class SanNotSupported(Invalid):
    """A subject alternative name is of a kind that is not certified."""


class SanUnreadable(Invalid):
    """A subject alternative name is not in the form of its kind."""


def read_sans(wire: Mapping[str, Sequence[str]]) -> Sans:
    """Read names by kind as clients send them (api-surface 6.1) into canonical form.

    Kinds, in any case: dns, ip, ip4, ip6, rfc822, uri. Raises `SanNotSupported` for a name of any other
    kind and `SanUnreadable` for a value that is not in the form of its kind. Reading a canonical map
    returns an equal one.
    """
    # Counted before any is read: reading a name of many alphabets takes a while.
    if sum(len(set(values)) for values in wire.values()) > _MAX_NAMES:
        raise SanUnreadable(f"There are more than {_MAX_NAMES} names; spread them over several certificates.")
    found: dict[str, dict[str, None]] = {kind: {} for kind in SAN_KINDS}
    for written, values in wire.items():
        kind = _WIRE.get(written.lower())
        if kind is None and values:
            raise SanNotSupported(f"Names of the kind {written!r} are not certified; use {', '.join(_WIRE)}.")
        for value in values if kind else ():
            found[kind or ""][_read_wire(written.lower(), value)] = None
    return {kind: tuple(names) for kind, names in found.items() if names}


def read_name(kind: str, value: str) -> str:
    """Return one name of a kind of `SAN_KINDS` in canonical form, or raise `SanUnreadable`."""
    if not value.isprintable() or " " in value or not 0 < len(value) <= _MAX_NAME:
        raise _unreadable(kind, value, "it is empty, too long, or has blanks or unprintable characters")
    return _READERS[kind](value)


def sans_of(extension: x509.SubjectAlternativeName) -> Sans:
    """Return the names of an extension in canonical form; raises `SanNotSupported`, `SanUnreadable`."""
    wire: dict[str, list[str]] = {}
    for name in extension:
        kind = _GENERAL_NAMES.get(type(name))
        if kind is None:
            raise SanNotSupported(
                f"The request has a name of the kind {type(name).__name__}, which is not certified; "
                f"leave it out (certified kinds: {', '.join(SAN_KINDS)}).",
            )
        wire.setdefault(kind, []).append(str(name.value))
    return read_sans(wire)


def to_extension(sans: Mapping[str, Sequence[str]]) -> x509.SubjectAlternativeName:
    """Build the extension from names, made canonical first; raises as `read_sans` does."""
    canonical = read_sans(sans)
    return x509.SubjectAlternativeName(
        [_BUILDERS[kind](value) for kind, values in canonical.items() for value in values],
    )


def _read_wire(written: str, value: str) -> str:
    name = read_name(_WIRE[written], value)
    if written in {"ip4", "ip6"} and (":" in name) != (written == "ip6"):
        raise _unreadable(written, value, "it is an address of the other family")
    return name


def _read_dns(value: str) -> str:
    """Lower case, A-labels (RFC 5890), no final dot; a wildcard is the whole first label (RFC 6125)."""
    rest = value.removesuffix(".").lower()
    wildcard = rest.startswith("*.")
    if len(rest) > _MAX_DNS:
        raise _unreadable("dns", value, f"it is longer than {_MAX_DNS} characters")
    name = _to_ascii(rest.removeprefix("*.") if wildcard else rest, value)
    labels = name.split(".")
    if not all(map(_LABEL.fullmatch, labels)) or len(name) > _MAX_DNS - 2 * wildcard:
        raise _unreadable("dns", value, "labels are letters, digits and inner hyphens, a wildcard is one whole label")
    if labels[-1].isdigit():
        raise _unreadable("dns", value, "it ends in a number like an IP address; send addresses as ip")
    return f"*.{name}" if wildcard else name


def _to_ascii(name: str, value: str) -> str:
    if name.isascii() and "xn--" not in name:
        return name
    try:
        return idna.encode(name, uts46=True).decode()
    except (idna.IDNAError, UnicodeError) as error:
        raise _unreadable("dns", value, f"IDNA refuses it: {error}") from error


def _read_ip(value: str) -> str:
    try:
        address = ipaddress.ip_address(value)
    except ValueError as error:
        raise _unreadable("ip", value, "it is no single IPv4 or IPv6 address") from error
    if isinstance(address, ipaddress.IPv6Address) and (address.ipv4_mapped or address.scope_id):
        raise _unreadable("ip", value, "mapped addresses and zones have two meanings; send the plain address")
    return str(address)


def _read_rfc822(value: str) -> str:
    local, at, host = value.rpartition("@")
    if not at or not _LOCAL_PART.fullmatch(local) or host.startswith("*"):
        raise _unreadable("rfc822", value, "it is no plain ASCII mail address")
    return f"{local}@{_read_dns(host)}"


def _read_uri(value: str) -> str:
    match = _URI.fullmatch(value)
    if match is None or not (match[2] or match[3]):
        raise _unreadable("uri", value, "it is no absolute URI in ASCII")
    scheme, authority, rest = match[1].lower(), match[2], match[3]
    return f"{scheme}:{'' if authority is None else '//' + _read_authority(authority[2:], value)}{rest}"


def _read_authority(authority: str, value: str) -> str:
    match = _AUTHORITY.fullmatch(authority)
    if match is None or authority.startswith("*"):
        raise _unreadable("uri", value, "its host is missing or has a user name before it")
    host, port = match[1], match[2] or ""
    if host.startswith("["):
        return f"[{_read_ip(host[1:-1])}]{port}"
    return (_read_ip(host) if host.rpartition(".")[2].isdigit() else _read_dns(host)) + port


def _unreadable(kind: str, value: str, why: str) -> SanUnreadable:
    return SanUnreadable(f"The {kind} name {value[:80]!r} cannot be certified: {why}.")


_READERS: Final[dict[str, Callable[[str], str]]] = {
    "dns": _read_dns,
    "ip": _read_ip,
    "rfc822": _read_rfc822,
    "uri": _read_uri,
}
_GENERAL_NAMES: Final[dict[type[x509.GeneralName], str]] = {
    x509.DNSName: "dns",
    x509.IPAddress: "ip",
    x509.RFC822Name: "rfc822",
    x509.UniformResourceIdentifier: "uri",
}
_BUILDERS: Final[dict[str, Callable[[str], x509.GeneralName]]] = {
    "dns": x509.DNSName,
    "ip": lambda value: x509.IPAddress(ipaddress.ip_address(value)),
    "rfc822": x509.RFC822Name,
    "uri": x509.UniformResourceIdentifier,
}
