"""Library scripts in workflows: what steps may run, and what keeps a step that runs one from being published."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from certloom.errors import CertloomError, Conflict
from certloom.operations.scripts import WORKFLOW, LibraryScript, library_script, used_names
from certloom.operations.services import Services
from certloom.scripting.pwsh.interpreter import PwshUnusable
from certloom.workflow.definition import Step
from certloom.workflow.fault import Fault
from certloom.workflow.step import ScriptRun

__all__ = ["ScriptChanged", "ScriptNotOffered", "ServicesScripts", "library_points"]


class ScriptNotOffered(Conflict):
    """A script of the library that is not in the category whose scripts steps may run."""


class ScriptChanged(Conflict):
    """The contents are no longer those that were recorded when the step began."""


@dataclass(frozen=True, slots=True)
class ServicesScripts:
    """Runs library scripts for steps."""

    services: Services

    async def sha256(self, name: str) -> str:
        """The SHA-256 of a script that can be run now.

        Raises ScriptNotFound, ScriptNotOffered, or PwshUnusable with how to get what is missing.
        """
        found = await _offered(self.services, name)
        fault = await self.services.pwsh.fault()
        if fault:
            raise PwshUnusable(f"Script {found.name} was not run: {fault}.")
        return found.sha256

    async def run(self, name: str, sha256: str, parameters: Mapping[str, Any], protected: Iterable[str]) -> ScriptRun:
        """Run the script whose contents have that SHA-256.

        Raises ScriptChanged for other contents, and what ``sha256`` and ``Pwsh.run`` raise.
        """
        found = await _offered(self.services, name)
        if found.sha256 != sha256:
            raise ScriptChanged(
                f"Script {found.name} was changed while the step began: from SHA-256 {sha256} to {found.sha256}. "
                "Nothing was run."
            )
        result = await self.services.pwsh.run(found.contents, parameters, protected)
        return ScriptRun(result.values, tuple(f"{one.kind}: {one.text}" for one in result.messages))


async def library_points(services: Services, steps: Sequence[Step]) -> tuple[Fault, ...]:
    """What is still missing before the library scripts of these steps could run."""
    points = []
    for step in steps:
        for parameter, name in used_names(services, step).items():
            text = await _missing(services, name)
            if text:
                field = f"ConfigurationParameters.{parameter}"
                points.append(Fault(step.unique_name, field, "library-script-unusable", text))
    return tuple(points)


async def _missing(services: Services, name: str) -> str:
    try:
        await ServicesScripts(services).sha256(name)
    except CertloomError as error:
        return error.message.rstrip(".")
    return ""


async def _offered(services: Services, name: str) -> LibraryScript:
    found = await library_script(services, name)
    if WORKFLOW not in found.categories:
        raise ScriptNotOffered(
            f"Script {found.name} is not offered to workflows: it lacks the category Workflow ({WORKFLOW})."
        )
    return found
