"""What the audit log is told. Entries ride in the Change they describe, so what cannot be audited does not happen."""

from certloom.identity.actor import Actor
from certloom.operations.access import Operation
from certloom.operations.services import Services
from certloom.store.change import AuditEntry, Change
from certloom.store.moments import text_of

__all__ = ["FAILURE", "WARNING", "entry", "record_refusal"]

WARNING = 1
FAILURE = 2


def entry(
    services: Services,
    actor: str,
    operation: Operation,
    entity: tuple[str, str],
    message: str,
    level: int = 0,
    **details: str | int | None,
) -> AuditEntry:
    """An entry about ``entity`` (its type and its id)."""
    return AuditEntry(
        at=text_of(services.clock()),
        actor=actor,
        operation=operation.value,
        entity_type=entity[0],
        entity=entity[1],
        message=message,
        level=level,
        details=details,
    )


async def record_refusal(
    services: Services, actor: Actor, operation: Operation, entity: tuple[str, str], why: str
) -> None:
    """Write down that ``actor`` was refused."""
    refusal = entry(services, actor.display, operation, entity, why, WARNING)
    await services.database.commit(Change(audit=(refusal,)))
