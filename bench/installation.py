"""An installation with a workflow of five steps that do nothing, outside of enrollment."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from typing_extensions import override

from certloom.app import Certloom, installation, running
from certloom.clock import uuid7
from certloom.identity.password import PasswordHasher
from certloom.settings import Settings
from certloom.store.change import Change
from certloom.store.definitions import DefinitionRow, DefinitionVersionRow, steps_text
from certloom.store.rows import Insert
from certloom.workflow.definition import Step
from certloom.workflow.workflow_type import WorkflowType

__all__ = ["five_step_installation"]

_STEPS = 5


class FiveSteps(WorkflowType):
    """A workflow of the benchmark."""

    name = "FiveSteps"
    key_type = "Template"
    has_global_definition = False
    closing_step = None
    data_keys = ()

    @override
    def title(self, initiator: str, data: Mapping[str, Any]) -> str:
        return f"{initiator} is measuring."

    @override
    def request(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return {}


@asynccontextmanager
async def five_step_installation(folder: str) -> AsyncIterator[Certloom]:
    """A running installation whose definition for key 1 of FiveSteps has five NOOP steps."""
    settings = Settings(data_folder=f"{folder}/data")
    async with installation(settings, hasher=PasswordHasher(1, 8, 1)) as certloom:
        kept = dict(certloom.services.workflow_types)
        certloom.services.workflow_types = {**kept, "FiveSteps": FiveSteps()}
        await certloom.services.database.commit(Change(writes=_definition(certloom)))
        async with running(certloom):
            yield certloom


def _definition(certloom: Certloom) -> tuple[Insert, Insert]:
    now = certloom.services.clock()
    names = [f"Step{number}" for number in range(1, _STEPS + 1)]
    steps = tuple(
        Step(
            id=str(uuid7(now)),
            unique_name=name,
            display_name=name,
            extension_name="NOOPStep",
            outputs={"continue": following} if following else {},
        )
        for name, following in zip(names, [*names[1:], None], strict=True)
    )
    row = DefinitionRow(
        id=str(uuid7(now)),
        workflow_type="FiveSteps",
        display_name="Five steps",
        description="",
        enabled=1,
        is_global=1,
        draft_version=1,
        published_version=1,
        rev=1,
    )
    version = DefinitionVersionRow(definition_id=row.id, version=1, steps=steps_text(steps), published=1)
    return Insert(row), Insert(version)
