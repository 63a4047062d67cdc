import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from certloom.store.change import AuditEntry
from certloom.store.schema import upgrade
from certloom.store.sqlite import SqliteDatabase


@dataclass
class Wakes:
    """Keeps what a commit told about instances."""

    woken: list[str] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)

    def committed(self, wake: Iterable[str], settled: Iterable[str]) -> None:
        self.woken.extend(wake)
        self.settled.extend(settled)


def entry(message: str) -> AuditEntry:
    return AuditEntry(
        at="2026-01-01T00:00:00.000Z", actor="a", operation="test", entity_type="T", entity="1", message=message
    )


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "empty.db"
    upgrade(path)
    return path


@pytest.fixture
def path(empty_database: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(empty_database, tmp_path / "test.db"))


@pytest.fixture
def wakes() -> Wakes:
    return Wakes()


@pytest.fixture
async def database(path: Path, wakes: Wakes) -> AsyncIterator[SqliteDatabase]:
    opened = SqliteDatabase(path, wakes)
    yield opened
    await opened.close()


def change_behind_its_back(path: Path, *statements: str) -> None:
    """What somebody with access to the file can do."""
    connection = sqlite3.connect(path)
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()
