"""Definitions as rows: the definition, its keys and every one of its versions."""

from typing import Any, ClassVar

import msgspec

from certloom.store.database import Database
from certloom.store.rows import Row
from certloom.workflow.definition import Definition, Step

__all__ = [
    "DefinitionKeyRow",
    "DefinitionRow",
    "DefinitionVersionRow",
    "all_keys",
    "keys_of",
    "list_definitions",
    "read_definition",
    "read_for_key",
    "read_global",
    "read_in_use",
    "read_version",
    "read_versions",
    "steps_text",
    "version_was_published",
]


class DefinitionRow(Row, frozen=True, kw_only=True):
    """A definition. ``draft_version`` is the newest version, ``published_version`` the one in use (None: never)."""

    table: ClassVar[str] = "definition"
    key: ClassVar[tuple[str, ...]] = ("id",)

    id: str
    workflow_type: str
    display_name: str
    description: str
    enabled: int
    is_global: int
    draft_version: int
    published_version: int | None
    rev: int


class DefinitionKeyRow(Row, frozen=True, kw_only=True):
    """A key of a definition: at most one definition per type and key."""

    table: ClassVar[str] = "definition_key"
    key: ClassVar[tuple[str, ...]] = ("workflow_type", "key_value")

    workflow_type: str
    key_value: str
    definition_id: str


class DefinitionVersionRow(Row, frozen=True, kw_only=True):
    """The steps of one version, as JSON text. Immutable once ``published`` is 1."""

    table: ClassVar[str] = "definition_version"
    key: ClassVar[tuple[str, ...]] = ("definition_id", "version")

    definition_id: str
    version: int
    steps: str
    published: int


_COLUMNS = ", ".join(f"definition.{column}" for column in DefinitionRow.__struct_fields__)
_STEPS = msgspec.json.Decoder(tuple[Step, ...])
_JSON = msgspec.json.Encoder()


def steps_text(steps: tuple[Step, ...]) -> str:
    """Steps as they are stored."""
    return _JSON.encode(steps).decode()


def _row(values: tuple[Any, ...]) -> DefinitionRow:
    return DefinitionRow(**dict(zip(DefinitionRow.__struct_fields__, values, strict=True)))


async def read_definition(database: Database, definition_id: str) -> DefinitionRow | None:
    """The definition of that id, or None."""
    row = await database.fetch_one(f"SELECT {_COLUMNS} FROM definition WHERE id = ?", definition_id)
    return _row(row) if row else None


async def read_in_use(database: Database, workflow_type: str, key: str) -> DefinitionRow | None:
    """The published definition of a type for one key, else the built-in one."""
    keyed = "SELECT definition_id FROM definition_key WHERE workflow_type = ? AND key_value = ?"
    row = await database.fetch_one(
        f"SELECT {_COLUMNS} FROM definition WHERE workflow_type = ? AND published_version IS NOT NULL "
        f"AND (is_global = 1 OR id = ({keyed})) ORDER BY is_global LIMIT 1",
        workflow_type,
        workflow_type,
        key,
    )
    return _row(row) if row else None


async def read_for_key(database: Database, workflow_type: str, key: str) -> DefinitionRow | None:
    """The definition of a type for one key, or None."""
    row = await database.fetch_one(
        f"SELECT {_COLUMNS} FROM definition JOIN definition_key ON definition_id = definition.id "
        "WHERE definition_key.workflow_type = ? AND key_value = ?",
        workflow_type,
        key,
    )
    return _row(row) if row else None


async def read_global(database: Database, workflow_type: str) -> DefinitionRow | None:
    """The built-in definition of a type, or None."""
    row = await database.fetch_one(
        f"SELECT {_COLUMNS} FROM definition WHERE workflow_type = ? AND is_global = 1",
        workflow_type,
    )
    return _row(row) if row else None


async def list_definitions(database: Database) -> list[DefinitionRow]:
    """Every definition, by display name."""
    rows = await database.fetch_all(f"SELECT {_COLUMNS} FROM definition ORDER BY display_name COLLATE NOCASE, id")
    return [_row(row) for row in rows]


async def keys_of(database: Database, definition_id: str) -> list[str]:
    """The keys of a definition."""
    rows = await database.fetch_all(
        "SELECT key_value FROM definition_key WHERE definition_id = ? ORDER BY key_value", definition_id
    )
    return [row[0] for row in rows]


async def all_keys(database: Database) -> list[DefinitionKeyRow]:
    """Every key of every definition."""
    rows = await database.fetch_all(
        "SELECT workflow_type, key_value, definition_id FROM definition_key ORDER BY definition_id, key_value"
    )
    return [DefinitionKeyRow(workflow_type=row[0], key_value=row[1], definition_id=row[2]) for row in rows]


async def read_version(database: Database, definition_id: str, version: int) -> tuple[Step, ...] | None:
    """The steps of one version, or None when there is no such version."""
    row = await database.fetch_one(
        "SELECT steps FROM definition_version WHERE definition_id = ? AND version = ?", definition_id, version
    )
    return _STEPS.decode(row[0]) if row else None


async def read_versions(database: Database, definition_id: str) -> dict[int, tuple[Step, ...]]:
    """The steps of every version, by its number."""
    rows = await database.fetch_all(
        "SELECT version, steps FROM definition_version WHERE definition_id = ?", definition_id
    )
    return {row[0]: _STEPS.decode(row[1]) for row in rows}


async def version_was_published(database: Database, definition_id: str, version: int) -> bool:
    """Whether a version was ever put into use: such a version is never changed again."""
    row = await database.fetch_one(
        "SELECT published FROM definition_version WHERE definition_id = ? AND version = ?", definition_id, version
    )
    return bool(row and row[0])


def definition_of(row: DefinitionRow, version: int, steps: tuple[Step, ...]) -> Definition:
    """The domain's view of one version."""
    return Definition(
        id=row.id,
        version=version,
        workflow_type=row.workflow_type,
        display_name=row.display_name,
        steps=steps,
    )
