"""Definitions between wire and domain, in both versions of the API.

The order of the members is that of observed answers. Source: workflow-definitions reference, 2.3 to 2.5.
"""

from certloom.api.schemas.definitions import (
    ConditionResponse,
    DefinitionListItem,
    DefinitionResponse,
    SignalConfigurationRequest,
    SignalConfigurationResponse,
    StepRequest,
    StepResponse,
)
from certloom.api.schemas.definitions_v2 import (
    DefinitionListItemV2,
    DefinitionResponseV2,
    KeyResponse,
    RoleReference,
    SignalConfigurationResponseV2,
    StepResponseV2,
)
from certloom.operations.definition_steps import StepDraft
from certloom.operations.definition_view import DefinitionView
from certloom.workflow.definition import SignalConfiguration, Step

__all__ = ["list_item", "list_item_v2", "response", "response_v2", "step_draft"]


def step_draft(step: StepRequest) -> StepDraft:
    """A step as the operation takes it."""
    return StepDraft(
        unique_name=step.unique_name,
        display_name=step.display_name or "",
        extension_name=step.extension_name,
        enabled=step.enabled,
        parameters=step.configuration_parameters or {},
        signals=tuple(_signal(signal) for signal in step.signals or ()),
        conditions=tuple(condition.value or "" for condition in step.conditions or ()),
        outputs=step.outputs or {},
    )


def _signal(signal: SignalConfigurationRequest) -> SignalConfiguration:
    named = [role.role_id for role in signal.roles or () if role.role_id is not None]
    role_ids = tuple(dict.fromkeys((*(signal.role_ids or ()), *named)))
    return SignalConfiguration(signal.signal_name, role_ids, tuple(signal.role_tokens or ()))


def response(view: DefinitionView) -> DefinitionResponse:
    """A definition with the steps of the version it shows. Of several keys it has room for the first."""
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


def response_v2(view: DefinitionView) -> DefinitionResponseV2:
    """A definition with the steps of the version it shows."""
    return DefinitionResponseV2(
        id=view.row.id,
        display_name=view.row.display_name,
        description=view.row.description,
        workflow_type=view.row.workflow_type,
        keys=_keys(view),
        enabled=bool(view.row.enabled),
        is_published=view.row.published_version == view.version,
        steps=[_step_v2(step, view) for step in view.steps],
        draft_version=view.row.draft_version,
        published_version=view.row.published_version,
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


def list_item_v2(view: DefinitionView) -> DefinitionListItemV2:
    """A definition in a list."""
    return DefinitionListItemV2(
        id=view.row.id,
        display_name=view.row.display_name,
        description=view.row.description,
        keys=_keys(view),
        workflow_type=view.row.workflow_type,
        draft_version=view.row.draft_version,
        published_version=view.row.published_version,
        enabled=bool(view.row.enabled),
    )


def _keys(view: DefinitionView) -> list[KeyResponse]:
    return [KeyResponse(display_name=name, value=key) for key, name in view.keys]


def _step(step: Step) -> StepResponse:
    return StepResponse(
        id=step.id,
        display_name=step.display_name,
        unique_name=step.unique_name,
        extension_name=step.extension_name,
        enabled=step.enabled,
        configuration_parameters=step.parameters,
        signals=[
            SignalConfigurationResponse(
                signal_name=signal.signal_name,
                role_ids=list(signal.role_ids),
                role_tokens=list(signal.role_tokens),
            )
            for signal in step.signals
        ],
        conditions=_conditions(step),
        outputs=step.outputs,
    )


def _step_v2(step: Step, view: DefinitionView) -> StepResponseV2:
    return StepResponseV2(
        id=step.id,
        display_name=step.display_name,
        unique_name=step.unique_name,
        extension_name=step.extension_name,
        enabled=step.enabled,
        configuration_parameters=step.parameters,
        signals=[
            SignalConfigurationResponseV2(
                signal_name=signal.signal_name,
                roles=[
                    RoleReference(role_id=str(role_id), role_name=view.roles.get(role_id))
                    for role_id in signal.role_ids
                ],
                role_tokens=list(signal.role_tokens),
            )
            for signal in step.signals
        ],
        conditions=_conditions(step),
        outputs=step.outputs,
    )


def _conditions(step: Step) -> list[ConditionResponse]:
    return [
        ConditionResponse(id=condition_id, value=value)
        for condition_id, value in zip(step.condition_ids, step.conditions, strict=True)
    ]
