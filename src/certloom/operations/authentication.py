"""Authentication: from a name and a password to an actor.

Failures are counted before the cache of verified credentials is asked; only the first of a window is written down, so
that a flood fills no log.
"""

import asyncio
from dataclasses import dataclass

from certloom.errors import Forbidden, Invalid
from certloom.identity.actor import Actor, system_actor
from certloom.identity.lockout import Lockout
from certloom.identity.verified import VerifiedCredentials
from certloom.operations.access import Operation
from certloom.operations.accounts import account_name, actor_of
from certloom.operations.audit import record_refusal
from certloom.operations.services import Services
from certloom.store.accounts import AccountRow, read_account

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

    async def password(self, name: str, password: str, address: str) -> Actor:
        """The actor behind a name and a password. Raises CredentialsRefused or TooManyFailures."""
        services, now = self.services, self.services.clock()
        try:
            key = account_name(services, name).key
        except Invalid:
            key = ""
        if self.lockout.locked(key, address, now):
            raise TooManyFailures("Too many failed logins. Wait a few minutes, then try again.")
        row = await read_account(services.database, key)
        if row is None or not await self._matches(row, password):
            if row is None:
                # As slow as for an account that exists, so that names cannot be found out by the clock.
                await asyncio.to_thread(services.hasher.verify, None, password)
            if self.lockout.failed(key, address, now):
                who = system_actor("authentication")
                await record_refusal(services, who, Operation.AUTHENTICATE, ("Account", key), f"Failed from {address}.")
            raise CredentialsRefused("The user name or the password is wrong.")
        return await actor_of(services, row)

    async def _matches(self, row: AccountRow, password: str) -> bool:
        if row.password_hash is None or row.disabled:
            return False
        now = self.services.clock()
        if self.verified.holds(row.account_key, password, row.password_hash, now):
            return True
        matches = await asyncio.to_thread(self.services.hasher.verify, row.password_hash, password)
        if matches:
            self.verified.remember(row.account_key, password, row.password_hash, now)
        return matches
