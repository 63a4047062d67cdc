"""Which roles an instance waits for, as rows that lists of assigned instances are read from."""

from certloom.operations.services import Services
from certloom.operations.signal_roles import roles_at
from certloom.store.instances import AwaitedSignalRow
from certloom.workflow.definition import Definition, Step
from certloom.workflow.instance import Instance, Status

__all__ = ["awaited_signals", "may_signal_own"]


def awaited_signals(
    services: Services, before: Instance | None, after: Instance, definition: Definition
) -> tuple[AwaitedSignalRow, ...] | None:
    """The rows an instance's wait needs now; None when they are what they were."""
    was_waiting = before is not None and before.status is Status.SUSPENDED
    if after.status is not Status.SUSPENDED or after.cursor is None:
        return () if was_waiting else None
    step = definition.step(after.cursor.step)
    excluded = 0 if may_signal_own(services, step) else after.initiator_id
    return tuple(
        AwaitedSignalRow(role_id=role_id, instance_id=after.id, signal_key=key, excluded_id=excluded)
        for key, role_ids in sorted(roles_at(after, step).items())
        for role_id in role_ids
        if key in after.awaited
    )


def may_signal_own(services: Services, step: Step) -> bool:
    """Whether the requester may vote on their own request: by the setting, or by the step's own word."""
    if services.settings.approvals_self == "allow":
        return True
    given = next((v for name, v in step.parameters.items() if name.casefold() == "allowselfapproval"), False)
    return str(given).strip().casefold() == "true"
