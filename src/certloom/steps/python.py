"""Python: a script computes values for the data. An extension: Command has no such step.

The script is handed its ``ScriptParameters`` as variables and returns a dictionary, whose entries go into the
instance's data; an exception fails the step, and lines it prints go into the journal. It runs in a process of its own
without files, network or environment, and stops at its limits. The interpreter comes with the extra ``scripts``.
"""

import keyword
from collections.abc import Iterator, Mapping
from typing import Any

from typing_extensions import override

from certloom.errors import CertloomError
from certloom.scripting.python.scripts import PythonScripts
from certloom.workflow.outcome import Continue, Fail, Outcome
from certloom.workflow.script_parameters import script_parameters
from certloom.workflow.step import PureStep, StepView

__all__ = ["PythonStep"]


class PythonStep(PureStep):
    """Runs a script that was stored in the step."""

    extension_name = "Python"
    display_name = "Run Python"
    parameters = script_parameters(
        values="Values for the script's variables, by name.",
        content="Python that returns a dictionary.",
    )
    changes_request = True
    lengthy = True
    ours = True

    def __init__(self, scripts: PythonScripts) -> None:
        self._scripts = scripts

    @override
    def faults(self, parameters: Mapping[str, Any]) -> tuple[str, ...]:
        script = parameters.get("ScriptContent")
        found = list(_misnamed(parameters.get("ScriptParameters")))
        if isinstance(script, str) and script:
            try:
                self._scripts.check(script)
            except CertloomError as error:
                found.append(f"ScriptContent: {error.message.rstrip('.')}")
        return tuple(found)

    @override
    def run(self, view: StepView) -> Outcome:
        script, values = view.parameters.get("ScriptContent") or "", view.parameters.get("ScriptParameters") or {}
        try:
            result = self._scripts.run(script, values, view.protected)
        except CertloomError as error:
            return Fail(error.message)
        return Continue(result.values, messages=result.lines)


def _misnamed(given: object) -> Iterator[str]:
    for name in given if isinstance(given, Mapping) else ():
        if not name.isidentifier() or keyword.iskeyword(name):
            yield f"ScriptParameters: {name[:60]!r} cannot be the name of a variable"
