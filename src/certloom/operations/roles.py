"""Roles: named sets of permissions that accounts hold and approvals ask for."""

from collections.abc import Sequence

from certloom.identity.actor import Actor
from certloom.identity.role import Role
from certloom.operations.access import Operation, require
from certloom.operations.accounts import existing_account
from certloom.operations.people import commit_people, existing_role
from certloom.operations.reach import require_reach, require_somebody_else
from certloom.operations.role_changes import (
    ADMINISTRATORS,
    RoleDraft,
    RoleExists,
    checked_holders,
    new_role,
    role_of,
)
from certloom.operations.services import Services
from certloom.store.accounts import (
    AccountRoleRow,
    AccountRow,
    list_accounts,
    list_roles,
    read_assigned,
    read_roles_of,
    security_rev,
)
from certloom.store.rows import Delete, Insert, Put, Write

__all__ = ["ADMINISTRATORS", "RoleExists", "assign_role", "create_role", "roles"]


async def roles(services: Services, actor: Actor) -> list[tuple[Role, tuple[AccountRow, ...]]]:
    """Every role, by name, with the accounts that hold it, whichever way they came to it."""
    require(actor, Operation.LIST_ROLES)
    everybody = [row for row in await list_accounts(services.database) if not row.disabled]
    held = {row.id: {role.id for role in await read_roles_of(services.database, row.id)} for row in everybody}
    return [
        (role_of(role), tuple(row for row in everybody if role.id in held[row.id]))
        for role in await list_roles(services.database)
    ]


async def create_role(
    services: Services, actor: Actor, name: str, permissions: Sequence[str], description: str = ""
) -> Role:
    """A new role. Permissions in the new or the old spelling. Raises what ``new_role`` raises."""
    require(actor, Operation.CREATE_ROLE)
    rev = await security_rev(services.database)
    draft = RoleDraft(name=name, description=description, permissions=tuple(permissions))
    row = await new_role(services, actor, draft)
    message = f"Created with permissions {row.permissions}."
    entity = ("Role", row.name)
    await commit_people(services, actor, Operation.CREATE_ROLE, entity, message, Insert(row), decided_at=rev)
    return role_of(await existing_role(services, row.name))


async def assign_role(services: Services, actor: Actor, role_name: str, account: str, *, remove: bool = False) -> None:
    """Give a role to an account, or take it away.

    Raises RoleNotFound, AccountNotFound, RightsExceeded or AdministratorsNeeded.
    """
    require(actor, Operation.ASSIGN_ROLE)
    rev = await security_rev(services.database)
    role = await existing_role(services, role_name)
    row = await existing_account(services, account)
    require_reach(actor, Operation.ASSIGN_ROLE, role_of(role).permissions)
    write: Write = Put(AccountRoleRow(account_id=row.id, role_id=role.id))
    message = f"Given to {row.display}."
    if remove:
        write, message = Delete(AccountRoleRow, (row.id, role.id)), f"Taken from {row.display}."
        holders = [one.id for one in await read_assigned(services.database, role.id) if one.id != row.id]
        checked_holders(role, holders)
    else:
        require_somebody_else(actor, Operation.ASSIGN_ROLE, is_own=row.id == actor.account_id)
    await commit_people(services, actor, Operation.ASSIGN_ROLE, ("Role", role.name), message, write, decided_at=rev)
