"""Applying: the definitions become those of a folder. Each is changed by the operations that everybody else uses.

Applying again what was interrupted completes it, since a plan only holds what is different still.
"""

from collections.abc import Mapping
from uuid import UUID

from certloom.identity.actor import Actor
from certloom.operations.definition_versions import save_steps
from certloom.operations.definitions import create_definition, delete_definition, update_definition
from certloom.operations.exchange.planning import Action, Plan, PlannedDefinition
from certloom.operations.exchange.wanted import WantedDefinition
from certloom.operations.publishing import publish_definition
from certloom.operations.services import Services

__all__ = ["apply_plan"]

_ORDER: Mapping[Action, int] = {Action.DELETE: 0, Action.CHANGE: 1, Action.CREATE: 2, Action.PUBLISH: 3}
"""What goes or changes first leaves keys for what is new."""


async def apply_plan(services: Services, actor: Actor, plan: Plan) -> None:
    """Do what the plan says. Raises what the operations raise; what was done before it stays."""
    for planned in sorted(plan.changes, key=lambda one: _ORDER[one.action]):
        if planned.wanted is None:
            await delete_definition(services, actor, UUID(planned.definition_id))
        else:
            await _apply(services, actor, planned, planned.wanted)


async def _apply(services: Services, actor: Actor, planned: PlannedDefinition, wanted: WantedDefinition) -> None:
    if planned.action is Action.CREATE:
        definition_id = await _create(services, actor, planned, wanted)
    else:
        definition_id = UUID(planned.definition_id)
    if planned.action is Action.CHANGE:
        await _change(services, actor, planned, wanted)
    if wanted.publish:
        await publish_definition(services, actor, definition_id)


async def _create(services: Services, actor: Actor, planned: PlannedDefinition, wanted: WantedDefinition) -> UUID:
    view = await create_definition(
        services,
        actor,
        display_name=planned.display_name,
        description=wanted.description,
        workflow_type=planned.workflow_type,
        keys=wanted.read.keys,
        enabled=wanted.enabled,
        drafts=wanted.read.drafts or None,
    )
    return UUID(view.row.id)


async def _change(services: Services, actor: Actor, planned: PlannedDefinition, wanted: WantedDefinition) -> None:
    definition_id = UUID(planned.definition_id)
    places = {one.place.partition(".")[0] for one in planned.differences}
    if places - {"Steps", "IsPublished"}:
        await update_definition(
            services,
            actor,
            definition_id,
            display_name=planned.display_name,
            description=wanted.description,
            enabled=wanted.enabled,
            keys=wanted.read.keys,
        )
    if "Steps" in places:
        await save_steps(services, actor, definition_id, wanted.read.drafts)
