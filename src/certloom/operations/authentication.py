"""Authentication: from a name and a password to an actor.

Failures are counted before the cache of verified credentials is asked; only the first of a window is written down, so
that a flood fills no log.
"""

import asyncio
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NoReturn

from certloom.errors import Forbidden, Invalid
from certloom.identity.account import read_account_name
from certloom.identity.actor import Actor, system_actor
from certloom.identity.lockout import Lockout
from certloom.identity.openid import read_statement
from certloom.identity.verified import VerifiedCredentials
from certloom.operations.access import Operation
from certloom.operations.accounts import actor_of
from certloom.operations.api_tokens import actor_by_token
from certloom.operations.audit import record_refusal
from certloom.operations.browser_login import actor_by_session
from certloom.operations.external_accounts import actor_by_statement
from certloom.operations.openid_provider import OpenIdProvider, StatementForged
from certloom.operations.services import Services
from certloom.store.accounts import AccountRow, read_account, security_rev

__all__ = ["Authenticator", "CredentialsRefused", "TooManyFailures"]


class CredentialsRefused(Forbidden):
    """Name and password do not belong together, or the account is disabled."""


class TooManyFailures(Forbidden):
    """Too many failures for this account or from this address."""


@dataclass(frozen=True, slots=True)
class Authenticator:
    """Verifies passwords; remembers for a short time which it verified."""

    services: Services
    lockout: Lockout
    verified: VerifiedCredentials
    provider: OpenIdProvider | None = None
    _known: dict[str, tuple[str, AccountRow, Actor]] = field(default_factory=dict)
    _hashing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_HASHED_AT_ONCE))

    async def password(self, name: str, password: str, address: str) -> Actor:
        """The actor behind a name and a password. Raises CredentialsRefused or TooManyFailures."""
        key = _key(name, self.services.settings.default_domain)
        self._refuse_locked(key, address)
        known = await self._account(key)
        # None is hashed too: an account that is unknown or disabled cannot be told from others by the clock.
        stored = known[0].password_hash if known and not known[0].disabled else None
        if known and stored and self.verified.holds(key, password, stored, self.services.clock()):
            return known[1]
        async with self._hashing:
            # A burst in parallel was let in before its first failures were counted.
            self._refuse_locked(key, address)
            if await asyncio.to_thread(self.services.hasher.verify, stored, password) and known and stored:
                self.verified.remember(key, password, stored, self.services.clock())
                self.lockout.succeeded(key, address, self.services.clock())
                return known[1]
            is_first = self.lockout.failed(key, address, self.services.clock())
        if is_first:
            # People type passwords into name fields: a name nobody has is not written down.
            await self._record(address, key if known else "unknown")
        raise CredentialsRefused("The user name or the password is wrong.")

    async def token(self, secret: str, address: str) -> Actor:
        """The actor a token stands for. Raises CredentialsRefused or TooManyFailures."""
        self._refuse_locked("", address)
        actor = await actor_by_token(self.services, secret)
        if actor is None:
            await self.refuse_bearer(address, "The token is unknown, expired or revoked. Make another one.")
        return actor

    async def statement(self, token: str, address: str) -> Actor:
        """The actor an access token of the provider is about.

        Raises CredentialsRefused, TooManyFailures, StatementRefused for somebody who has no role here, or
        ProviderUnusable.
        """
        self._refuse_locked("", address)
        settings = self.services.settings
        if self.provider is None or not settings.oidc_audience:
            await self.refuse_bearer(address, "No identity provider's tokens are accepted here. Use one of certloom's.")
        try:
            said = await self.provider.access_token(token)
        except StatementForged as error:
            await self.refuse_bearer(address, error.message)
        statement = read_statement(said, settings.oidc_name_claim, settings.oidc_roles_claim)
        return await actor_by_statement(self.services, statement)

    async def session(self, secret: str) -> Actor:
        """The actor of a signed-in browser. Raises CredentialsRefused."""
        actor = await actor_by_session(self.services, secret)
        if actor is None:
            raise CredentialsRefused("You are not signed in any more. Sign in again.")
        return actor

    async def refuse_bearer(self, address: str, message: str) -> NoReturn:
        """Count a bearer token that proves nothing. Raises CredentialsRefused."""
        if self.lockout.failed("", address, self.services.clock()):
            await self._record(address, "token")
        raise CredentialsRefused(message)

    async def _record(self, address: str, whose: str) -> None:
        who, entity = system_actor("authentication"), ("Account", whose)
        await record_refusal(self.services, who, Operation.AUTHENTICATE, entity, f"Failed from {address}.")

    def _refuse_locked(self, key: str, address: str) -> None:
        if self.lockout.locked(key, address, self.services.clock()):
            raise TooManyFailures("Too many failed logins. Wait a few minutes, then try again.")

    async def _account(self, key: str) -> tuple[AccountRow, Actor] | None:
        """The account and its actor, read again whenever anything about accounts or roles has changed."""
        rev = await security_rev(self.services.database)
        known = self._known.get(key)
        if known is not None and known[0] == rev:
            return known[1], known[2]
        row = await read_account(self.services.database, key)
        if row is None:
            return None
        actor = await actor_of(self.services, row)
        if len(self._known) >= _ACCOUNTS_KEPT:
            self._known.clear()
        self._known[key] = (rev, row, actor)
        return row, actor


_HASHED_AT_ONCE = 4
"""Every one takes 64 MiB, and this many guesses more than the lockout's threshold may pass in a burst."""
_ACCOUNTS_KEPT = 10_000


@lru_cache(maxsize=_ACCOUNTS_KEPT)
def _key(name: str, default_domain: str) -> str:
    """The canonical name of an account; empty for a text that names none."""
    try:
        return read_account_name(name, default_domain).key
    except Invalid:
        return ""
