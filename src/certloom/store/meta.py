"""Single values the installation remembers about itself."""

from typing import ClassVar

from certloom.store.database import Database
from certloom.store.rows import Row

__all__ = ["MetaRow", "read_meta"]


class MetaRow(Row, frozen=True, kw_only=True):
    """A named value."""

    table: ClassVar[str] = "meta"
    key: ClassVar[tuple[str, ...]] = ("name",)

    name: str
    value: str


async def read_meta(database: Database, name: str) -> str | None:
    """The value of that name, or None."""
    row = await database.fetch_one("SELECT value FROM meta WHERE name = ?", name)
    return row[0] if row else None
