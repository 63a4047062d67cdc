"""The port every database implements: reads, and the commit of a Change."""

from typing import Any, Protocol

from certloom.store.change import Change
from certloom.store.rows import Value

__all__ = ["Database"]


class Database(Protocol):
    """A database certloom runs on. Statements mark their parameters with ``?``."""

    async def fetch_one(self, sql: str, *values: Value) -> tuple[Any, ...] | None:
        """The first row, or None."""

    async def fetch_all(self, sql: str, *values: Value) -> list[tuple[Any, ...]]:
        """Every row."""

    async def search_all(self, sql: str, *values: Value) -> list[tuple[Any, ...]]:
        """Every row, read beside everything else and within a time limit. Raises SearchTooSlow."""

    async def commit(self, change: Change) -> None:
        """Return once the Change is durable. Raises GuardLost, RowCollides or StoreUnavailable."""

    async def close(self) -> None:
        """Finish what is queued and let go of the database."""
