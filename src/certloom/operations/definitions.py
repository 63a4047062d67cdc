"""Definitions: list, read, create, update, enable, delete.

Source: workflow-definitions reference, 2.1 to 2.4 and 2.8.
"""

from collections.abc import Sequence
from uuid import UUID

from certloom.clock import uuid7
from certloom.errors import Conflict
from certloom.identity.actor import Actor
from certloom.operations.access import Operation, require
from certloom.operations.definition_keys import find_keys, key_changes, names_of_all_keys, refuse_taken_keys
from certloom.operations.definition_steps import StepDraft
from certloom.operations.definition_versions import DefinitionInvalid, draft_of, sound_steps
from certloom.operations.definition_view import (
    DefinitionView,
    changed,
    commit_definition,
    existing_definition,
    unchanged,
    version_row,
    view_of,
)
from certloom.operations.immediate_starts import started_at_once
from certloom.operations.services import Services
from certloom.operations.step_secrets import seal_secrets
from certloom.store.definitions import DefinitionKeyRow, DefinitionRow, keys_of, list_definitions
from certloom.store.rows import Delete, Insert, Put
from certloom.workflow.fault import Fault

__all__ = [
    "GlobalDefinitionKept",
    "create_definition",
    "definition_view",
    "definitions",
    "delete_definition",
    "enable_definition",
    "update_definition",
]


class GlobalDefinitionKept(Conflict):
    """A built-in definition cannot be deleted, and has no key."""


async def definitions(services: Services, actor: Actor) -> list[DefinitionView]:
    """Every definition, without steps, by display name."""
    require(actor, Operation.LIST_DEFINITIONS)
    keys = await names_of_all_keys(services)
    rows = await list_definitions(services.database)
    return [DefinitionView(row, row.draft_version, (), keys.get(row.id, ())) for row in rows]


async def definition_view(
    services: Services, actor: Actor, definition_id: UUID, version: int | None = None
) -> DefinitionView:
    """One version of a definition, by default the newest. Raises DefinitionNotFound."""
    require(actor, Operation.READ_DEFINITION)
    return await view_of(services, await existing_definition(services, definition_id), version)


async def create_definition(
    services: Services,
    actor: Actor,
    *,
    display_name: str,
    description: str,
    workflow_type: str,
    keys: Sequence[str],
    enabled: bool = True,
    drafts: Sequence[StepDraft] | None = None,
) -> DefinitionView:
    """A new definition, without steps where no ``drafts`` are given, never published, so that it starts nothing yet.

    Without keys it is a draft that cannot be published. Raises DefinitionInvalid or DefinitionKeyTaken.
    """
    require(actor, Operation.CREATE_DEFINITION)
    faults, type_name = _name_faults(display_name), _known_type(services, workflow_type)
    if type_name is None:
        raise DefinitionInvalid("The definition cannot be saved.", [*faults, _unknown_type(services, workflow_type)])
    ids, unknown = await _found_keys(services, type_name, keys)
    _refuse([*faults, *unknown])
    row = DefinitionRow(
        id=str(uuid7(services.clock())),
        workflow_type=type_name,
        display_name=display_name,
        description=description,
        enabled=int(enabled),
        is_global=0,
        draft_version=1,
        published_version=None,
        rev=1,
    )
    await refuse_taken_keys(services, row, ids)
    steps = () if drafts is None else await sound_steps(services, row, drafts)
    sealed, secrets = seal_secrets(services, row.id, steps, ())
    guards, keyed = key_changes(row, (), ids)
    writes = (Insert(row), Insert(version_row(row.id, 1, sealed)), *keyed, *secrets)
    message = f"Created {display_name}."
    await commit_definition(services, actor, Operation.CREATE_DEFINITION, row, message, writes, guards)
    return await view_of(services, row)


async def update_definition(
    services: Services,
    actor: Actor,
    definition_id: UUID,
    *,
    display_name: str,
    description: str,
    enabled: bool | None = None,
    keys: Sequence[str] | None = None,
    force: bool = False,
) -> DefinitionView:
    """Replace name and description; switch it and set its keys where ``enabled`` and ``keys`` are given.

    They hold at once and for every version. Where the newest version was published, a new one begins with its steps.
    Raises DefinitionInvalid, DefinitionKeyTaken, GlobalDefinitionKept or InstancesWouldStart.
    """
    require(actor, Operation.UPDATE_DEFINITION)
    before = await existing_definition(services, definition_id)
    held = await keys_of(services.database, before.id)
    wanted, unknown = (held, []) if keys is None else await _found_keys(services, before.workflow_type, keys)
    _refuse([*_name_faults(display_name), *unknown])
    if before.is_global and wanted:
        raise GlobalDefinitionKept(f"{before.display_name} is built in and has no key. Create another one for the key.")
    await refuse_taken_keys(services, before, wanted)
    version, drafted = await draft_of(services, before)
    row = changed(
        before,
        display_name=display_name,
        description=description,
        enabled=before.enabled if enabled is None else int(enabled),
        draft_version=version,
    )
    started = await started_at_once(services, (before, held), (row, wanted), force=force)
    guards, keyed = key_changes(row, held, wanted)
    writes, whole = (Put(row), *drafted, *keyed), (unchanged(before), *guards)
    await commit_definition(services, actor, Operation.UPDATE_DEFINITION, row, f"Updated.{started}", writes, whole)
    return await view_of(services, row)


async def enable_definition(
    services: Services, actor: Actor, definition_id: UUID, *, enabled: bool, force: bool = False
) -> None:
    """Switch a definition on or off. Off, it refuses what it covers. Raises InstancesWouldStart."""
    require(actor, Operation.ENABLE_DEFINITION)
    before = await existing_definition(services, definition_id)
    row = changed(before, enabled=int(enabled))
    keys = await keys_of(services.database, row.id)
    started = await started_at_once(services, (before, keys), (row, keys), force=force)
    message = f"Switched {'on' if enabled else 'off'}.{started}"
    await commit_definition(
        services, actor, Operation.ENABLE_DEFINITION, row, message, (Put(row),), (unchanged(before),)
    )


async def delete_definition(services: Services, actor: Actor, definition_id: UUID) -> None:
    """Remove a definition. Its versions stay, so that instances that ran on them stay explainable."""
    require(actor, Operation.DELETE_DEFINITION)
    row = await existing_definition(services, definition_id)
    if row.is_global:
        raise GlobalDefinitionKept(
            f"{row.display_name} is built in: it takes every request no other definition covers, and cannot be deleted."
        )
    keys = await keys_of(services.database, row.id)
    keyed = tuple(Delete(DefinitionKeyRow, (row.workflow_type, key)) for key in keys)
    writes = (*keyed, Delete(DefinitionRow, (row.id,)))
    await commit_definition(services, actor, Operation.DELETE_DEFINITION, row, "Deleted.", writes, (unchanged(row),))


def _name_faults(display_name: str) -> list[Fault]:
    text = "is missing; say what people shall call this definition (PUT replaces all fields: send everything back)"
    return [] if display_name.strip() else [Fault("", "DisplayName", "name-missing", text)]


def _known_type(services: Services, given: str) -> str | None:
    return next((name for name in services.workflow_types if name.casefold() == given.strip().casefold()), None)


def _unknown_type(services: Services, given: str) -> Fault:
    text = f"{given[:100]!r} is not known. Use one of: {', '.join(services.workflow_types)}"
    return Fault("", "WorkflowType", "workflow-type-unknown", text)


async def _found_keys(
    services: Services, workflow_type: str, keys: Sequence[str]
) -> tuple[tuple[str, ...], list[Fault]]:
    """The ids of what the keys name, and a fault for each that names nothing."""
    found = await find_keys(services, workflow_type, keys)
    return found.ids, [Fault("", "Keys", "key-unknown", f"{key[:100]!r} is not {found.known}") for key in found.unknown]


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise DefinitionInvalid("The definition cannot be saved.", faults)
