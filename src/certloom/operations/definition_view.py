"""A definition as everybody reads it: its row, the steps of one version, its keys and the roles it names."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from certloom.errors import NotFound
from certloom.identity.actor import Actor
from certloom.operations.access import Operation
from certloom.operations.audit import entry
from certloom.operations.definition_keys import named_keys
from certloom.operations.services import Services
from certloom.store.accounts import list_roles
from certloom.store.change import Change, Expect
from certloom.store.definitions import DefinitionRow, DefinitionVersionRow, read_definition, read_version, steps_text
from certloom.store.rows import Write
from certloom.workflow.definition import Step
from certloom.workflow.secret import without_secrets

__all__ = [
    "DefinitionNotFound",
    "DefinitionView",
    "changed",
    "commit_definition",
    "existing_definition",
    "existing_steps",
    "unchanged",
    "version_row",
    "view_of",
]


class DefinitionNotFound(NotFound):
    """No definition, or no version of it, of that id."""


class DefinitionView(msgspec.Struct, frozen=True):
    """A definition with the steps of one of its versions.

    The steps are as they are shown, without secrets. ``keys`` are ids with the display names of what they stand for
    (None: it is gone), ``roles`` the names of all roles by id.
    """

    row: DefinitionRow
    version: int
    steps: tuple[Step, ...]
    keys: tuple[tuple[str, str | None], ...]
    roles: Mapping[int, str] = {}


async def existing_definition(services: Services, definition_id: UUID) -> DefinitionRow:
    """The definition of that id. Raises DefinitionNotFound."""
    row = await read_definition(services.database, str(definition_id))
    if row is None:
        raise DefinitionNotFound(
            f"There is no workflow definition {definition_id}. GET /Workflow/Definitions lists them."
        )
    return row


async def existing_steps(services: Services, row: DefinitionRow, version: int) -> tuple[Step, ...]:
    """The steps of a version as they are stored. Raises DefinitionNotFound."""
    steps = await read_version(services.database, row.id, version)
    if steps is None:
        raise DefinitionNotFound(
            f"Definition {row.display_name} has no version {version}; {row.draft_version} is newest."
        )
    return steps


async def view_of(services: Services, row: DefinitionRow, version: int | None = None) -> DefinitionView:
    """One version of a definition, by default the newest. Raises DefinitionNotFound."""
    chosen = row.draft_version if version is None else version
    steps = await existing_steps(services, row, chosen)
    shown = tuple(without_secrets(step, services.step_types.get(step.extension_name)) for step in steps)
    roles = {role.id: role.name for role in await list_roles(services.database)}
    return DefinitionView(row, chosen, shown, await named_keys(services, row), roles)


def changed(row: DefinitionRow, **values: Any) -> DefinitionRow:
    """The row with these values, one revision later."""
    return msgspec.structs.replace(row, rev=row.rev + 1, **values)


def unchanged(row: DefinitionRow) -> Expect:
    """The guard that nobody else has changed the definition."""
    return Expect(DefinitionRow, (row.id,), "rev", row.rev)


def version_row(definition_id: str, version: int, steps: tuple[Step, ...], published: int = 0) -> DefinitionVersionRow:
    """A version with its steps."""
    return DefinitionVersionRow(
        definition_id=definition_id, version=version, steps=steps_text(steps), published=published
    )


async def commit_definition(
    services: Services,
    actor: Actor,
    operation: Operation,
    row: DefinitionRow,
    message: str,
    writes: tuple[Write, ...],
    guards: tuple[Expect, ...],
) -> None:
    """Write what an operation did to a definition, with its audit entry. Raises GuardLost."""
    audit = entry(services, actor.display, operation, ("WorkflowDefinition", row.id), message)
    await services.database.commit(Change(guards=guards, writes=writes, audit=(audit,)))
