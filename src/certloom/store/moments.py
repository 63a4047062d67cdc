"""Moments as they are stored and sent: UTC, milliseconds, ``Z``, so that texts sort as times do."""

from datetime import UTC, datetime
from functools import lru_cache

__all__ = ["moment", "text_of"]


@lru_cache(maxsize=1024)
def text_of(moment: datetime) -> str:
    """A moment as it is stored and sent: UTC, milliseconds, ``Z``."""
    in_utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return in_utc.isoformat(timespec="milliseconds")[: -len("+00:00")] + "Z"


def moment(text: str) -> datetime:
    """The moment of a stored text."""
    return datetime.fromisoformat(text)
