"""Guid, Version, Uri, MailAddress: values that are made of parts."""

from collections.abc import Sequence
from urllib.parse import quote, unquote
from uuid import UUID

from certloom.scripting.powershell.formatting.composite import format_guid
from certloom.scripting.powershell.runtime.session import Session
from certloom.scripting.powershell.types.arrays import any_value
from certloom.scripting.powershell.types.spec import TypeSpec, static, takes, with_session
from certloom.scripting.powershell.types.trying import tries, tries_each
from certloom.scripting.powershell.values.conversion import convert, to_int, to_string
from certloom.scripting.powershell.values.errors import failure, room_for
from certloom.scripting.powershell.values.objects import GuidValue, TypeRef, UriValue
from certloom.scripting.powershell.values.text import text

__all__ = ["PLAIN", "new_guid"]

_RESERVED = "-_.~"


def new_guid(session: Session, *_: object) -> GuidValue:
    """A random GUID of version 4, from the random numbers that were handed in."""
    number = 0
    for _one in range(8):
        number = number << 16 | int(session.draw() * 65536)
    return GuidValue(UUID(int=number & ((1 << 128) - 1), version=4))


def _escaped(value: str) -> str:
    room_for(len(value) * 3)
    return quote(value, safe=_RESERVED)


def convert_uri(value: str) -> UriValue:
    """A text as an address."""
    made = convert(value, TypeRef("System.Uri"))
    return made if isinstance(made, UriValue) else UriValue(value)


def _created(given: Sequence[object]) -> UriValue:
    """An address of the kind asked for; raises when the text is none."""
    made = convert_uri(text(given[0]))
    kind = text(given[1]).lower() if len(given) > 1 else "relativeorabsolute"
    if (kind == "absolute" and not made.scheme) or (kind == "relative" and made.scheme) or " " in made.host:
        raise failure("Invalid URI.", inner="System.UriFormatException")
    return made


def _absolute(value: UriValue) -> str | None:
    """The address in full, none when it is relative."""
    if not value.scheme:
        return None
    tail = f"{value.path}{value.query}{value.fragment}"
    if not value.host:
        return f"{value.scheme}:{tail}"
    port = f":{value.port}" if f":{value.port}" in value.original else ""
    user = f"{value.user}@" if value.user else ""
    return f"{value.scheme}://{user}{value.host}{port}{tail}"


def segments(path: str) -> list[object]:
    """The pieces of a path, each with the slash behind it."""
    pieces = path.split("/")
    return [*(f"{piece}/" for piece in pieces[:-1]), *([pieces[-1]] if pieces[-1] else [])]


GUID = TypeSpec(
    name="System.Guid",
    aliases=("guid",),
    bases=("System.ValueType", "System.IComparable", "System.IFormattable"),
    methods={"ToString": takes(lambda value, form="": format_guid(value, text(form)), any_value, least=0)},
    static_properties={"Empty": lambda: GuidValue(UUID(int=0))},
    static_methods={
        "NewGuid": with_session(new_guid),
        "Parse": static(lambda value: convert(value, TypeRef("System.Guid")), to_string),
        "TryParse": tries(lambda value: convert(value, TypeRef("System.Guid")), lambda: GuidValue(UUID(int=0))),
    },
    new=static(lambda value: convert(value, TypeRef("System.Guid")), to_string),
)
VERSION = TypeSpec(
    name="System.Version",
    aliases=("version",),
    bases=("System.IComparable",),
    properties={
        "Major": lambda value: value.major,
        "Minor": lambda value: value.minor,
        "Build": lambda value: value.build,
        "Revision": lambda value: value.revision,
    },
    static_methods={
        "Parse": static(lambda value: convert(value, TypeRef("System.Version")), to_string),
        "TryParse": tries(lambda value: convert(value, TypeRef("System.Version")), lambda: None),
    },
    new=static(
        lambda *parts: convert(".".join(map(text, parts)), TypeRef("System.Version")),
        any_value,
        to_int,
        to_int,
        to_int,
        least=1,
    ),
)
URI = TypeSpec(
    name="System.Uri",
    aliases=("uri",),
    properties={
        "OriginalString": lambda value: value.original,
        "AbsoluteUri": _absolute,
        "AbsolutePath": lambda value: value.path or None,
        "Scheme": lambda value: value.scheme or None,
        "Host": lambda value: value.host or None,
        "DnsSafeHost": lambda value: value.host or None,
        "Port": lambda value: value.port if value.scheme else None,
        "Query": lambda value: value.query if value.scheme else None,
        "Fragment": lambda value: value.fragment if value.scheme else None,
        "PathAndQuery": lambda value: value.path + value.query if value.scheme else None,
        "LocalPath": lambda value: unquote(value.path) if value.scheme else None,
        "UserInfo": lambda value: value.user if value.scheme else None,
        "IsAbsoluteUri": lambda value: bool(value.scheme),
        "Segments": lambda value: segments(value.path),
        "Authority": lambda value: value.host + (f":{value.port}" if f":{value.port}" in value.original else ""),
    },
    static_methods={
        "TryCreate": tries_each(_created, lambda: None),
        "EscapeDataString": static(_escaped, to_string),
        "UnescapeDataString": static(unquote, to_string),
        "IsWellFormedUriString": static(
            lambda value, *_: bool(convert_uri(value).scheme) and " " not in value, to_string, any_value
        ),
    },
    new=static(lambda value, *_: convert_uri(value), to_string, any_value, least=1),
)


MAIL = TypeSpec(
    name="System.Net.Mail.MailAddress",
    aliases=("mailaddress",),
    properties={
        "Address": lambda value: f"{value.user}@{value.host}",
        "User": lambda value: value.user,
        "Host": lambda value: value.host,
        "DisplayName": lambda value: value.display,
    },
    static_methods={
        "TryCreate": tries(lambda value: convert(value, TypeRef("System.Net.Mail.MailAddress")), lambda: None)
    },
    new=static(lambda value: convert(value, TypeRef("System.Net.Mail.MailAddress")), to_string),
)

PLAIN = (GUID, VERSION, URI, MAIL)
