"""Permission sets: what the roles of one part of an organisation may hold at most."""

import json
from collections.abc import Sequence

from certloom.clock import uuid7
from certloom.errors import Conflict, Invalid, NotFound
from certloom.identity.actor import Actor
from certloom.identity.known_permissions import KNOWN_PERMISSIONS
from certloom.identity.permission import beyond, canonical
from certloom.identity.role import GLOBAL_PERMISSION_SET, PermissionSet
from certloom.operations.access import Operation, require
from certloom.operations.people import commit_people
from certloom.operations.reach import require_reach
from certloom.operations.services import Services
from certloom.store.accounts import RoleRow, list_roles, security_rev
from certloom.store.claims import PermissionSetRow, list_permission_sets, read_permission_set
from certloom.store.rows import Delete, Put

__all__ = [
    "PermissionSetExists",
    "PermissionSetInUse",
    "PermissionSetNotFound",
    "delete_permission_set",
    "existing_permission_set",
    "known_permissions",
    "permission_set",
    "permission_sets",
    "save_permission_set",
]

_LONGEST_NAME = 128


class PermissionSetNotFound(NotFound):
    """No permission set of that id."""


class PermissionSetExists(Conflict):
    """Another permission set has this name, whatever its case."""

    code = "0xA011000A"


class PermissionSetInUse(Conflict):
    """Roles depend on the permission set as it is."""


def known_permissions(actor: Actor) -> list[str]:
    """Every access string that a role may hold, in order."""
    require(actor, Operation.LIST_PERMISSIONS)
    return sorted(KNOWN_PERMISSIONS)


async def permission_sets(services: Services, actor: Actor) -> list[PermissionSet]:
    """Every permission set, by name."""
    require(actor, Operation.LIST_PERMISSION_SETS)
    return [_set(row) for row in await list_permission_sets(services.database)]


async def permission_set(services: Services, actor: Actor, set_id: str) -> PermissionSet:
    """One permission set. Raises PermissionSetNotFound."""
    require(actor, Operation.LIST_PERMISSION_SETS)
    return await existing_permission_set(services, set_id)


async def save_permission_set(
    services: Services, actor: Actor, name: str, permissions: Sequence[str], set_id: str | None = None
) -> PermissionSet:
    """A new permission set, or, with ``set_id``, what that one is from now on.

    Raises PermissionUnknown, PermissionSetExists, PermissionSetNotFound, RightsExceeded, Invalid for a missing or long
    name, and PermissionSetInUse where a role of the set holds more, or for the set that allows everything.
    """
    operation = Operation.UPDATE_PERMISSION_SET if set_id else Operation.CREATE_PERMISSION_SET
    require(actor, operation)
    rev = await security_rev(services.database)
    before = await existing_permission_set(services, set_id) if set_id else None
    name, held = name.strip(), sorted({canonical(permission) for permission in permissions})
    if not name or len(name) > _LONGEST_NAME:
        raise Invalid(f"The name of a permission set has 1 to {_LONGEST_NAME} characters; this one has {len(name)}.")
    require_reach(actor, operation, (*held, *(before.permissions if before else ())))
    await _check_name(services, name, before)
    if before is not None:
        _check_changeable(before)
        await _check_roles(services, before, held)
    row = PermissionSetRow(
        id=before.id if before else str(uuid7(services.clock())),
        name_key=name.casefold(),
        name=name,
        permissions=json.dumps(held),
    )
    message = f"Allows {', '.join(held) or 'nothing'}."
    await commit_people(services, actor, operation, ("PermissionSet", name), message, Put(row), decided_at=rev)
    return _set(row)


async def delete_permission_set(services: Services, actor: Actor, set_id: str) -> None:
    """Remove a permission set. Raises PermissionSetNotFound or PermissionSetInUse."""
    require(actor, Operation.DELETE_PERMISSION_SET)
    rev = await security_rev(services.database)
    before = await existing_permission_set(services, set_id)
    require_reach(actor, Operation.DELETE_PERMISSION_SET, before.permissions)
    _check_changeable(before)
    members = await _roles_of(services, before)
    if members:
        raise PermissionSetInUse(
            f"The permission set {before.name} is used by {_names(members)}. Move these roles first."
        )
    entity, write = ("PermissionSet", before.name), Delete(PermissionSetRow, (before.id,))
    operation = Operation.DELETE_PERMISSION_SET
    await commit_people(services, actor, operation, entity, "Deleted.", write, decided_at=rev)


async def existing_permission_set(services: Services, set_id: str) -> PermissionSet:
    """The permission set of that id. Raises PermissionSetNotFound."""
    row = await read_permission_set(services.database, set_id)
    if row is None:
        raise PermissionSetNotFound(f"There is no permission set {set_id[:100]}. GET /PermissionSets lists all.")
    return _set(row)


async def _check_name(services: Services, name: str, before: PermissionSet | None) -> None:
    for other in await list_permission_sets(services.database):
        if other.name_key == name.casefold() and (before is None or other.id != before.id):
            raise PermissionSetExists(f"There is a permission set {name} already. Choose another name.")


def _check_changeable(permission_set: PermissionSet) -> None:
    if permission_set.id == GLOBAL_PERMISSION_SET:
        raise PermissionSetInUse(f"The permission set {permission_set.name} allows everything and stays as it is.")


async def _check_roles(services: Services, before: PermissionSet, held: Sequence[str]) -> None:
    over = [role for role in await _roles_of(services, before) if beyond(held, json.loads(role.permissions))]
    if over:
        raise PermissionSetInUse(
            f"{_names(over)} would hold more than the permission set {before.name} allows. Change these roles first."
        )


async def _roles_of(services: Services, permission_set: PermissionSet) -> list[RoleRow]:
    return [role for role in await list_roles(services.database) if role.permission_set_id == permission_set.id]


def _names(roles: Sequence[RoleRow]) -> str:
    return ", ".join(role.name for role in roles)


def _set(row: PermissionSetRow) -> PermissionSet:
    return PermissionSet(row.id, row.name, tuple(json.loads(row.permissions)))
