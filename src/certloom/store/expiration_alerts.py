"""Expiration alerts as rows: which certificates an Expiration workflow is about, and how long before they expire."""

from typing import ClassVar

from certloom.store.database import Database
from certloom.store.rows import Row

__all__ = ["ExpirationAlertRow", "list_expiration_alerts", "read_expiration_alert"]


class ExpirationAlertRow(Row, frozen=True, kw_only=True):
    """An alert: ``days`` before a certificate expires. ``name_key`` is the display name casefolded."""

    table: ClassVar[str] = "expiration_alert"
    key: ClassVar[tuple[str, ...]] = ("id",)

    id: int
    name_key: str
    display_name: str
    days: int


_COLUMNS = ", ".join(ExpirationAlertRow.__struct_fields__)


async def list_expiration_alerts(database: Database) -> list[ExpirationAlertRow]:
    """Every alert, by display name."""
    rows = await database.fetch_all(f"SELECT {_COLUMNS} FROM expiration_alert ORDER BY name_key")
    return [_row(row) for row in rows]


async def read_expiration_alert(database: Database, name_key: str) -> ExpirationAlertRow | None:
    """The alert of that display name (casefolded), or None."""
    row = await database.fetch_one(f"SELECT {_COLUMNS} FROM expiration_alert WHERE name_key = ?", name_key)
    return _row(row) if row else None


def _row(row: tuple[object, ...]) -> ExpirationAlertRow:
    return ExpirationAlertRow(**dict(zip(ExpirationAlertRow.__struct_fields__, row, strict=True)))  # type: ignore[arg-type]  # columns and fields are one list
