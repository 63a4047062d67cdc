"""What a role may become: the one set of checks that creating and changing a role share (check B07)."""

import json
from collections.abc import Sequence

import msgspec

from certloom.errors import Conflict, Invalid
from certloom.identity.actor import Actor
from certloom.identity.permission import beyond, canonical
from certloom.identity.role import GLOBAL_PERMISSION_SET, Role
from certloom.operations.access import Operation
from certloom.operations.permission_sets import existing_permission_set
from certloom.operations.reach import require_reach, require_somebody_else
from certloom.operations.services import Services
from certloom.store.accounts import RoleRow, read_role

__all__ = [
    "ADMINISTRATORS",
    "AdministratorsNeeded",
    "RoleDraft",
    "RoleExists",
    "RoleImmutable",
    "changed_role",
    "checked_holders",
    "new_role",
    "role_of",
]

ADMINISTRATORS = "Administrators"
_LONGEST = {"name": 128, "description": 512, "email": 256}
"""Reference: api-surface 6.4."""


class RoleExists(Conflict):
    """Another role has this name, whatever its case."""

    code = "0xA011000A"


class RoleImmutable(Conflict):
    """The administrators' role stays as it is, but for who holds it."""


class AdministratorsNeeded(Conflict):
    """Nobody would be an administrator any more."""


class RoleDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants a role to be. Permissions in the new or the old spelling."""

    name: str
    description: str = ""
    permissions: tuple[str, ...] = ()
    email: str = ""
    permission_set_id: str = GLOBAL_PERMISSION_SET
    enabled: bool = True
    private: bool = False


async def new_role(services: Services, actor: Actor, draft: RoleDraft) -> RoleRow:
    """The row of a role that is about to exist.

    Raises PermissionUnknown, RoleExists, PermissionSetNotFound, RightsExceeded, or Invalid for a text that is missing
    or too long, or a permission outside the permission set.
    """
    return await _checked(services, actor, draft, None, Operation.CREATE_ROLE)


async def changed_role(services: Services, actor: Actor, role: RoleRow, draft: RoleDraft) -> RoleRow:
    """The row a role is about to become. Raises what ``new_role`` raises, and RoleImmutable."""
    operation = Operation.UPDATE_ROLE
    require_reach(actor, operation, role_of(role).permissions)
    row = await _checked(services, actor, draft, role, operation)
    if role.name_key == ADMINISTRATORS.casefold() and row != role:
        raise RoleImmutable(
            f"The role {role.name} stays as it is; only who holds it can change. Make a role of your own."
        )
    more = beyond(role_of(role).permissions, role_of(row).permissions)
    require_somebody_else(actor, operation, is_own=role.id in actor.role_ids and bool(more))
    return row


async def _checked(
    services: Services, actor: Actor, draft: RoleDraft, before: RoleRow | None, operation: Operation
) -> RoleRow:
    name = draft.name.strip()
    _check_texts(name, draft)
    held = sorted({canonical(permission) for permission in draft.permissions})
    permission_set = await existing_permission_set(services, draft.permission_set_id)
    outside = beyond(permission_set.permissions, held)
    if outside:
        raise Invalid(
            f"The permission set {permission_set.name} does not allow {', '.join(outside)}. "
            "Leave these permissions out, or choose another set."
        )
    require_reach(actor, operation, held)
    other = await read_role(services.database, name.casefold())
    if other is not None and (before is None or other.id != before.id):
        raise RoleExists(f"There is a role {name} already. Choose another name, or change that role.")
    return RoleRow(
        id=before.id if before else 0,
        name_key=name.casefold(),
        name=name,
        description=draft.description,
        permissions=json.dumps(held),
        email=draft.email,
        permission_set_id=permission_set.id,
        enabled=int(draft.enabled),
        private=int(draft.private),
    )


def _check_texts(name: str, draft: RoleDraft) -> None:
    if not name:
        raise Invalid("The role has no name. Give it one that says what its holders do.")
    for what, text in (("name", name), ("description", draft.description), ("email", draft.email)):
        if len(text) > _LONGEST[what]:
            raise Invalid(
                f"The role's {what} has {len(text)} characters; at most {_LONGEST[what]} are kept. Shorten it."
            )


def checked_holders(role: RoleRow, holders: Sequence[int]) -> None:
    """Raises AdministratorsNeeded when the administrators' role would be left with no account."""
    if role.name_key == ADMINISTRATORS.casefold() and not holders:
        raise AdministratorsNeeded(
            f"Nobody would hold {role.name} any more, and so nobody could give it back. Give it to somebody else first."
        )


def role_of(row: RoleRow) -> Role:
    """A role from its row."""
    return Role(
        id=row.id,
        name=row.name,
        description=row.description,
        permissions=tuple(json.loads(row.permissions)),
        email=row.email,
        permission_set_id=row.permission_set_id,
        enabled=bool(row.enabled),
        private=bool(row.private),
    )
