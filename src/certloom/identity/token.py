"""Tokens: random secrets of which only a digest is stored."""

import hashlib
import secrets

__all__ = ["TOKEN_PREFIX", "new_token", "token_digest"]

TOKEN_PREFIX = "clt_"  # noqa: S105 - the public beginning of every token, by which scanners recognise a leaked one


def new_token() -> tuple[str, str]:
    """A new token of 32 random bytes and the digest to store in its place."""
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    return token, token_digest(token)


def token_digest(token: str) -> str:
    """SHA-256 in hex. A plain digest is enough: nobody can guess 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
