"""Keys: what a definition is for. Each workflow type declares a kind of key; one table says how each kind is read.

A key is stored as the id of a thing, as text, and may be given as its id, its name or its display name. At most one
definition covers a thing for a workflow type. Source: workflow-definitions reference, 2.8 and 3.1.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from certloom.errors import Conflict
from certloom.operations.services import Services
from certloom.store.certificates import list_templates
from certloom.store.change import ABSENT, Expect
from certloom.store.database import Database
from certloom.store.definitions import DefinitionKeyRow, DefinitionRow, all_keys, keys_of, read_for_key
from certloom.store.expiration_alerts import list_expiration_alerts
from certloom.store.rows import Delete, Insert, Write

__all__ = [
    "KEY_KINDS",
    "DefinitionKeyTaken",
    "FoundKeys",
    "KeyKind",
    "Keyed",
    "find_keys",
    "key_changes",
    "named_keys",
    "names_of_all_keys",
    "refuse_taken_keys",
]


class DefinitionKeyTaken(Conflict):
    """Another definition of the type covers this key."""

    code = "0xA011000A"


class Keyed(msgspec.Struct, frozen=True):
    """A thing that definitions can be for."""

    id: str
    name: str
    display_name: str


class KeyKind(msgspec.Struct, frozen=True):
    """A kind of things that definitions can be for: what people call one, and how all of them are read."""

    label: str
    read: Callable[[Database], Awaitable[list[Keyed]]]


class FoundKeys(msgspec.Struct, frozen=True):
    """The ids that keys stand for, each once, and the keys that stand for nothing or for more than one thing."""

    ids: tuple[str, ...]
    unknown: tuple[str, ...]
    known: str


class _Shown(msgspec.Struct):
    display_name: str = ""


async def _templates(database: Database) -> list[Keyed]:
    rows = await list_templates(database)
    shown = [msgspec.json.decode(row.document, type=_Shown).display_name for row in rows]
    return [Keyed(str(row.id), row.name, name or row.name) for row, name in zip(rows, shown, strict=True)]


async def _expiration_alerts(database: Database) -> list[Keyed]:
    rows = await list_expiration_alerts(database)
    return [Keyed(str(row.id), row.display_name, row.display_name) for row in rows]


KEY_KINDS: Mapping[str, KeyKind] = {
    "Template": KeyKind("a template", _templates),
    "ExpirationAlert": KeyKind("an expiration alert", _expiration_alerts),
}
"""By the ``key_type`` that workflow types declare."""


async def find_keys(services: Services, workflow_type: str, keys: Sequence[str]) -> FoundKeys:
    """What these keys stand for."""
    kind = KEY_KINDS[services.workflow_types[workflow_type].key_type]
    things = await kind.read(services.database)
    found = {key: _found(key.strip().casefold(), things) for key in keys}
    known = ", ".join(f"{thing.id} ({_called(thing)})" for thing in things) or "none yet"
    return FoundKeys(
        ids=tuple(dict.fromkeys(thing.id for thing in found.values() if thing is not None)),
        unknown=tuple(key for key, thing in found.items() if thing is None),
        known=f"the id or name of {kind.label}. Known: {known}",
    )


def _found(wanted: str, things: Sequence[Keyed]) -> Keyed | None:
    """The one thing of that id, else of that name, else of that display name: an id is unmistakable, names are not."""
    for spelling in ("id", "name", "display_name"):
        fitting = [thing for thing in things if str(getattr(thing, spelling)).casefold() == wanted]
        if len(fitting) == 1:
            return fitting[0]
    return None


def _called(thing: Keyed) -> str:
    return thing.name if thing.name == thing.display_name else f"{thing.name}, {thing.display_name}"


async def refuse_taken_keys(services: Services, row: DefinitionRow, ids: Sequence[str]) -> None:
    """Raises DefinitionKeyTaken where another definition covers one of these."""
    for key in ids:
        taken = await read_for_key(services.database, row.workflow_type, key)
        if taken is not None and taken.id != row.id:
            raise DefinitionKeyTaken(
                f"Definition {taken.display_name} ({taken.id}) covers {row.workflow_type} for key {key} already. "
                "Edit that one, or delete it first."
            )


def key_changes(
    row: DefinitionRow, before: Sequence[str], after: Sequence[str]
) -> tuple[tuple[Expect, ...], tuple[Write, ...]]:
    """The guards and writes that take the definition from some keys to others."""
    added = [key for key in after if key not in before]
    gone = [key for key in before if key not in after]
    guards = tuple(Expect(DefinitionKeyRow, (row.workflow_type, key), "definition_id", ABSENT) for key in added)
    deleted = tuple(Delete(DefinitionKeyRow, (row.workflow_type, key)) for key in gone)
    inserted = tuple(
        Insert(DefinitionKeyRow(workflow_type=row.workflow_type, key_value=key, definition_id=row.id)) for key in added
    )
    return guards, (*deleted, *inserted)


async def named_keys(services: Services, row: DefinitionRow) -> tuple[tuple[str, str | None], ...]:
    """The keys of a definition with the display names of what they stand for."""
    names = await _names(services, row.workflow_type)
    return tuple((key, names.get(key)) for key in await keys_of(services.database, row.id))


async def names_of_all_keys(services: Services) -> dict[str, tuple[tuple[str, str | None], ...]]:
    """What ``named_keys`` says, for every definition by id."""
    names = {name: await _names(services, name) for name in services.workflow_types}
    found: dict[str, tuple[tuple[str, str | None], ...]] = {}
    for row in await all_keys(services.database):
        shown = names.get(row.workflow_type, {}).get(row.key_value)
        found[row.definition_id] = (*found.get(row.definition_id, ()), (row.key_value, shown))
    return found


async def _names(services: Services, workflow_type: str) -> dict[str, str]:
    declared = services.workflow_types.get(workflow_type)
    things = await KEY_KINDS[declared.key_type].read(services.database) if declared else []
    return {thing.id: thing.display_name for thing in things}
