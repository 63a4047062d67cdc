"""Versions: the steps of a draft. Every version is kept; one that was published is never changed again.

Source: workflow-definitions reference, 2.5 and 2.8.
"""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from certloom.errors import Invalid
from certloom.identity.actor import Actor
from certloom.operations.access import Operation, require
from certloom.operations.definition_conditions import condition_faults
from certloom.operations.definition_steps import StepDraft, step_of, with_closing_step
from certloom.operations.definition_view import (
    DefinitionView,
    changed,
    commit_definition,
    existing_definition,
    existing_steps,
    unchanged,
    version_row,
    view_of,
)
from certloom.operations.services import Services
from certloom.operations.step_secrets import redirected_faults, seal_secrets, sent_faults, unused_secrets
from certloom.store.definitions import DefinitionRow, version_was_published
from certloom.store.rows import Put, Write
from certloom.workflow.definition import Step
from certloom.workflow.fault import Fault, Located
from certloom.workflow.faults import structural_faults

__all__ = ["DefinitionInvalid", "draft_of", "faults_of", "save_steps", "sound_steps"]


class DefinitionInvalid(Located, Invalid):
    """The steps cannot be saved; the message names every fault."""


async def draft_of(services: Services, row: DefinitionRow) -> tuple[int, tuple[Write, ...]]:
    """The number of the version that an edit changes, and the writes that begin it where it is a new one."""
    # Asked of the version itself: an older one may have been put back into use since.
    if not await version_was_published(services.database, row.id, row.draft_version):
        return row.draft_version, ()
    version = row.draft_version + 1
    steps = await existing_steps(services, row, row.draft_version)
    return version, (Put(version_row(row.id, version, steps)),)


async def faults_of(services: Services, row: DefinitionRow, steps: tuple[Step, ...]) -> tuple[Fault, ...]:
    """Everything that keeps the definition from having these steps."""
    # Reading a script may take a moment, and a process.
    faults = await asyncio.to_thread(structural_faults, steps, row.workflow_type, services.step_types)
    return (*faults, *[fault for step in steps for fault in await condition_faults(services.expressions, step)])


async def sound_steps(
    services: Services, row: DefinitionRow, drafts: Sequence[StepDraft], before: Sequence[Step] = ()
) -> tuple[Step, ...]:
    """The drafts as the steps of the definition, ``before`` whose place they take.

    Raises DefinitionInvalid with every structural fault.
    """
    steps = with_closing_step(services, row, tuple(step_of(services, draft) for draft in drafts))
    faults = (
        *await faults_of(services, row, steps),
        *sent_faults(services, steps),
        *redirected_faults(services, steps, before),
    )
    if faults:
        raise DefinitionInvalid("The steps cannot be saved.", faults)
    return steps


async def save_steps(
    services: Services, actor: Actor, definition_id: UUID, drafts: Sequence[StepDraft]
) -> DefinitionView:
    """Replace the steps of the draft; where the newest version was published, they become a new version.

    Raises DefinitionInvalid with every structural fault; then nothing is changed.
    """
    require(actor, Operation.SAVE_STEPS)
    before = await existing_definition(services, definition_id)
    earlier = await existing_steps(services, before, before.draft_version)
    steps = await sound_steps(services, before, drafts, earlier)
    version, _ = await draft_of(services, before)
    row = changed(before, draft_version=version)
    sealed, secrets = seal_secrets(services, row.id, steps, earlier)
    unused = await unused_secrets(services, row.id, version, sealed)
    writes = (Put(row), Put(version_row(row.id, version, sealed)), *secrets, *unused)
    message = f"Saved the steps of version {version}. Secrets stored: {len(secrets)}."
    await commit_definition(services, actor, Operation.SAVE_STEPS, row, message, writes, (unchanged(before),))
    return await view_of(services, row)
