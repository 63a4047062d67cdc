"""The library of scripts as rows, and the definition versions that may use them."""

from typing import Any, ClassVar

import msgspec

from certloom.store.database import Database
from certloom.store.rows import Row
from certloom.workflow.definition import Step

__all__ = ["ScriptRow", "list_scripts", "read_script", "read_script_named", "steps_in_use"]


class ScriptRow(Row, frozen=True, kw_only=True):
    """A script. ``name_key`` is the casefolded name, ``categories`` a JSON array of numbers."""

    table: ClassVar[str] = "script"
    key: ClassVar[tuple[str, ...]] = ("id",)

    id: int
    name_key: str
    name: str
    contents: str
    categories: str
    rev: int


_COLUMNS = ", ".join(ScriptRow.__struct_fields__)
_STEPS = msgspec.json.Decoder(tuple[Step, ...])


async def list_scripts(database: Database) -> list[ScriptRow]:
    """Every script, by name."""
    return [_row(row) for row in await database.fetch_all(f"SELECT {_COLUMNS} FROM script ORDER BY name_key")]


async def read_script(database: Database, script_id: int) -> ScriptRow | None:
    """The script of that id, or None."""
    row = await database.fetch_one(f"SELECT {_COLUMNS} FROM script WHERE id = ?", script_id)
    return _row(row) if row else None


async def read_script_named(database: Database, name_key: str) -> ScriptRow | None:
    """The script of that name (casefolded), or None."""
    row = await database.fetch_one(f"SELECT {_COLUMNS} FROM script WHERE name_key = ?", name_key)
    return _row(row) if row else None


async def steps_in_use(database: Database) -> list[tuple[str, tuple[Step, ...]]]:
    """Display name and steps of every draft, every published version, and every version that instances still run on."""
    rows = await database.fetch_all(
        "SELECT display_name, steps FROM definition JOIN definition_version ON definition_id = id "
        "AND version IN (draft_version, published_version) "
        "UNION SELECT DISTINCT definition_name, steps FROM instance JOIN definition_version AS v "
        "ON v.definition_id = instance.definition_id AND v.version = instance.definition_version "
        "WHERE status IN ('Running', 'Suspended') ORDER BY 1"
    )
    return [(row[0], _STEPS.decode(row[1])) for row in rows]


def _row(values: tuple[Any, ...]) -> ScriptRow:
    return ScriptRow(**dict(zip(ScriptRow.__struct_fields__, values, strict=True)))
