"""Exporting: a definition as a file that another system, or Git, can hold.

Ids of roles and secrets do not leave. Source: workflow-definitions reference, 1.2 (``exportable``), 2.4 and 2.5.
"""

from collections.abc import Mapping
from uuid import UUID

from msgspec import UNSET
from msgspec.structs import replace

from certloom.errors import Conflict
from certloom.identity.actor import Actor
from certloom.operations.definition_view import DefinitionView
from certloom.operations.definitions import definition_view
from certloom.operations.services import Services
from certloom.workflow.definition import SignalConfiguration, Step
from certloom.workflow.exported import (
    ExportedCondition,
    ExportedDefinition,
    ExportedKey,
    ExportedRole,
    ExportedSignal,
    ExportedStep,
    ExportForm,
)
from certloom.workflow.own_features import own_features, without_own_defaults
from certloom.workflow.step import StepType

__all__ = ["DefinitionNotPortable", "export_definition", "exported_of"]


class DefinitionNotPortable(Conflict):
    """The definition uses what the Keyfactor product does not have; the message lists it."""


async def export_definition(
    services: Services,
    actor: Actor,
    definition_id: UUID,
    *,
    version: int | None = None,
    form: ExportForm = ExportForm.V1,
    for_command: bool = False,
) -> ExportedDefinition:
    """One version of a definition, by default the newest, as a file holds it.

    Raises DefinitionNotFound, and DefinitionNotPortable where it is ``for_command`` and uses what is ours.
    """
    view = await definition_view(services, actor, definition_id, version)
    if for_command:
        _require_portable(services, view, form)
    return exported_of(view, services.step_types, form)


def _require_portable(services: Services, view: DefinitionView, form: ExportForm) -> None:
    found = [str(fault) for fault in own_features(view.steps, services.step_types)]
    if form is ExportForm.V1 and len(view.keys) > 1:
        found.append("Keys: version 1 of the API has room for one; export version 2")
    if found:
        listed = "; ".join(f"{number}) {text}" for number, text in enumerate(found, start=1))
        raise DefinitionNotPortable(
            f"{view.row.display_name} cannot be exported for Keyfactor Command: {listed}. "
            "Change these, or export without --for-command."
        )


def exported_of(view: DefinitionView, step_types: Mapping[str, StepType], form: ExportForm) -> ExportedDefinition:
    """The view, which shows no secrets, as a file of this form holds it."""
    row, keys = view.row, view.keys
    exported = ExportedDefinition(
        id=row.id,
        display_name=row.display_name,
        description=row.description,
        workflow_type=row.workflow_type,
        enabled=bool(row.enabled),
        is_published=row.published_version == view.version,
        steps=tuple(_step(step, step_types.get(step.extension_name), view.roles, form) for step in view.steps),
        draft_version=row.draft_version,
        published_version=row.published_version,
    )
    if form is ExportForm.V1:
        key, name = keys[0] if keys else (None, None)
        return replace(exported, key=key, key_display_name=name)
    return replace(exported, keys=tuple(ExportedKey(display_name=name, value=key) for key, name in keys))


def _step(step: Step, step_type: StepType | None, roles: Mapping[int, str], form: ExportForm) -> ExportedStep:
    return ExportedStep(
        id=step.id,
        display_name=step.display_name,
        unique_name=step.unique_name,
        extension_name=step.extension_name,
        enabled=step.enabled,
        configuration_parameters=without_own_defaults(step_type.parameters if step_type else (), step.parameters),
        signals=tuple(_signal(signal, roles, form) for signal in step.signals),
        conditions=tuple(
            ExportedCondition(id=condition_id, value=value)
            for condition_id, value in zip(step.condition_ids, step.conditions, strict=True)
        ),
        outputs=step.outputs,
    )


def _signal(signal: SignalConfiguration, roles: Mapping[int, str], form: ExportForm) -> ExportedSignal:
    if form is ExportForm.V1:
        tokens = signal.role_tokens or UNSET
        return ExportedSignal(signal_name=signal.signal_name, role_ids=(), role_tokens=tokens)
    named = tuple(ExportedRole(role_id=None, role_name=roles[one]) for one in signal.role_ids if one in roles)
    return ExportedSignal(signal_name=signal.signal_name, roles=named, role_tokens=signal.role_tokens)
