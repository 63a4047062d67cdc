"""What the audit log is told. Entries ride in the Change they describe, so what cannot be audited does not happen."""

from datetime import datetime, timedelta

from certloom.identity.actor import Actor
from certloom.operations.access import Operation, PermissionMissing
from certloom.operations.services import Services
from certloom.store.change import AuditEntry, Change
from certloom.store.moments import text_of

__all__ = ["FAILURE", "WARNING", "Refusals", "entry", "record_refusal"]

WARNING = 1
FAILURE = 2
_WINDOW = timedelta(minutes=1)
_MOST_KEPT = 10_000


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
    services: Services,
    actor: Actor,
    operation: Operation,
    entity: tuple[str, str],
    why: str,
    **details: str | int | None,
) -> None:
    """Write down that ``actor`` was refused."""
    refusal = entry(services, actor.display, operation, entity, why, WARNING, **details)
    await services.database.commit(Change(audit=(refusal,)))


class Refusals:
    """Writes down who was refused for want of a permission.

    A program that asks for the same forbidden thing again and again fills no log: of one actor and operation the first
    refusal in a minute is written, with how many there were since the one written before it.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._seen: dict[tuple[int, Operation], tuple[datetime, int]] = {}

    async def record(self, actor: Actor, refusal: PermissionMissing, place: str) -> None:
        """Write this refusal at ``place`` (method and path) down, or count it."""
        key, now = (actor.account_id, refusal.operation), self._services.clock()
        written_at, unwritten = self._seen.get(key, (now - _WINDOW, 0))
        if abs(now - written_at) < _WINDOW:
            self._seen[key] = (written_at, unwritten + 1)
            return
        self._seen.pop(key, None)
        if len(self._seen) >= _MOST_KEPT:
            del self._seen[next(iter(self._seen))]
        self._seen[key] = (now, 0)
        details: dict[str, str | int | None] = {"unwritten": unwritten} if unwritten else {}
        entity = ("AuthorizationFailure", place)
        await record_refusal(self._services, actor, refusal.operation, entity, refusal.message, **details)
