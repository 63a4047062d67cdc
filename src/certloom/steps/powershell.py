"""PowerShell ("Set Variable Data"): a script computes values for the data, in restricted PowerShell.

The script is handed its ``ScriptParameters`` and returns a hashtable, whose entries go into the instance's data;
``throw`` fails the step. It reaches nothing outside and stops at its limits.
Source: workflow-definitions reference, 4.3.
"""

import random
import re
from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from certloom.clock import system_clock
from certloom.errors import CertloomError
from certloom.scripting.powershell.checks import check
from certloom.scripting.powershell.faults import ScriptUnreadable
from certloom.scripting.powershell.limits import Limits
from certloom.scripting.powershell.parser import parse
from certloom.scripting.powershell.run import run
from certloom.workflow.outcome import Continue, Fail, Outcome
from certloom.workflow.script_parameters import script_parameters
from certloom.workflow.step import PureStep, StepView

__all__ = ["PowerShellStep"]

_LIMITS = Limits()
_LITERAL = r"""(?:'[^'\n]{0,80}'|"(?:[^"`\n]|`.){0,80}")"""
_REPLACING = re.compile(
    rf"(?:-[ci]?replace\s{{0,20}}|\.replace\s{{0,20}}\(\s{{0,20}}){_LITERAL}\s{{0,20}},\s{{0,20}}(?P<by>{_LITERAL})",
    re.IGNORECASE,
)
_ESCAPE = re.compile(r"""\\(?:[\\"nrtbfu/]|`")""")
"""An escape of JSON (RFC 8259, section 7), also where PowerShell needs a mark of its own before the quote."""


class PowerShellStep(PureStep):
    """Runs a script that was stored in the step."""

    extension_name = "PowerShell"
    display_name = "Set Variable Data"
    parameters = script_parameters(
        values="Values for the script's param() block, by name.",
        content="Restricted PowerShell that returns a hashtable.",
    )
    changes_request = True
    lengthy = True

    @override
    def faults(self, parameters: Mapping[str, Any]) -> tuple[str, ...]:
        script = parameters.get("ScriptContent")
        if not isinstance(script, str):
            return ()
        try:
            problems = check(parse(script))
        except ScriptUnreadable as error:
            return (f"ScriptContent: {error.message.rstrip('.')}",)
        return tuple(
            f"ScriptContent: line {one.line}, column {one.column}: {one.message.rstrip('.')}" for one in problems
        )

    @override
    def remarks(self, parameters: Mapping[str, Any]) -> tuple[str, ...]:
        script = str(parameters.get("ScriptContent") or "")
        lines = [
            script.count("\n", 0, match.start()) + 1
            for match in _REPLACING.finditer(script)
            if _ESCAPE.search(match["by"])
        ]
        return tuple(
            f"ScriptContent: line {line} escapes text by hand. The value of a token is escaped for the request it is "
            "put into, so it would be twice: leave it out, or set TokenMode of the request to text"
            for line in lines
        )

    @override
    def run(self, view: StepView) -> Outcome:
        draw = random.SystemRandom().random
        try:
            result = run(
                view.parameters.get("ScriptContent") or "",
                view.parameters.get("ScriptParameters") or {},
                _LIMITS,
                system_clock,
                draw,
                view.protected,
            )
        except CertloomError as error:
            return Fail(error.message)
        return Continue(result.values, messages=tuple(f"{one.kind}: {one.text}" for one in result.messages))
