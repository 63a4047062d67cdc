"""Explaining an instance: why it waits and who can act, to everybody who may read it. Ours."""

from uuid import UUID

from certloom.identity.actor import Actor
from certloom.operations.access import Operation
from certloom.operations.audit import WARNING, entry
from certloom.operations.awaited import may_signal_own
from certloom.operations.instances import read_one
from certloom.operations.services import Services
from certloom.operations.view import step_view
from certloom.store.accounts import holders_of, list_roles
from certloom.store.change import AuditEntry
from certloom.store.instances import instance_of, journal_of
from certloom.workflow.definition import Step
from certloom.workflow.explanation import Explanation, Wait, awaited_people, explain, waits_for
from certloom.workflow.instance import Instance, Status
from certloom.workflow.step import StepView

__all__ = ["explain_instance", "out_of_reach"]


async def explain_instance(services: Services, actor: Actor, instance_id: UUID) -> Explanation:
    """Why the instance stands where it stands. Raises what ``read_one`` raises."""
    instance = instance_of((await read_one(services, actor, instance_id)).row)
    definition = await services.definition(instance.definition)
    events = await journal_of(services.database, instance.id)
    wait = None
    if instance.status is Status.SUSPENDED and instance.cursor is not None:
        step = definition.step(instance.cursor.step)
        if step.extension_name in services.step_types:
            wait = await _wait(services, step, await step_view(services, instance, definition, step))
    return explain(instance, definition, events, wait)


async def out_of_reach(services: Services, instance: Instance, view: StepView) -> tuple[AuditEntry, ...]:
    """What the audit log is told of an instance that waits for more people than there are (check A14)."""
    definition = await services.definition(instance.definition)
    step = definition.step(view.step)
    awaited = awaited_people(instance, await _wait(services, step, view))
    if not all(one.out_of_reach for one in awaited):
        return ()
    actor = f"system:workflow on behalf of {instance.initiator}"
    target = ("WorkflowInstance", instance.id)
    return (entry(services, actor, Operation.RUN_INSTANCE, target, waits_for(step.unique_name, awaited), WARNING),)


async def _wait(services: Services, step: Step, view: StepView) -> Wait:
    step_type = services.step_types[step.extension_name]
    roles = await list_roles(services.database)
    holders = {key: await holders_of(services.database, ids) for key, ids in view.signal_roles.items()}
    return Wait(
        roles={key: tuple(role.name for role in roles if role.id in ids) for key, ids in view.signal_roles.items()},
        holders=holders,
        needed=step_type.needed(view.parameters),
        own=may_signal_own(services, step),
        request=view.request,
        dates=step_type.dates(view),
    )
