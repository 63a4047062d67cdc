"""Credentials that were just verified, so that not every request pays for Argon2."""

import hashlib
import os
from datetime import datetime, timedelta

__all__ = ["VerifiedCredentials"]


class VerifiedCredentials:
    """A short memory of credentials that passed, bounded in time and number.

    An entry is a keyed MAC over account, password and stored hash under a key that lives and dies with the
    process: no password is kept, and a changed password or hash misses by construction. Ask the lockout
    first.
    """

    def __init__(self, lifetime_seconds: int = 60, limit: int = 10_000) -> None:
        self._lifetime = timedelta(seconds=lifetime_seconds)
        self._limit = limit
        self._key = os.urandom(32)
        self._verified_at: dict[bytes, datetime] = {}

    def remember(self, account_key: str, password: str, stored_hash: str, now: datetime) -> None:
        """Note that this password was verified against this stored hash just now."""
        mac = self._mac(account_key, password, stored_hash)
        self._verified_at.pop(mac, None)
        self._verified_at[mac] = now
        self._forget_old(now)

    def holds(self, account_key: str, password: str, stored_hash: str, now: datetime) -> bool:
        """Whether exactly these credentials were verified within the lifetime."""
        verified_at = self._verified_at.get(self._mac(account_key, password, stored_hash))
        # A moment in the future means the clock was set back: the entry's age is unknown.
        return verified_at is not None and verified_at <= now < verified_at + self._lifetime

    def _forget_old(self, now: datetime) -> None:
        """Entries lie in the order of their time, so the oldest are first."""
        while self._verified_at:
            oldest = next(iter(self._verified_at))
            full = len(self._verified_at) > self._limit
            if not full and now < self._verified_at[oldest] + self._lifetime:
                return
            del self._verified_at[oldest]

    def _mac(self, *parts: str) -> bytes:
        mac = hashlib.blake2b(key=self._key, digest_size=32)
        for part in parts:
            encoded = part.encode("utf-8", "surrogatepass")
            mac.update(len(encoded).to_bytes(8, "big"))
            mac.update(encoded)
        return mac.digest()
