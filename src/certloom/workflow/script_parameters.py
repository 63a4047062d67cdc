"""The parameters of a step that runs a script stored in it (workflow-definitions reference, 4.3)."""

from certloom.workflow.parameters import ControlType, DataType, Parameter

__all__ = ["script_parameters"]


def script_parameters(values: str, content: str) -> tuple[Parameter, ...]:
    """``ScriptParameters`` and ``ScriptContent``, with what forms and the reference say of values and script."""
    return (
        Parameter(
            name="ScriptParameters",
            display_name="Script parameters",
            data_type=DataType.OBJECT,
            control=ControlType.KEY_VALUE,
            tokens=True,
            help=values,
        ),
        Parameter(
            name="ScriptContent",
            display_name="Script",
            control=ControlType.SCRIPT,
            required=True,
            help=content,
        ),
    )
