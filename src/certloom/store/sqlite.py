"""SQLite: one writing connection, one reading connection, both in WAL mode with ``synchronous=FULL``."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from certloom.store.audit import AuditChain
from certloom.store.change import (
    ABSENT,
    Change,
    Expect,
    GuardLost,
    InstanceRemoval,
    InstanceWrite,
    RowCollides,
    StoreUnavailable,
    Wakeups,
)
from certloom.store.committer import Committer
from certloom.store.instances import COUNT_CHANGE, INSTANCE_INSERT, INSTANCE_UPDATE, JOURNAL_INSERT, AwaitedSignalRow
from certloom.store.rows import (
    Claim,
    Delete,
    Forget,
    Insert,
    Put,
    Value,
    Write,
    claim_sql,
    delete_sql,
    insert_sql,
    put_sql,
    values_of,
)
from certloom.store.searcher import Searcher

__all__ = ["SqliteDatabase", "connect"]

_BUSY_FOR = 10.0
_BUSY_STEP = 0.02


def connect(path: Path) -> sqlite3.Connection:
    """A connection with the settings every connection of certloom has."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA wal_autocheckpoint = 4000")
    # SQLite's own lower() knows ASCII only.
    connection.create_function("casefold", 1, _casefold, deterministic=True)
    return connection


def _reading(path: Path) -> sqlite3.Connection:
    connection = connect(path)
    connection.execute("PRAGMA query_only = ON")
    return connection


def _casefold(text: str | None) -> str | None:
    return None if text is None else str(text).casefold()


class SqliteDatabase:
    """The embedded database: point reads on the event loop, writes through the committer."""

    def __init__(self, path: Path, wakeups: Wakeups, search_seconds: float = 2.0) -> None:
        self._reader = _reading(path)
        self._searcher = Searcher(lambda: _reading(path), search_seconds)
        self._writer = SqliteWriter(connect(path))
        self._committer = Committer(self._writer, wakeups)

    async def fetch_one(self, sql: str, *values: Value) -> tuple[Any, ...] | None:
        """The first row, or None."""
        cursor = self._reader.execute(sql, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
        cursor.close()
        return row

    async def fetch_all(self, sql: str, *values: Value) -> list[tuple[Any, ...]]:
        """Every row."""
        return self._reader.execute(sql, values).fetchall()

    async def search_all(self, sql: str, *values: Value) -> list[tuple[Any, ...]]:
        """Every row, read beside everything else and within a time limit. Raises SearchTooSlow."""
        return await self._searcher.fetch_all(sql, *values)

    async def commit(self, change: Change) -> None:
        """Return once the Change is durable. Raises GuardLost, RowCollides or StoreUnavailable."""
        await self._committer.commit(change)

    async def close(self) -> None:
        """Finish what is queued and close both connections."""
        await self._committer.close()
        self._writer.close()
        await asyncio.to_thread(self._searcher.close)
        self._reader.close()


class SqliteWriter:
    """Writes batches of Changes on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._connection.execute("PRAGMA busy_timeout = 0")
        self._audit = AuditChain()

    async def begin(self) -> None:
        """Take the write lock, waiting for another process (a command line) that holds it."""
        deadline = asyncio.get_running_loop().time() + _BUSY_FOR
        self._audit.forget()
        while True:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or self._now() > deadline:
                    raise StoreUnavailable(f"The database is held by another process ({error}); try again.") from error
                await asyncio.sleep(_BUSY_STEP)
            else:
                return

    def write(self, changes: Sequence[Change]) -> list[Exception | None]:
        """Write all Changes; where one fails unexpectedly, write them again, each under a savepoint of its own."""
        results = self._write_all(changes)
        self._count(change for change, error in zip(changes, results, strict=True) if error is None)
        return results

    def _write_all(self, changes: Sequence[Change]) -> list[Exception | None]:
        self._connection.execute("SAVEPOINT batch")
        try:
            results: list[Exception | None] = [self._write_unless_guarded(change) for change in changes]
        except Exception:  # noqa: BLE001 - a value that cannot be bound is no sqlite3.Error, and must not refuse the others
            self._take_back("batch")
            results = [self._write_alone(change) for change in changes]
        self._connection.execute("RELEASE batch")
        return results

    def _count(self, written: Iterable[Change]) -> None:
        """Keep the numbers of instances by type and status: one statement for each that changed in the batch."""
        changed: Counter[tuple[str, str]] = Counter()
        for change in written:
            for counted in (*(one.counted for one in change.instances), *(one.counted for one in change.removed)):
                changed.update(dict(counted))
        self._connection.executemany(COUNT_CHANGE, [(*what, by) for what, by in changed.items() if by])

    def commit(self) -> None:
        """COMMIT: returns once the disk has it."""
        self._connection.execute("COMMIT")

    def rollback(self) -> None:
        """Forget everything since ``begin``."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    def _write_alone(self, change: Change) -> Exception | None:
        self._connection.execute("SAVEPOINT change")
        try:
            result = self._write_unless_guarded(change)
        except GuardLost as lost:
            self._take_back("change")
            result = lost
        except sqlite3.IntegrityError as error:
            self._take_back("change")
            result = RowCollides(f"A row of this change exists already ({error}).")
        except Exception as error:  # noqa: BLE001 - whatever it is, it concerns this Change alone
            self._take_back("change")
            result = StoreUnavailable(f"The database refused a write ({error}). Nothing was changed.")
        self._connection.execute("RELEASE change")
        return result

    def _take_back(self, savepoint: str) -> None:
        self._connection.execute(f"ROLLBACK TO {savepoint}")
        self._audit.forget()

    def _write_unless_guarded(self, change: Change) -> Exception | None:
        """Write a Change, or return why not. A guard lost after a first write is raised: that write is to be undone."""
        for guard in change.guards:
            if not self._holds(guard):
                return GuardLost(f"The {guard.kind.table} row {guard.key} was changed by somebody else.")
        for number, instance in enumerate(change.instances):
            if not self._write_instance(instance):
                lost = GuardLost(f"Instance {instance.id} was changed by somebody else. Read it again.")
                if number:
                    raise lost
                return lost
        for removal in change.removed:
            if not self._remove(removal):
                raise GuardLost(f"Instance {removal.id} was changed by somebody else. Read it again.")
        for write in change.writes:
            self._write(write)
        if change.audit:
            self._audit.append(self._connection, change.audit)
        return None

    def _holds(self, guard: Expect) -> bool:
        condition = " AND ".join(f"{column} = ?" for column in guard.kind.key)
        sql = f"SELECT {guard.column} FROM {guard.kind.table} WHERE {condition}"
        row = self._connection.execute(sql, guard.key).fetchone()
        if guard.value is ABSENT:
            return row is None
        return row is not None and row[0] == guard.value

    def _write_instance(self, instance: InstanceWrite) -> bool:
        """Write an instance; false, and nothing is written, when it is not where it is expected to be."""
        execute = self._connection.execute
        values = values_of(instance.row)
        if instance.before:
            if not execute(INSTANCE_UPDATE, (*values, instance.id, instance.before)).rowcount:
                return False
        else:
            execute(INSTANCE_INSERT, values)
        self._connection.executemany(JOURNAL_INSERT, [(instance.id, *event) for event in instance.events])
        if instance.awaited is not None:
            execute("DELETE FROM awaited_signal WHERE instance_id = ?", (instance.id,))
            for row in instance.awaited:
                execute(insert_sql(AwaitedSignalRow, with_id=True), values_of(row))
        if instance.rejected:
            execute("DELETE FROM held_key WHERE instance_id = ?", (instance.id,))
        elif instance.heir is not None:
            execute("UPDATE held_key SET instance_id = ? WHERE instance_id = ?", (instance.heir, instance.id))
        return True

    def _remove(self, removal: InstanceRemoval) -> bool:
        """Remove an instance and what belongs to it alone; false when it is not where it is expected to be."""
        execute = self._connection.execute
        if not execute("DELETE FROM instance WHERE id = ? AND rev = ?", (removal.id, removal.before)).rowcount:
            return False
        for table in ("journal", "awaited_signal", "signalled", "held_key", "out_of_reach"):
            execute(f"DELETE FROM {table} WHERE instance_id = ?", (removal.id,))
        return True

    def _write(self, write: Write) -> None:
        match write:
            case Insert(row):
                values = values_of(row)
                with_id = len(values) == len(row.__struct_fields__)
                self._connection.execute(insert_sql(type(row), with_id=with_id), values)
            case Put(row):
                values = values_of(row)
                with_id = len(values) == len(row.__struct_fields__)
                self._connection.execute(put_sql(type(row), with_id=with_id), values)
            case Claim(row, owner, over):
                values = (*msgspec.structs.astuple(row), over)
                if not self._connection.execute(claim_sql(type(row), owner), values).rowcount:
                    raise sqlite3.IntegrityError(f"this {row.table} row is somebody else's")
            case Forget(kind, column, before):
                self._connection.execute(f"DELETE FROM {kind.table} WHERE {column} < ?", (before,))
            case Delete(kind, key):
                self._connection.execute(delete_sql(kind, len(key)), key)
