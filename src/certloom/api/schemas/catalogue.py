"""Wire shapes of step types and workflow types. Source: workflow-definitions reference, 2.7."""

from certloom.api.schemas.wire import Wire

__all__ = ["ParameterDefinition", "SignalInputs", "StepTypeListItem", "StepTypeResponse", "WorkflowTypeListItem"]


class ParameterDefinition(Wire, kw_only=True):
    """What a step type or a signal asks for. ``ParameterType`` and ``ControlType`` are numbers."""

    display_name: str
    parameter_type: int
    required: bool
    default_value: str | None
    control_type: int
    potential_values: dict[str, str] | None
    support_token_replacement: bool
    depends_on: dict[str, str] | None = None
    tool_tip_contents: str | None = None
    query_endpoint: str | None = None
    query_field_name: str | None = None
    query_group_by: str | None = None


class SignalInputs(Wire, kw_only=True):
    """What comes with a signal."""

    input_parameters: dict[str, ParameterDefinition]


class StepTypeListItem(Wire, kw_only=True):
    """A step type in a list."""

    display_name: str
    extension_name: str
    supported_workflow_types: list[str]
    configuration_parameters_definition: dict[str, ParameterDefinition]
    signals_definition: dict[str, SignalInputs]


class StepTypeResponse(Wire, kw_only=True):
    """One step type."""

    display_name: str
    extension_name: str
    outputs: list[str]
    configuration_parameters_definition: dict[str, ParameterDefinition]
    signals_definition: dict[str, SignalInputs]


class WorkflowTypeListItem(Wire, kw_only=True):
    """A workflow type: what its definitions are keyed by, its tokens, and the steps the server adds by itself."""

    workflow_type: str
    key_type: str
    context_parameters: list[str]
    built_in_steps: list[StepTypeResponse]
