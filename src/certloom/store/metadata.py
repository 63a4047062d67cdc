"""Metadata: the fields, and what they hold for each certificate."""

from typing import Any, ClassVar

from certloom.store.database import Database
from certloom.store.rows import Row

__all__ = [
    "MetadataFieldRow",
    "MetadataValueRow",
    "is_metadata_used",
    "list_metadata_fields",
    "metadata_of",
]


class MetadataFieldRow(Row, frozen=True, kw_only=True):
    """A metadata field; ``document`` is its JSON."""

    table: ClassVar[str] = "metadata_field"
    key: ClassVar[tuple[str, ...]] = ("id",)

    id: int
    name_key: str
    document: str


class MetadataValueRow(Row, frozen=True, kw_only=True):
    """What a field, by its casefolded name, holds for a certificate."""

    table: ClassVar[str] = "certificate_metadata"
    key: ClassVar[tuple[str, ...]] = ("name_key", "certificate_id")

    name_key: str
    certificate_id: int
    name: str
    value: str


async def list_metadata_fields(database: Database) -> list[MetadataFieldRow]:
    """Every field, by name."""
    rows = await database.fetch_all("SELECT id, name_key, document FROM metadata_field ORDER BY name_key")
    return [_field(row) for row in rows]


def _field(row: tuple[Any, ...]) -> MetadataFieldRow:
    return MetadataFieldRow(id=row[0], name_key=row[1], document=row[2])


async def metadata_of(database: Database, certificate_id: int) -> dict[str, str]:
    """What is noted about a certificate, by field name."""
    rows = await database.fetch_all(
        "SELECT name, value FROM certificate_metadata WHERE certificate_id = ? ORDER BY name_key", certificate_id
    )
    return dict(rows)


async def is_metadata_used(database: Database, name_key: str) -> bool:
    """Whether any certificate has a value of that field."""
    row = await database.fetch_one("SELECT 1 FROM certificate_metadata WHERE name_key = ? LIMIT 1", name_key)
    return row is not None
