"""From the Authorization header to an actor."""

import base64
import binascii
from collections.abc import Sequence

from certloom.errors import Forbidden
from certloom.identity.actor import Actor
from certloom.operations.authentication import Authenticator

__all__ = ["InsecureConnection", "Unauthenticated", "authenticate", "authorization_of"]


class Unauthenticated(Exception):
    """No credentials, or some that cannot be read. Answered with 401 and how to do it."""


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
        return await authenticator.token(encoded.strip(), address)
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
