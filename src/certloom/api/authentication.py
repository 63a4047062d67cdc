"""From the Authorization header to an actor."""

import base64
import binascii
from collections.abc import Iterable, Sequence

from certloom.errors import Forbidden
from certloom.identity.actor import Actor
from certloom.identity.token import TOKEN_PREFIX
from certloom.operations.authentication import Authenticator

__all__ = [
    "SESSION_COOKIE",
    "InsecureConnection",
    "RequestForged",
    "Unauthenticated",
    "authenticate",
    "authenticate_session",
    "authorization_of",
    "cookie_of",
]

SESSION_COOKIE = "__Host-certloom-session"
"""Browsers take a cookie of such a name from this host alone, over TLS alone (RFC 6265bis, 4.1.3.2)."""
_SAFE = frozenset({"GET", "HEAD"})


class Unauthenticated(Exception):
    """No credentials, or some that cannot be read. Answered with 401 and how to do it."""


class RequestForged(Forbidden):
    """A browser was signed in, and nothing shows that our own pages sent the request."""


class InsecureConnection(Forbidden):
    """A password was sent over a connection anybody on the way can read."""


def authorization_of(headers: Sequence[tuple[bytes, bytes]]) -> str | None:
    """The Authorization header, or None without one.

    Raises Unauthenticated for several: something in front may have looked at another one than we would.
    """
    values = [value for name, value in headers if name == b"authorization"]
    if len(values) > 1:
        raise Unauthenticated("The request has several Authorization headers. Send one.")
    return values[0].decode("latin-1") if values else None


def cookie_of(headers: Iterable[tuple[bytes, bytes]], name: str) -> str | None:
    """The cookie of that name; None without one, and for several: one of them is somebody else's."""
    pairs = [
        pair.strip() for field, value in headers if field == b"cookie" for pair in value.decode("latin-1").split(";")
    ]
    values = [value for key, _, value in (pair.partition("=") for pair in pairs) if key == name]
    return values[0] if len(values) == 1 else None


async def authenticate_session(
    authenticator: Authenticator, secret: str, method: str, requested_with: str | None, *, secure: bool
) -> Actor:
    """The actor of a browser that is signed in.

    Other sites make browsers send our cookie, but not our header: without it nothing is changed. Raises RequestForged,
    CredentialsRefused, or InsecureConnection where ``secure`` is false.
    """
    if not secure:
        raise InsecureConnection("The session was sent over plain HTTP. Sign out, and use HTTPS.")
    if method not in _SAFE and not requested_with:
        raise RequestForged("With a session, this request needs the header x-keyfactor-requested-with.")
    return await authenticator.session(secret)


async def authenticate(authenticator: Authenticator, header: str | None, address: str, *, secure: bool) -> Actor:
    """The actor behind an Authorization header.

    Raises Unauthenticated, CredentialsRefused, TooManyFailures, or InsecureConnection where ``secure`` is false.
    """
    scheme, _, encoded = (header or "").strip().partition(" ")
    if not scheme:
        raise Unauthenticated(
            "Send an Authorization header: Basic with DOMAIN\\user and password, or Bearer with a token."
        )
    if scheme.lower() not in {"basic", "bearer"}:
        # What stands there is not repeated: a client that forgot the scheme has put its secret in that place.
        raise Unauthenticated("The Authorization header's scheme is not offered. Use Basic or Bearer.")
    if not secure:
        raise InsecureConnection(
            "A secret was sent over plain HTTP, where anybody on the way can read it. Change it, and use HTTPS: "
            "start the server with --tls auto or --tls-cert and --tls-key (or --insecure-http if you accept that)."
        )
    if scheme.lower() == "bearer":
        token = encoded.strip()
        proves = authenticator.token if token.startswith(TOKEN_PREFIX) else authenticator.statement
        return await proves(token, address)
    name, password = _credentials(encoded)
    return await authenticator.password(name, password, address)


def _credentials(encoded: str) -> tuple[str, str]:
    try:
        raw = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise Unauthenticated("The Basic credentials are not base64 (RFC 7617).") from None
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    name, colon, password = text.partition(":")
    if not colon:
        raise Unauthenticated("The Basic credentials hold no colon between name and password (RFC 7617).")
    return name, password
