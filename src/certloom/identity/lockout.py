"""Lockout: guessing passwords is slow, for one account and from one place."""

from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

__all__ = ["Lockout"]

MAX_SUBJECTS = 10_000
ADDRESS_FACTOR = 5
"""An address gets this many times the threshold: several people may share it."""
ACCOUNT_FACTOR = 10
ACCOUNT_WINDOWS = 12
"""From everywhere together, an account gets ten times the threshold in twelve times the window."""
_ADDRESS_REMEMBERED = timedelta(days=30)


class Lockout:
    """Counts failed logins in windows that start with the first failure, and refuses further ones when one is full.

    Three counts: an account from one address, which stops somebody who guesses; an address, which stops one password
    being tried on many accounts; and, slower, an account from everywhere, which stops many addresses at once. The last
    one spares addresses from which the account has logged in before, so that nobody can lock a person out of the place
    they work from.

    Ask ``locked`` before any check of credentials, remembered ones included, and again right before hashing
    when the check had to wait for its turn: otherwise a burst of parallel guesses passes before the first one
    has failed. A success does not reset a count: a client that logs in with every request would otherwise
    reset it for whoever guesses in between.
    """

    def __init__(self, threshold: int = 10, window_seconds: int = 300) -> None:
        window = timedelta(seconds=window_seconds)
        self._pairs = _Windows(threshold, window)
        self._addresses = _Windows(threshold * ADDRESS_FACTOR, window)
        self._accounts = _Windows(threshold * ACCOUNT_FACTOR, window * ACCOUNT_WINDOWS)
        self._familiar: dict[str, datetime] = {}

    def locked(self, account_key: str, address: str, now: datetime) -> bool:
        """Whether the failures allowed here are used up; then credentials are not looked at."""
        pair, network = _pair(account_key, address), _network(address)
        if self._pairs.full(pair, now) or self._addresses.full(network, now):
            return True
        return self._accounts.full(account_key, now) and not self._is_familiar(pair, now)

    def failed(self, account_key: str, address: str, now: datetime) -> bool:
        """Count one failure. True when it opens the window of its account here or of its address: audit it then.

        Later failures of the window are counted only. An address gets a bounded number of checks in a window, so the
        number of audited failures is bounded too.
        """
        self._accounts.count(account_key, now)
        first_of_pair = self._pairs.count(_pair(account_key, address), now) == 1
        first_of_address = self._addresses.count(_network(address), now) == 1
        return first_of_pair or first_of_address

    def succeeded(self, account_key: str, address: str, now: datetime) -> None:
        """Remember for a month that the account logs in from this address."""
        pair = _pair(account_key, address)
        self._familiar.pop(pair, None)
        if len(self._familiar) >= MAX_SUBJECTS:
            del self._familiar[next(iter(self._familiar))]
        self._familiar[pair] = now

    def failures(self, account_key: str, now: datetime) -> int:
        """How many failures the account has, from everywhere, in its present window."""
        return self._accounts.present(account_key, now)

    def _is_familiar(self, pair: str, now: datetime) -> bool:
        since = self._familiar.get(pair)
        return since is not None and now - since < _ADDRESS_REMEMBERED


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


def _pair(account_key: str, address: str) -> str:
    # A network holds no blank, so two pairs never read the same.
    return f"{_network(address)} {account_key}"


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
