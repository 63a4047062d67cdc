"""Lockout: guessing passwords is slow, for one account and from one place."""

from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

__all__ = ["Lockout"]

MAX_SUBJECTS = 10_000


class Lockout:
    """Counts failed logins per account and per client address, in windows that start with the first failure.

    Ask ``locked`` before any check of credentials, remembered ones included, and again right before hashing
    when the check had to wait for its turn: otherwise a burst of parallel guesses passes before the first one
    has failed. A success does not reset a count: a client that logs in with every request would otherwise
    reset it for whoever guesses in between.
    """

    def __init__(self, threshold: int = 10, window_seconds: int = 300) -> None:
        self._accounts = _Windows(threshold, timedelta(seconds=window_seconds))
        self._addresses = _Windows(threshold, timedelta(seconds=window_seconds))

    def locked(self, account_key: str, address: str, now: datetime) -> bool:
        """Whether this account or address has used up its failures; then credentials are not looked at."""
        return self._accounts.full(account_key, now) or self._addresses.full(_network(address), now)

    def failed(self, account_key: str, address: str, now: datetime) -> bool:
        """Count one failure. True when it opens the window of its account or of its address: audit it then.

        Later failures of the window are counted only. An address gets no more than ``threshold`` checks in a
        window, so the number of audited failures is bounded too.
        """
        first_of_account = self._accounts.count(account_key, now) == 1
        first_of_address = self._addresses.count(_network(address), now) == 1
        return first_of_account or first_of_address

    def failures(self, account_key: str, now: datetime) -> int:
        """How many failures the account has in its present window."""
        return self._accounts.present(account_key, now)


class _Windows:
    """Counts per subject; the subject whose window began first goes when there are too many."""

    def __init__(self, threshold: int, length: timedelta) -> None:
        self._threshold = threshold
        self._length = length
        self._counts: dict[str, tuple[datetime, int]] = {}

    def full(self, subject: str, now: datetime) -> bool:
        return self.present(subject, now) >= self._threshold

    def present(self, subject: str, now: datetime) -> int:
        began, count = self._counts.get(subject, (now, 0))
        return count if abs(now - began) < self._length else 0

    def count(self, subject: str, now: datetime) -> int:
        present = self.present(subject, now)
        began = self._counts[subject][0] if present else now
        if not present:
            self._counts.pop(subject, None)
            if len(self._counts) >= MAX_SUBJECTS:
                del self._counts[next(iter(self._counts))]
        self._counts[subject] = (began, present + 1)
        return present + 1


@lru_cache(maxsize=4096)
def _network(address: str) -> str:
    """The address, or its /64 for IPv6: one customer owns all of that, and could change within it at will."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    mapped = parsed.ipv4_mapped
    return str(mapped) if mapped else str(ip_network((int(parsed), 64), strict=False))
