"""Definitions between wire and domain."""

from certloom.api.schemas.definitions import (
    ConditionResponse,
    DefinitionListItem,
    DefinitionResponse,
    SignalConfigurationResponse,
    StepRequest,
    StepResponse,
)
from certloom.operations.definition_steps import StepDraft
from certloom.operations.definitions import DefinitionView
from certloom.workflow.definition import SignalConfiguration, Step

__all__ = ["definition_response", "list_item", "step_draft"]


def step_draft(step: StepRequest) -> StepDraft:
    """A step as the operation takes it."""
    return StepDraft(
        unique_name=step.unique_name,
        display_name=step.display_name or "",
        extension_name=step.extension_name,
        enabled=step.enabled,
        parameters=step.configuration_parameters or {},
        signals=tuple(
            SignalConfiguration(signal.signal_name, tuple(signal.role_ids or ()), tuple(signal.role_tokens or ()))
            for signal in step.signals or ()
        ),
        conditions=tuple(condition.value or "" for condition in step.conditions or ()),
        outputs=step.outputs or {},
    )


def definition_response(view: DefinitionView) -> DefinitionResponse:
    """A definition with the steps of the version it shows."""
    key, key_name = view.keys[0] if view.keys else (None, None)
    return DefinitionResponse(
        id=view.row.id,
        display_name=view.row.display_name,
        description=view.row.description,
        key=key,
        key_display_name=key_name,
        is_published=view.row.published_version == view.version,
        workflow_type=view.row.workflow_type,
        steps=[_step(step) for step in view.steps],
        draft_version=view.row.draft_version,
        published_version=view.row.published_version,
        enabled=bool(view.row.enabled),
    )


def list_item(view: DefinitionView) -> DefinitionListItem:
    """A definition in a list."""
    key, key_name = view.keys[0] if view.keys else (None, None)
    return DefinitionListItem(
        id=view.row.id,
        display_name=view.row.display_name,
        key=key,
        key_display_name=key_name,
        workflow_type=view.row.workflow_type,
        draft_version=view.row.draft_version,
        published_version=view.row.published_version,
        enabled=bool(view.row.enabled),
    )


def _step(step: Step) -> StepResponse:
    return StepResponse(
        id=step.id,
        display_name=step.display_name,
        unique_name=step.unique_name,
        extension_name=step.extension_name,
        enabled=step.enabled,
        configuration_parameters=step.parameters,
        signals=[
            SignalConfigurationResponse(signal_name=signal.signal_name, role_ids=list(signal.role_ids))
            for signal in step.signals
        ],
        conditions=[
            ConditionResponse(id=condition_id, value=value)
            for condition_id, value in zip(step.condition_ids, step.conditions, strict=True)
        ],
        outputs=step.outputs,
    )
