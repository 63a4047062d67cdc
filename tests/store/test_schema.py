import os
import sqlite3
import stat
from pathlib import Path

import pytest
from tests.store.conftest import change_behind_its_back

from certloom.store import (
    accounts,
    audit,
    certificates,
    claims,
    credentials,
    definitions,
    expiration_alerts,
    held_keys,
    instances,
    meta,
    metadata,
    outbox,
    repeats,
    revocations,
    scripts,
    secrets,
)
from certloom.store.change import StoreUnavailable
from certloom.store.rows import Row
from certloom.store.schema import SchemaTooNew, upgrade
from certloom.store.sqlite import connect

MODULES = (
    accounts,
    audit,
    certificates,
    claims,
    credentials,
    definitions,
    expiration_alerts,
    held_keys,
    instances,
    meta,
    metadata,
    outbox,
    repeats,
    revocations,
    scripts,
    secrets,
)
KINDS: set[type[Row]] = {
    kind
    for module in MODULES
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, Row) and kind is not Row
}


def schema_of(path: Path) -> list[tuple[str, ...]]:
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()
    connection.close()
    return found


@pytest.mark.parametrize("kind", sorted(KINDS, key=str))
def test_every_column_a_row_names_is_there_and_its_key_is_unique(path: Path, kind: type[Row]) -> None:
    connection = connect(path)
    columns = {row[1] for row in connection.execute(f"PRAGMA table_info({kind.table})")}
    names = ", ".join(kind.key)
    connection.execute(
        f"INSERT INTO {kind.table} SELECT * FROM {kind.table} WHERE false ON CONFLICT ({names}) DO NOTHING"  # noqa: S608 - names of the record
    )
    connection.close()
    assert set(kind.__struct_fields__) <= columns


def test_every_table_has_its_row(path: Path) -> None:
    tables = {name for kind, name, _ in schema_of(path) if kind == "table" and not name.startswith("sqlite_")}
    assert tables == {kind.table for kind in KINDS} | {"journal", "alembic_version"}


def test_an_upgrade_from_nothing_twice_is_the_same_schema(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    upgrade(path)
    first = schema_of(path)
    upgrade(path)
    assert schema_of(path) == first
    assert len(first) > len(KINDS)


def test_whatever_the_umask_a_new_database_and_what_lies_beside_it_are_for_their_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        upgrade(tmp_path / "new.db")
        connection = connect(tmp_path / "new.db")
        connection.execute("INSERT INTO meta VALUES ('a', 'b')")
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
        connection.close()
    finally:
        os.umask(before)
    assert modes == {"new.db": 0o600, "new.db-wal": 0o600, "new.db-shm": 0o600}


def test_a_newer_schema_is_refused_and_left_alone(path: Path) -> None:
    change_behind_its_back(path, "UPDATE alembic_version SET version_num = '9999'")
    before = schema_of(path)
    with pytest.raises(SchemaTooNew, match="9999"):
        upgrade(path)
    assert schema_of(path) == before


def test_an_upgrade_that_was_interrupted_leaves_nothing_and_can_be_repeated(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    change_behind_its_back(path, "CREATE TABLE audit_checkpoint (seq INTEGER)")
    before = schema_of(path)
    with pytest.raises(StoreUnavailable, match="audit_checkpoint already exists"):
        upgrade(path)
    assert schema_of(path) == before
    change_behind_its_back(path, "DROP TABLE audit_checkpoint")
    upgrade(path)
    assert "audit_checkpoint" in {name for _, name, _ in schema_of(path)}


def test_a_damaged_database_is_told_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "certloom.db"
    path.write_bytes(b"this was a database once" * 100)
    with pytest.raises(StoreUnavailable, match="may be damaged"):
        upgrade(path)
    assert path.read_bytes().startswith(b"this was a database once")
