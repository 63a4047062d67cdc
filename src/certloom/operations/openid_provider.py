"""The configured OpenID Connect provider: its addresses, its keys, and whether it signed a token (check B08)."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec
from joserfc import jwk, jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeyFlexible

from certloom.clock import Clock
from certloom.errors import Forbidden, Unavailable
from certloom.identity.claim import LOCAL_PROVIDER
from certloom.outbound.http import ConfiguredHttp
from certloom.settings import SettingInvalid, Settings

__all__ = ["OpenIdProvider", "ProviderUnusable", "StatementForged", "configured_provider"]

_REFRESH = timedelta(hours=1)
_FLOOR = timedelta(minutes=1)
"""A token with an invented key id must not make us ask the provider again and again."""
_PAUSE = timedelta(seconds=5)
_LEEWAY_SECONDS = 60
_LONGEST_TOKEN = 16_384
_ACCESS_TOKEN_TYPES = frozenset({"at+jwt", "application/at+jwt", "jwt"})


class ProviderUnusable(Unavailable):
    """The provider does not answer, or not as OpenID Connect says."""


class StatementForged(Forbidden):
    """A token the provider did not sign for us, or not for now."""


@dataclass
class _Known:
    addresses: Mapping[str, Any]
    keys: Mapping[str, jwk.Key]
    read_at: datetime


@dataclass
class OpenIdProvider:
    """Speaks with the provider that the settings name. Keys are kept for an hour, and read again for an unknown one."""

    settings: Settings
    clock: Clock
    http: ConfiguredHttp
    _known: _Known | None = None
    _failed_at: datetime | None = None
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def close(self) -> None:
        """Close every connection."""
        await self.http.__aexit__(None, None, None)

    async def access_token(self, token: str) -> Mapping[str, Any]:
        """The claims of an access token that was issued for this API. Raises StatementForged or ProviderUnusable."""
        header = _header(token)
        if str(header.get("typ", "jwt")).lower() not in _ACCESS_TOKEN_TYPES:
            raise StatementForged("The token is no access token.")
        return await self._verified(token, header, self.settings.oidc_audience, {})

    async def id_token(self, token: str, nonce: str) -> Mapping[str, Any]:
        """The claims of an id token that answers one login. Raises StatementForged or ProviderUnusable."""
        client = self.settings.oidc_client_id
        said = await self._verified(token, _header(token), client, {"nonce": {"essential": True, "value": nonce}})
        # OpenID Connect Core 1.0, 3.1.3.7: of several audiences, the authorized party says for whom it was issued.
        if said.get("azp", client) != client or (
            isinstance(said["aud"], list) and len(said["aud"]) > 1 and "azp" not in said
        ):
            raise StatementForged("The token was issued to another client.")
        return said

    async def address(self, name: str) -> str | None:
        """One of the provider's addresses, such as ``authorization_endpoint``; None for one it does not have."""
        found = (await self._read_if_old()).addresses.get(name)
        return found if isinstance(found, str) else None

    async def code_exchanged(self, code: str, verifier: str, redirect_uri: str) -> str:
        """The id token that a code is good for. Raises StatementForged or ProviderUnusable."""
        endpoint = await self.address("token_endpoint")
        if endpoint is None:
            raise ProviderUnusable("The identity provider names no token_endpoint.")
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
            "client_id": self.settings.oidc_client_id,
        }
        if self.settings.oidc_client_secret:
            form["client_secret"] = self.settings.oidc_client_secret
        answer = await self.http.ask("POST", self._path(endpoint), form=form)
        if answer.status != _OK:
            raise StatementForged("The provider does not know this login any more. Sign in again.")
        token = _json(answer.body).get("id_token")
        if not isinstance(token, str):
            raise ProviderUnusable("The identity provider answered without an id_token.")
        return token

    async def _verified(
        self, token: str, header: Mapping[str, Any], audience: str, more: Mapping[str, jwt.ClaimsOption]
    ) -> Mapping[str, Any]:
        key = await self._key(header)
        rules = jwt.JWTClaimsRegistry(
            now=int(self.clock().timestamp()),
            leeway=_LEEWAY_SECONDS,
            iss={"essential": True, "value": self.settings.oidc_issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
            **more,
        )
        try:
            said = jwt.decode(token, key, algorithms=list(self.settings.oidc_algorithms)).claims
            rules.validate(said)
        except (JoseError, ValueError, TypeError) as error:
            raise StatementForged(f"The token cannot be relied on ({type(error).__name__}).") from error
        return said

    async def _key(self, header: Mapping[str, Any]) -> KeyFlexible:
        """The provider's key that signed; never one the token brings, and never one that is no public key."""
        if header.get("alg") not in self.settings.oidc_algorithms:
            raise StatementForged("The token is signed in a way that oidc_algorithms does not allow.")
        wanted = header.get("kid")
        known = await self._read_if_old()
        if wanted is None and len(known.keys) == 1:
            return next(iter(known.keys.values()))
        if wanted not in known.keys:
            known = await self._read_again()
        if not isinstance(wanted, str) or wanted not in known.keys:
            raise StatementForged("The token is signed with a key that the provider does not have.")
        return known.keys[wanted]

    async def _read_if_old(self) -> _Known:
        async with self._reading:
            if self._known is None or self.clock() - self._known.read_at >= _REFRESH:
                self._known = await self._read_unless_it_just_failed()
            return self._known

    async def _read_again(self) -> _Known:
        async with self._reading:
            if self._known is None or self.clock() - self._known.read_at >= _FLOOR:
                self._known = await self._read_unless_it_just_failed()
            return self._known

    async def _read_unless_it_just_failed(self) -> _Known:
        """Everybody who waits for a provider that does not answer would otherwise wait one after the other."""
        now = self.clock()
        if self._failed_at is not None and abs(now - self._failed_at) < _PAUSE:
            raise ProviderUnusable("The identity provider did not answer a moment ago. Try again in a few seconds.")
        try:
            known = await self._read()
        except Unavailable:
            self._failed_at = self.clock()
            raise
        self._failed_at = None
        return known

    async def _read(self) -> _Known:
        found = await self._get(f"{self.settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != self.settings.oidc_issuer:
            raise ProviderUnusable(
                f"The identity provider calls itself {str(found.get('issuer'))[:200]!r}, and oidc_issuer says "
                f"{self.settings.oidc_issuer!r}. Both must be the same, letter for letter."
            )
        keys = await self._get(str(found.get("jwks_uri", "")))
        return _Known(found, _signing_keys(keys), self.clock())

    async def _get(self, address: str) -> Mapping[str, Any]:
        answer = await self.http.ask("GET", self._path(address))
        if answer.status != _OK:
            raise ProviderUnusable(f"The identity provider answered {answer.status} at {address[:200]}.")
        return _json(answer.body)

    def _path(self, address: str) -> str:
        """The path of an address at the provider. Raises ProviderUnusable for one elsewhere: nobody configured that."""
        parts, own = urlsplit(address), urlsplit(self.settings.oidc_issuer)
        if (parts.scheme, parts.netloc) != (own.scheme, own.netloc):
            raise ProviderUnusable(
                f"The identity provider sends certloom to {parts.netloc[:200]!r}, which is not where oidc_issuer is."
            )
        return f"{parts.path}?{parts.query}" if parts.query else parts.path


def configured_provider(settings: Settings, clock: Clock, trust: ssl.SSLContext | None) -> OpenIdProvider | None:
    """The provider that the settings name, if any. Raises SettingInvalid for settings that would not be safe."""
    if not settings.oidc_issuer:
        return None
    parts = urlsplit(settings.oidc_issuer)
    is_near = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1", "localhost"}
    if not parts.hostname or not (parts.scheme == "https" or is_near):
        raise SettingInvalid(
            f"oidc_issuer is {settings.oidc_issuer[:200]!r}; it must be an https address, as the provider writes it."
        )
    unknown = [one for one in settings.oidc_algorithms if one not in SIGNATURES]
    if unknown or not settings.oidc_algorithms:
        raise SettingInvalid(
            f"oidc_algorithms holds {', '.join(unknown)[:100] or 'nothing'}. "
            f"Use any of {', '.join(sorted(SIGNATURES))}."
        )
    if settings.oidc_scheme.casefold() == LOCAL_PROVIDER:
        raise SettingInvalid(
            f"oidc_scheme is {settings.oidc_scheme}, which names the accounts kept here. Choose another."
        )
    http = ConfiguredHttp(f"{parts.scheme}://{parts.netloc}", trust=trust, seconds=_PATIENCE_SECONDS)
    return OpenIdProvider(settings, clock, http)


SIGNATURES = frozenset({*(f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512)), "EdDSA"})
"""Ways of signing with a key pair. A shared secret would let whoever can check a token make one."""
_PATIENCE_SECONDS = 10.0
_OK = 200


def _header(token: str) -> Mapping[str, Any]:
    if len(token) > _LONGEST_TOKEN:
        raise StatementForged("The token is longer than any that is read.")
    try:
        return jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError, TypeError, AttributeError) as error:
        raise StatementForged("The token is no signed JWT.") from error


def _signing_keys(published: Mapping[str, Any]) -> dict[str, jwk.Key]:
    """Public keys for signatures, by id. A symmetric key in public would let everybody sign."""
    found: dict[str, jwk.Key] = {}
    for number, one in enumerate(published.get("keys") or ()):
        if not isinstance(one, dict) or one.get("kty") not in {"RSA", "EC", "OKP"} or one.get("use", "sig") != "sig":
            continue
        try:
            found[str(one.get("kid", f"#{number}"))] = jwk.import_key(one)
        except (JoseError, ValueError, TypeError):
            # One key of a kind we do not know must not make the others useless.
            continue
    return found


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise ProviderUnusable("The identity provider's answer is no JSON object.") from error
