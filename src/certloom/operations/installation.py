"""What every installation has from its first start: the administrators' role and the global definitions."""

import json

from certloom.clock import uuid7
from certloom.identity.actor import Actor
from certloom.operations.access import Operation, require
from certloom.operations.audit import entry
from certloom.operations.roles import ADMINISTRATORS
from certloom.operations.services import Services
from certloom.store.accounts import RoleRow, read_role
from certloom.store.change import Change
from certloom.store.definitions import DefinitionRow, DefinitionVersionRow, read_global, steps_text
from certloom.store.meta import MetaRow, read_meta
from certloom.store.rows import Insert, Put, Write
from certloom.workflow.definition import Step
from certloom.workflow.workflow_type import WorkflowType

__all__ = ["complete_installation"]


async def complete_installation(services: Services, actor: Actor) -> None:
    """Create what is missing. Called at every start; changes nothing where nothing is missing."""
    require(actor, Operation.CREATE_DEFINITION)
    writes: list[Write] = []
    if await read_meta(services.database, "security_rev") is None:
        writes.append(Put(MetaRow(name="security_rev", value="1")))
    if await read_role(services.database, ADMINISTRATORS.casefold()) is None:
        writes.append(Insert(_administrators()))
    for workflow_type in services.workflow_types.values():
        if workflow_type.has_global_definition and await read_global(services.database, workflow_type.name) is None:
            writes.extend(_global_definition(services, workflow_type))
    if writes:
        audit = entry(
            services, actor.display, Operation.CREATE_DEFINITION, ("Installation", ""), "Created what is built in."
        )
        await services.database.commit(Change(writes=tuple(writes), audit=(audit,)))


def _administrators() -> RoleRow:
    return RoleRow(
        id=0,
        name_key=ADMINISTRATORS.casefold(),
        name=ADMINISTRATORS,
        description="May do everything but approve: approving needs a role the definition names.",
        permissions=json.dumps(["/"]),
    )


def _global_definition(services: Services, workflow_type: WorkflowType) -> tuple[Write, Write]:
    definition_id = str(uuid7(services.clock()))
    closing = workflow_type.closing_step
    middle = [(closing, services.step_types[closing].display_name, closing)] if closing else []
    chain = [("StartNOOP", "Start-NOOP", "NOOPStep"), *middle, ("EndNOOP", "End-NOOP", "NOOPStep")]
    following = [*(name for name, _, _ in chain[1:]), None]
    steps = tuple(
        Step(
            id=str(uuid7(services.clock())),
            unique_name=name,
            display_name=display,
            extension_name=extension,
            outputs={"continue": successor} if successor else {},
        )
        for (name, display, extension), successor in zip(chain, following, strict=True)
    )
    row = DefinitionRow(
        id=definition_id,
        workflow_type=workflow_type.name,
        display_name=f"Global {workflow_type.name} Workflow",
        description=f"Takes every {workflow_type.name.lower()} request that no other definition covers.",
        enabled=1,
        is_global=1,
        draft_version=1,
        published_version=1,
        rev=1,
    )
    version = DefinitionVersionRow(definition_id=definition_id, version=1, steps=steps_text(steps), published=1)
    return Insert(row), Insert(version)
