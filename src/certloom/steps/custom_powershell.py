"""CustomPowerShell ("Use Custom PowerShell"): runs a script of the library in a real PowerShell 7.

A library script can do anything outside, so what a second run does nobody knows: an interrupted one waits for a person.
The name of the script and the SHA-256 of its contents are recorded before it runs.
Source: workflow-definitions reference, 4.4.
"""

from typing import Any

from typing_extensions import override

from certloom.workflow.outcome import Continue, Outcome
from certloom.workflow.parameters import ControlType, DataType, Parameter
from certloom.workflow.step import EffectStep, Prepared, Retries, StepContext

__all__ = ["CustomPowerShellStep"]


class CustomPowerShellStep(EffectStep):
    """Runs a script of the library with all that PowerShell can do, where an administrator allows it."""

    extension_name = "CustomPowerShell"
    display_name = "Use Custom PowerShell"
    parameters = (
        Parameter(
            name="ScriptName",
            display_name="Script",
            control=ControlType.DROP_DOWN,
            required=True,
            aliases=("Script",),
            library_script=True,
            help="The name of a library script of category Workflow.",
        ),
        Parameter(
            name="ScriptParameters",
            display_name="Script parameters",
            data_type=DataType.OBJECT,
            control=ControlType.KEY_VALUE,
            tokens=True,
            help="Values for the script's param() block, by name.",
        ),
    )
    retries = Retries.MANUAL
    changes_request = True

    @override
    async def prepare(self, context: StepContext) -> Prepared:
        name = str(context.view.parameters.get("ScriptName") or "")
        given = context.view.parameters.get("ScriptParameters") or {}
        sha256 = await context.scripts.sha256(name)
        return Prepared({"script": name, "sha256": sha256, "parameters": given})

    @override
    async def perform(self, context: StepContext, intent: dict[str, Any]) -> Outcome:
        done = await context.scripts.run(
            intent["script"], intent["sha256"], intent["parameters"], context.view.protected
        )
        return Continue(done.values, messages=done.messages)
