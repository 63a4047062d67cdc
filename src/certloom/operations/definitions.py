"""Definitions: create, read, save steps, publish, update, delete.

Every version is kept; a published one is never changed, editing it makes a new draft. Source: workflow-definitions
reference, 2.8.
"""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from certloom.clock import uuid7
from certloom.errors import Conflict, Invalid, NotFound
from certloom.identity.actor import Actor
from certloom.operations.access import Operation, require
from certloom.operations.audit import entry
from certloom.operations.definition_steps import StepDraft, step_of, with_closing_step
from certloom.operations.services import Services
from certloom.store.accounts import list_roles
from certloom.store.certificates import list_templates
from certloom.store.change import ABSENT, Change, Expect
from certloom.store.definitions import (
    DefinitionKeyRow,
    DefinitionRow,
    DefinitionVersionRow,
    keys_of,
    list_definitions,
    read_definition,
    read_for_key,
    read_version,
    steps_text,
    version_was_published,
)
from certloom.store.rows import Delete, Insert, Put, Write
from certloom.workflow.definition import Step
from certloom.workflow.faults import Fault, open_points, structural_faults, warnings

__all__ = [
    "DefinitionInvalid",
    "DefinitionKeyTaken",
    "DefinitionNotFound",
    "DefinitionUnpublishable",
    "DefinitionView",
    "GlobalDefinitionKept",
    "create_definition",
    "definition_view",
    "definitions",
    "delete_definition",
    "publish_definition",
    "save_steps",
    "update_definition",
]


class DefinitionNotFound(NotFound):
    """No definition, or no version of it, of that id."""


class DefinitionKeyTaken(Conflict):
    """Another definition of the type covers this key."""

    code = "0xA011000A"


class DefinitionInvalid(Invalid):
    """The definition cannot be saved; the message names every fault."""


class DefinitionUnpublishable(Conflict):
    """The draft has open points; the message lists them."""


class GlobalDefinitionKept(Conflict):
    """A built-in definition cannot be deleted."""


class DefinitionView(msgspec.Struct, frozen=True):
    """A definition with the steps of one of its versions, and its keys with their display names."""

    row: DefinitionRow
    version: int
    steps: tuple[Step, ...]
    keys: tuple[tuple[str, str | None], ...]


async def definitions(services: Services, actor: Actor) -> list[DefinitionView]:
    """Every definition, without steps, by display name."""
    require(actor, Operation.LIST_DEFINITIONS)
    rows = await list_definitions(services.database)
    return [DefinitionView(row, row.draft_version, (), await _named_keys(services, row)) for row in rows]


async def definition_view(
    services: Services, actor: Actor, definition_id: UUID, version: int | None = None
) -> DefinitionView:
    """One version of a definition, by default the newest. Raises DefinitionNotFound."""
    require(actor, Operation.READ_DEFINITION)
    return await _view(services, await _existing(services, definition_id), version)


async def create_definition(
    services: Services,
    actor: Actor,
    *,
    display_name: str,
    description: str,
    workflow_type: str,
    key: str,
    enabled: bool = True,
) -> DefinitionView:
    """A new definition without steps, never published. Raises DefinitionInvalid or DefinitionKeyTaken."""
    require(actor, Operation.CREATE_DEFINITION)
    type_name = _known_type(services, workflow_type)
    if not display_name.strip():
        raise DefinitionInvalid("DisplayName is missing. Say what people shall call this definition.")
    key_value = await _known_key(services, type_name, key)
    taken = await read_for_key(services.database, type_name, key_value)
    if taken is not None:
        raise DefinitionKeyTaken(
            f"Definition {taken.display_name} ({taken.id}) covers {type_name} for key {key_value} already. "
            "Edit that one, or delete it first."
        )
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
    key_row = DefinitionKeyRow(workflow_type=type_name, key_value=key_value, definition_id=row.id)
    guard = Expect(DefinitionKeyRow, (type_name, key_value), "definition_id", ABSENT)
    writes = (Insert(row), Insert(_version_row(row.id, 1, ())), Insert(key_row))
    await _commit(services, actor, Operation.CREATE_DEFINITION, row, f"Created {display_name}.", writes, (guard,))
    return await _view(services, row)


async def update_definition(
    services: Services,
    actor: Actor,
    definition_id: UUID,
    *,
    display_name: str,
    description: str,
    enabled: bool | None = None,
) -> DefinitionView:
    """Replace name and description, and switch it on or off where ``enabled`` is given."""
    require(actor, Operation.UPDATE_DEFINITION)
    before = await _existing(services, definition_id)
    if not display_name.strip():
        raise DefinitionInvalid("DisplayName is missing. PUT replaces all fields: read first and send everything back.")
    switched = before.enabled if enabled is None else int(enabled)
    row = _changed(before, display_name=display_name, description=description, enabled=switched)
    await _commit(services, actor, Operation.UPDATE_DEFINITION, row, "Updated.", (Put(row),), (_guard(before),))
    return await _view(services, row)


async def save_steps(
    services: Services, actor: Actor, definition_id: UUID, drafts: Sequence[StepDraft]
) -> DefinitionView:
    """Replace the steps of the draft; where the newest version is published, they become a new version.

    Raises DefinitionInvalid with every structural fault; then nothing is changed.
    """
    require(actor, Operation.SAVE_STEPS)
    before = await _existing(services, definition_id)
    steps = with_closing_step(services, before, tuple(step_of(services, draft) for draft in drafts))
    faults = await _faults(services, steps, before)
    if faults:
        raise DefinitionInvalid(_told("The steps cannot be saved.", faults))
    # Asked of the version itself: an older one may have been put back into use since.
    was_published = await version_was_published(services.database, before.id, before.draft_version)
    version = before.draft_version + 1 if was_published else before.draft_version
    row = _changed(before, draft_version=version)
    writes = (Put(row), Put(_version_row(row.id, version, steps)))
    await _commit(
        services, actor, Operation.SAVE_STEPS, row, f"Saved the steps of version {version}.", writes, (_guard(before),)
    )
    return await _view(services, row)


async def publish_definition(
    services: Services, actor: Actor, definition_id: UUID, version: int | None = None
) -> DefinitionView:
    """Put a version into use, by default the newest. Raises DefinitionUnpublishable with every open point."""
    require(actor, Operation.PUBLISH_DEFINITION)
    before = await _existing(services, definition_id)
    chosen = before.draft_version if version is None else version
    view = await _view(services, before, chosen)
    roles = frozenset(role.id for role in await list_roles(services.database))
    faults = await _faults(services, view.steps, before)
    points = (*faults, *open_points(view.steps, services.step_types, roles))
    if points:
        raise DefinitionUnpublishable(_told("The definition cannot be published yet.", points))
    row = _changed(before, published_version=chosen)
    warned = "".join(f" Warning: {fault}." for fault in warnings(view.steps, services.step_types))
    writes = (Put(row), Put(_version_row(row.id, chosen, view.steps, published=1)))
    await _commit(
        services,
        actor,
        Operation.PUBLISH_DEFINITION,
        row,
        f"Published version {chosen}.{warned}",
        writes,
        (_guard(before),),
    )
    return await _view(services, row, chosen)


async def delete_definition(services: Services, actor: Actor, definition_id: UUID) -> None:
    """Remove a definition. Its versions stay, so that instances that ran on them stay explainable."""
    require(actor, Operation.DELETE_DEFINITION)
    row = await _existing(services, definition_id)
    if row.is_global:
        raise GlobalDefinitionKept(
            f"{row.display_name} is built in: it takes every request no other definition covers, and cannot be deleted."
        )
    keys = await keys_of(services.database, row.id)
    writes: list[Write] = [Delete(DefinitionKeyRow, (row.workflow_type, key)) for key in keys]
    writes.append(Delete(DefinitionRow, (row.id,)))
    await _commit(services, actor, Operation.DELETE_DEFINITION, row, "Deleted.", tuple(writes), (_guard(row),))


def _known_type(services: Services, workflow_type: str) -> str:
    folded = workflow_type.strip().casefold()
    for name in services.workflow_types:
        if name.casefold() == folded:
            return name
    known = ", ".join(services.workflow_types)
    raise DefinitionInvalid(f"WorkflowType {workflow_type[:100]!r} is not known. Use one of: {known}.")


async def _known_key(services: Services, workflow_type: str, key: str) -> str:
    """The id, as text, of what a key names: a template by id or by name. Raises DefinitionInvalid."""
    wanted = key.strip().casefold()
    key_type = services.workflow_types[workflow_type].key_type
    if key_type != _TEMPLATE:
        return _number(key_type, wanted)
    rows = await list_templates(services.database)
    # An id is unmistakable; a name of digits must not take its place.
    by_id, by_name = {str(row.id): row for row in rows}, {row.name_key: row for row in rows}
    found = by_id.get(wanted) or by_name.get(wanted)
    if found is not None:
        return str(found.id)
    known = ", ".join(f"{row.id} ({row.name})" for row in rows) or "none yet"
    raise DefinitionInvalid(f"Key {key[:100]!r} is not a template's id or name. Known: {known}.")


_TEMPLATE = "Template"
_LONGEST_NUMBER = 9


def _number(key_type: str, key: str) -> str:
    """The id of something certloom does not keep a list of. Raises DefinitionInvalid."""
    if key.isascii() and key.isdecimal() and len(key) <= _LONGEST_NUMBER and int(key):
        return str(int(key))
    raise DefinitionInvalid(f"Key {key[:100]!r} is not the id of an {key_type}. Give its number, such as 2.")


async def _named_keys(services: Services, row: DefinitionRow) -> tuple[tuple[str, str | None], ...]:
    keys = await keys_of(services.database, row.id)
    if services.workflow_types[row.workflow_type].key_type != _TEMPLATE:
        return tuple((key, None) for key in keys)
    names = {str(template.id): template.name for template in await list_templates(services.database)}
    return tuple((key, names.get(key)) for key in keys)


async def _existing(services: Services, definition_id: UUID) -> DefinitionRow:
    row = await read_definition(services.database, str(definition_id))
    if row is None:
        raise DefinitionNotFound(
            f"There is no workflow definition {definition_id}. GET /Workflow/Definitions lists them."
        )
    return row


async def _view(services: Services, row: DefinitionRow, version: int | None = None) -> DefinitionView:
    chosen = row.draft_version if version is None else version
    steps = await read_version(services.database, row.id, chosen)
    if steps is None:
        raise DefinitionNotFound(
            f"Definition {row.display_name} has no version {chosen}; {row.draft_version} is newest."
        )
    return DefinitionView(row, chosen, steps, await _named_keys(services, row))


def _changed(row: DefinitionRow, **values: Any) -> DefinitionRow:
    return msgspec.structs.replace(row, rev=row.rev + 1, **values)


def _guard(row: DefinitionRow) -> Expect:
    return Expect(DefinitionRow, (row.id,), "rev", row.rev)


def _version_row(definition_id: str, version: int, steps: tuple[Step, ...], published: int = 0) -> DefinitionVersionRow:
    return DefinitionVersionRow(
        definition_id=definition_id, version=version, steps=steps_text(steps), published=published
    )


async def _faults(services: Services, steps: tuple[Step, ...], row: DefinitionRow) -> tuple[Fault, ...]:
    # Reading a script may take a moment, and a process.
    return await asyncio.to_thread(structural_faults, steps, row.workflow_type, services.step_types)


def _told(what: str, faults: Sequence[Fault]) -> str:
    return f"{what} " + "; ".join(f"{number}) {fault}" for number, fault in enumerate(faults, start=1)) + "."


async def _commit(
    services: Services,
    actor: Actor,
    operation: Operation,
    row: DefinitionRow,
    message: str,
    writes: tuple[Write, ...],
    guards: tuple[Expect, ...],
) -> None:
    audit = entry(services, actor.display, operation, ("WorkflowDefinition", row.id), message)
    await services.database.commit(Change(guards=guards, writes=writes, audit=(audit,)))
