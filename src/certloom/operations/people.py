"""Changes to accounts and roles: one way to commit them, so that decisions in flight are taken anew."""

from certloom.errors import Conflict, NotFound
from certloom.identity.actor import Actor
from certloom.operations.access import Operation
from certloom.operations.audit import entry
from certloom.operations.services import Services
from certloom.store.accounts import RoleRow, list_roles, read_role
from certloom.store.change import Change, Expect, GuardLost
from certloom.store.meta import MetaRow
from certloom.store.rows import Put, Write

__all__ = ["PeopleChanged", "RoleNotFound", "commit_people", "existing_role"]


class PeopleChanged(Conflict):
    """Somebody else changed accounts or roles at the same moment."""


class RoleNotFound(NotFound):
    """No role of that name."""


async def commit_people(
    services: Services,
    actor: Actor,
    operation: Operation,
    entity: tuple[str, str],
    message: str,
    *writes: Write,
    decided_at: str,
) -> None:
    """Commit a change to people or roles; the security revision rises, so that decisions in flight are taken anew.

    ``decided_at`` is the revision the operation read before it looked at anything: what it decided upon still holds.
    Raises PeopleChanged otherwise.
    """
    raised = Put(MetaRow(name="security_rev", value=str(int(decided_at) + 1)))
    audit = entry(services, actor.display, operation, entity, message)
    guard = Expect(MetaRow, ("security_rev",), "value", decided_at)
    try:
        await services.database.commit(Change(guards=(guard,), writes=(*writes, raised), audit=(audit,)))
    except GuardLost as error:
        raise PeopleChanged(
            "Somebody else changed accounts or roles at the same moment. Nothing was done; do it again."
        ) from error


async def existing_role(services: Services, name: str) -> RoleRow:
    """The role of that name, case ignored. Raises RoleNotFound."""
    row = await read_role(services.database, name.strip().casefold())
    if row is None:
        known = ", ".join(role.name for role in await list_roles(services.database)) or "none yet"
        raise RoleNotFound(f"There is no role {name[:100]!r}. Known: {known}.")
    return row
