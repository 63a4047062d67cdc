"""/Workflow/Definitions/Steps and /Types: what definitions can be made of.

Source: workflow-definitions reference, 2.7.
"""

from collections.abc import Sequence
from typing import Any

from litestar import Controller, Request, Response, get
from litestar.params import FromPath

from certloom.api.answers import answer
from certloom.api.call import call_of
from certloom.api.listing import ListRequest
from certloom.api.openapi import documented
from certloom.api.schemas.catalogue import (
    ParameterDefinition,
    SignalInputs,
    StepTypeListItem,
    StepTypeResponse,
    WorkflowTypeListItem,
)
from certloom.api.short_lists import ListField, ShortList
from certloom.operations.catalogue import step_type_named, step_types, workflow_types
from certloom.store.query_expression import FieldKind
from certloom.workflow.parameters import Parameter
from certloom.workflow.step import StepType
from certloom.workflow.workflow_type import WorkflowType

__all__ = ["CatalogueController"]


class CatalogueController(Controller):
    """Step types and workflow types."""

    path = "/KeyfactorAPI/Workflow/Definitions"
    tags = ("Workflow Definition",)

    @get("/Steps", operation_id="ListStepTypes", **documented(list[StepTypeListItem], query=ListRequest))
    async def list_steps(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Every step type, by display name."""
        call = call_of(request)
        every = list(call.services.workflow_types)
        fields = {
            "DisplayName": ListField[StepType](lambda one: (one.display_name,), FieldKind.TEXT),
            "ExtensionName": ListField[StepType](lambda one: (one.extension_name,), FieldKind.TEXT),
            "SupportedWorkflowTypes": ListField[StepType](lambda one: one.workflow_types or every, FieldKind.TEXT),
        }
        found = await step_types(call.services, call.actor)
        return ShortList(fields).answer(call, found, lambda one: _list_item(one, every))

    @get("/Steps/{extension_name:str}", operation_id="ReadStepType", **documented(StepTypeResponse))
    async def read_step(self, request: Request[Any, Any, Any], extension_name: FromPath[str]) -> Response[bytes]:
        """One step type."""
        call = call_of(request)
        return answer(_step_type(await step_type_named(call.services, call.actor, extension_name)))

    @get("/Types", operation_id="ListWorkflowTypes", **documented(list[WorkflowTypeListItem], query=ListRequest))
    async def list_types(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Every workflow type, by name."""
        call = call_of(request)
        known = call.services.step_types
        found = await workflow_types(call.services, call.actor)
        return _TYPES.answer(call, found, lambda one: _workflow_type(one, known.get(one.closing_step or "")))


_TYPES = ShortList[WorkflowType](
    {
        "WorkflowType": ListField(lambda one: (one.name,)),
        "Name": ListField(lambda one: (one.name,), FieldKind.TEXT),
        "KeyType": ListField(lambda one: (one.key_type,)),
    }
)


def _list_item(step_type: StepType, every: Sequence[str]) -> StepTypeListItem:
    return StepTypeListItem(
        display_name=step_type.display_name,
        extension_name=step_type.extension_name,
        supported_workflow_types=list(step_type.workflow_types or every),
        configuration_parameters_definition=_parameters(step_type.parameters),
        signals_definition=_signals(step_type),
    )


def _step_type(step_type: StepType) -> StepTypeResponse:
    return StepTypeResponse(
        display_name=step_type.display_name,
        extension_name=step_type.extension_name,
        outputs=list(step_type.outputs),
        configuration_parameters_definition=_parameters(step_type.parameters),
        signals_definition=_signals(step_type),
    )


def _workflow_type(workflow_type: WorkflowType, closing: StepType | None) -> WorkflowTypeListItem:
    tokens = (name for key in workflow_type.data_keys for name in (key.name, *key.tokens))
    return WorkflowTypeListItem(
        workflow_type=workflow_type.name,
        key_type=workflow_type.key_type,
        context_parameters=list(dict.fromkeys(tokens)),
        built_in_steps=[_step_type(closing)] if closing else [],
    )


def _signals(step_type: StepType) -> dict[str, SignalInputs]:
    return {signal.name: SignalInputs(input_parameters=_parameters(signal.inputs)) for signal in step_type.signals}


def _parameters(declared: Sequence[Parameter]) -> dict[str, ParameterDefinition]:
    return {
        parameter.name: ParameterDefinition(
            display_name=parameter.display_name,
            parameter_type=parameter.data_type.value,
            required=parameter.required,
            default_value=parameter.default,
            control_type=parameter.control.value,
            potential_values=parameter.choices,
            support_token_replacement=parameter.tokens,
            tool_tip_contents=parameter.help or None,
        )
        for parameter in declared
    }
