"""Time and time-ordered ids: the only place that reads the system clock."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

__all__ = ["Clock", "system_clock", "uuid7"]

Clock = Callable[[], datetime]
"""Returns the present moment in UTC. Handed in wherever time matters, so that tests own it."""


def system_clock() -> datetime:
    """The system's time in UTC, cut to milliseconds as everything on the wire is."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def uuid7(now: datetime) -> UUID:
    """A time-ordered id (RFC 9562, 5.7): 48 bits of milliseconds, then 74 random bits.

    Ordered ids keep the newest rows on the same pages, which group commit depends on.
    """
    milliseconds = int(now.timestamp() * 1000)
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & (1 << 48) - 1) << 80 | random
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)
