"""Which instance answered a request, so that the same request again gets the same instance."""

from typing import ClassVar

from certloom.store.database import Database
from certloom.store.rows import Row

__all__ = ["RepeatRow", "read_repeat"]


class RepeatRow(Row, frozen=True, kw_only=True):
    """A request's fingerprint and the instance it started."""

    table: ClassVar[str] = "repeat"
    key: ClassVar[tuple[str, ...]] = ("fingerprint",)

    fingerprint: str
    instance_id: str
    at: str


async def read_repeat(database: Database, fingerprint: str) -> RepeatRow | None:
    """The repeat row of a fingerprint, or None."""
    row = await database.fetch_one("SELECT fingerprint, instance_id, at FROM repeat WHERE fingerprint = ?", fingerprint)
    return RepeatRow(fingerprint=row[0], instance_id=row[1], at=row[2]) if row else None
