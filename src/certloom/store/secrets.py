"""Secrets of steps as rows: sealed, each for one parameter of one step of one definition."""

from typing import ClassVar

from certloom.store.database import Database
from certloom.store.rows import Row
from certloom.workflow.instance import Status

__all__ = ["SecretRow", "orphaned_secrets", "read_secret_row", "secret_ids"]


class SecretRow(Row, frozen=True, kw_only=True):
    """A sealed value. ``step`` is the unique name, ``parameter`` the declared name."""

    table: ClassVar[str] = "secret"
    key: ClassVar[tuple[str, ...]] = ("id",)

    id: str
    definition_id: str
    step: str
    parameter: str
    sealed: bytes
    created_at: str

    @property
    def purpose(self) -> str:
        """What the value is sealed for: it cannot be moved to another row, step or definition."""
        return f"secret {self.id} of parameter {self.parameter} of step {self.step} of definition {self.definition_id}"


_COLUMNS = ", ".join(SecretRow.__struct_fields__)
_ENDED = ", ".join(f"'{status.value}'" for status in (Status.COMPLETE, Status.REJECTED, Status.CANCELED_FOR_RESTART))


async def read_secret_row(database: Database, secret_id: str) -> SecretRow | None:
    """The sealed value of that id, or None."""
    row = await database.fetch_one(f"SELECT {_COLUMNS} FROM secret WHERE id = ?", secret_id)
    return SecretRow(**dict(zip(SecretRow.__struct_fields__, row, strict=True))) if row else None


async def secret_ids(database: Database, definition_id: str) -> set[str]:
    """The ids of the sealed values of a definition."""
    return {row[0] for row in await database.fetch_all("SELECT id FROM secret WHERE definition_id = ?", definition_id)}


async def orphaned_secrets(database: Database) -> list[str]:
    """The ids of sealed values whose definition is deleted and no longer has an instance that may go on."""
    rows = await database.fetch_all(
        "SELECT id FROM secret WHERE definition_id NOT IN (SELECT id FROM definition) AND NOT EXISTS (SELECT 1 "
        f"FROM instance WHERE instance.definition_id = secret.definition_id AND status NOT IN ({_ENDED}))"
    )
    return [row[0] for row in rows]
