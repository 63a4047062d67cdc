"""Changes to accounts and roles: one way to commit them, so that decisions in flight are taken anew."""

from certloom.identity.actor import Actor
from certloom.operations.access import Operation
from certloom.operations.audit import entry
from certloom.operations.services import Services
from certloom.store.accounts import security_rev
from certloom.store.change import Change, Expect
from certloom.store.meta import MetaRow
from certloom.store.rows import Put, Write

__all__ = ["commit_people"]


async def commit_people(
    services: Services,
    actor: Actor,
    operation: Operation,
    entity: tuple[str, str],
    message: str,
    *writes: Write,
    guards: tuple[Expect, ...] = (),
) -> None:
    """Commit a change to people or roles; the security revision rises, so that decisions in flight are taken anew."""
    rev = await security_rev(services.database)
    raised = Put(MetaRow(name="security_rev", value=str(int(rev) + 1)))
    audit = entry(services, actor.display, operation, entity, message)
    guard = Expect(MetaRow, ("security_rev",), "value", rev)
    await services.database.commit(Change(guards=(guard, *guards), writes=(*writes, raised), audit=(audit,)))
