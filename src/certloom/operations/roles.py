"""Roles: named sets of permissions that accounts hold and approvals ask for."""

import json
from collections.abc import Sequence

from certloom.errors import Conflict, Invalid
from certloom.identity.actor import Actor
from certloom.identity.permission import canonical
from certloom.identity.role import Role
from certloom.operations.access import Operation, require
from certloom.operations.accounts import existing_account
from certloom.operations.people import commit_people, existing_role
from certloom.operations.services import Services
from certloom.store.accounts import (
    AccountRoleRow,
    AccountRow,
    RoleRow,
    list_accounts,
    list_roles,
    read_role,
    read_roles_of,
    security_rev,
)
from certloom.store.rows import Delete, Insert, Put, Write

__all__ = [
    "ADMINISTRATORS",
    "RoleExists",
    "assign_role",
    "create_role",
    "roles",
]

ADMINISTRATORS = "Administrators"


class RoleExists(Conflict):
    """Another role has this name, whatever its case."""

    code = "0xA011000A"


async def roles(services: Services, actor: Actor) -> list[tuple[Role, tuple[AccountRow, ...]]]:
    """Every role, by name, with the accounts that hold it."""
    require(actor, Operation.LIST_ROLES)
    everybody = await list_accounts(services.database)
    held = {row.id: {role.id for role in await read_roles_of(services.database, row.id)} for row in everybody}
    return [
        (_role(role), tuple(row for row in everybody if role.id in held[row.id]))
        for role in await list_roles(services.database)
    ]


async def create_role(
    services: Services, actor: Actor, name: str, permissions: Sequence[str], description: str = ""
) -> Role:
    """A new role. Permissions in the new or the old spelling. Raises PermissionUnknown, RoleExists or Invalid."""
    require(actor, Operation.CREATE_ROLE)
    rev = await security_rev(services.database)
    name = name.strip()
    if not name:
        raise Invalid("The role has no name. Give it one that says what its holders do.")
    held = sorted({canonical(permission) for permission in permissions})
    if await read_role(services.database, name.casefold()) is not None:
        raise RoleExists(f"There is a role {name} already.")
    row = RoleRow(id=0, name_key=name.casefold(), name=name, description=description, permissions=json.dumps(held))
    message = f"Created with {', '.join(held) or 'no permissions'}."
    await commit_people(services, actor, Operation.CREATE_ROLE, ("Role", name), message, Insert(row), decided_at=rev)
    return _role(await existing_role(services, name))


async def assign_role(services: Services, actor: Actor, role_name: str, account: str, *, remove: bool = False) -> None:
    """Give a role to an account, or take it away. Raises RoleNotFound or AccountNotFound."""
    require(actor, Operation.ASSIGN_ROLE)
    rev = await security_rev(services.database)
    role = await existing_role(services, role_name)
    row = await existing_account(services, account)
    write: Write = Put(AccountRoleRow(account_id=row.id, role_id=role.id))
    message = f"Given to {row.display}."
    if remove:
        write, message = Delete(AccountRoleRow, (row.id, role.id)), f"Taken from {row.display}."
    await commit_people(services, actor, Operation.ASSIGN_ROLE, ("Role", role.name), message, write, decided_at=rev)


def _role(row: RoleRow) -> Role:
    return Role(id=row.id, name=row.name, description=row.description, permissions=tuple(json.loads(row.permissions)))
