"""The searching connections of SQLite: lists are read beside the event loop, and none reads for ever."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from certloom.errors import Invalid
from certloom.store.rows import Value

__all__ = ["SearchTooSlow", "Searcher"]

# One search that runs into its limit must not hold up the quick ones.
_AT_ONCE = 4
# About a millisecond of work: the limit is kept closely, and asking for the time costs nothing beside it.
_INSTRUCTIONS_BETWEEN_LOOKS = 10_000


class SearchTooSlow(Invalid):
    """A search was given up at its time limit."""


class Searcher:
    """Runs searches, each on a connection of its own, at most ``seconds`` long."""

    def __init__(self, connect: Callable[[], sqlite3.Connection], seconds: float) -> None:
        self._connect = connect
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="search")
        self._connections: list[sqlite3.Connection] = []
        self._own = threading.local()

    async def fetch_all(self, sql: str, *values: Value) -> list[tuple[Any, ...]]:
        """Every row. Raises SearchTooSlow."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._search, sql, values)

    def close(self) -> None:
        """End running searches and close every connection."""
        self._seconds = 0
        for connection in self._connections:
            connection.interrupt()
        self._threads.shutdown()
        for connection in self._connections:
            connection.close()

    def _search(self, sql: str, values: tuple[Value, ...]) -> list[tuple[Any, ...]]:
        connection = self._connection()
        deadline = time.monotonic() + self._seconds
        connection.set_progress_handler(lambda: time.monotonic() > deadline, _INSTRUCTIONS_BETWEEN_LOOKS)
        try:
            return connection.execute(sql, values).fetchall()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            raise SearchTooSlow(
                f"The search was given up after {self._seconds:g} seconds. Narrow it by a field that has an index "
                "(Id, ReferenceId, Status, WorkflowType, DefinitionId, InitiatingUserName with -eq, StartDate, "
                "LastModified) and sort by one of these or by CurrentStepDisplayName."
            ) from error

    def _connection(self) -> sqlite3.Connection:
        known: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if known is None:
            known = self._own.connection = self._connect()
            self._connections.append(known)
        return known
