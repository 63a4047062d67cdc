"""The catalogue: which step types and workflow types this server knows, built in or from elsewhere.

Source: workflow-definitions reference, 2.7.
"""

from certloom.errors import NotFound
from certloom.identity.actor import Actor
from certloom.operations.access import Operation, require
from certloom.operations.services import Services
from certloom.workflow.step import StepType
from certloom.workflow.workflow_type import WorkflowType

__all__ = ["StepTypeNotFound", "step_type_named", "step_types", "workflow_types"]


class StepTypeNotFound(NotFound):
    """No step type of that extension name."""


async def step_types(services: Services, actor: Actor) -> list[StepType]:
    """Every step type."""
    require(actor, Operation.LIST_STEP_TYPES)
    return list(services.step_types.values())


async def step_type_named(services: Services, actor: Actor, extension_name: str) -> StepType:
    """The step type of that extension name, case ignored. Raises StepTypeNotFound."""
    require(actor, Operation.READ_STEP_TYPE)
    folded = extension_name.casefold()
    found = next((one for name, one in services.step_types.items() if name.casefold() == folded), None)
    if found is None:
        raise StepTypeNotFound(
            f"There is no step type {extension_name[:100]!r}. GET /Workflow/Definitions/Steps lists them."
        )
    return found


async def workflow_types(services: Services, actor: Actor) -> list[WorkflowType]:
    """Every workflow type."""
    require(actor, Operation.LIST_WORKFLOW_TYPES)
    return list(services.workflow_types.values())
