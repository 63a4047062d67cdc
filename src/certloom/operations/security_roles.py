"""Roles as administrators manage them over the API: with their accounts and their claims, in one Change."""

from collections.abc import Iterable, Sequence

import msgspec

from certloom.errors import Conflict, NotFound
from certloom.identity.actor import Actor
from certloom.identity.claim import LOCAL_PROVIDER, Claim
from certloom.identity.role import Role
from certloom.operations.access import Operation, require
from certloom.operations.claims import ClaimDraft, claim_of, existing_claim, ready_claim
from certloom.operations.people import commit_people
from certloom.operations.reach import require_reach, require_somebody_else
from certloom.operations.role_changes import (
    ADMINISTRATORS,
    RoleDraft,
    RoleImmutable,
    changed_role,
    checked_holders,
    new_role,
    role_of,
)
from certloom.operations.services import Services
from certloom.store.accounts import (
    AccountRoleRow,
    AccountRow,
    RoleRow,
    count_waiting_for,
    highest_role_id,
    list_roles,
    read_assigned,
    read_role_by_id,
    security_rev,
)
from certloom.store.claims import (
    ClaimRow,
    RoleClaimRow,
    highest_claim_id,
    read_claims_of_role,
    read_provider_of,
)
from certloom.store.rows import Delete, Insert, Put, Write

__all__ = [
    "Members",
    "RoleInUse",
    "RoleView",
    "copy_role",
    "delete_role",
    "draft_as_is",
    "role_view",
    "role_views",
    "save_role",
]


class RoleIdNotFound(NotFound):
    """No role of that id."""


class RoleInUse(Conflict):
    """Something waits for a holder of the role."""


class RoleView(msgspec.Struct, frozen=True):
    """A role with the accounts it was given to themselves, and the claims that give it."""

    role: Role
    accounts: tuple[AccountRow, ...]
    claims: tuple[Claim, ...]


class Members(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a role is for. None leaves the accounts, or the claims, as they are. A claim is an id or a draft."""

    accounts: tuple[AccountRow, ...] | None = None
    claims: tuple[int | ClaimDraft, ...] | None = None


async def role_views(services: Services, actor: Actor) -> list[RoleView]:
    """Every role, by name."""
    require(actor, Operation.LIST_ROLES)
    return [await _view(services, row) for row in await list_roles(services.database)]


async def role_view(services: Services, actor: Actor, role_id: int) -> RoleView:
    """One role. Raises RoleIdNotFound."""
    require(actor, Operation.LIST_ROLES)
    return await _view(services, await _existing(services, role_id))


async def save_role(
    services: Services, actor: Actor, draft: RoleDraft, members: Members, role_id: int | None = None
) -> RoleView:
    """A new role, or, with ``role_id``, what that one is from now on.

    Raises what ``new_role`` and ``changed_role`` raise, RoleIdNotFound, ClaimNotFound, AdministratorsNeeded, and
    RightsExceeded for a role that an actor who is no administrator gives to themselves.
    """
    operation = Operation.CREATE_ROLE if role_id is None else Operation.UPDATE_ROLE
    require(actor, operation)
    rev = await security_rev(services.database)
    if role_id is None:
        row = msgspec.structs.replace(
            await new_role(services, actor, draft), id=await highest_role_id(services.database) + 1
        )
        writes: list[Write] = [Insert(row)]
    else:
        before = await _existing(services, role_id)
        row = await changed_role(services, actor, before, draft)
        writes = [Put(row)]
    writes += await _account_writes(services, actor, operation, row, members.accounts)
    writes += await _claim_writes(services, actor, operation, row, members.claims)
    message = f"Has permissions {row.permissions}" + _told(members)
    await commit_people(services, actor, operation, ("Role", row.name), message, *writes, decided_at=rev)
    return await _view(services, await _existing(services, row.id))


async def copy_role(services: Services, actor: Actor, role_id: int, name: str, description: str | None) -> RoleView:
    """A new role with another one's permissions and nobody in it. Raises what ``save_role`` raises."""
    require(actor, Operation.CREATE_ROLE)
    source = draft_as_is(role_of(await _existing(services, role_id)))
    told = source.description if description is None else description
    draft = msgspec.structs.replace(source, name=name, description=told)
    return await save_role(services, actor, draft, Members())


def draft_as_is(role: Role) -> RoleDraft:
    """The draft that leaves a role as it is."""
    return RoleDraft(
        name=role.name,
        description=role.description,
        permissions=role.permissions,
        email=role.email,
        permission_set_id=role.permission_set_id,
        enabled=role.enabled,
        private=role.private,
    )


async def delete_role(services: Services, actor: Actor, role_id: int) -> None:
    """Remove a role. Raises RoleIdNotFound, RoleImmutable, RightsExceeded, or RoleInUse while instances wait for it."""
    require(actor, Operation.DELETE_ROLE)
    rev = await security_rev(services.database)
    row = await _existing(services, role_id)
    require_reach(actor, Operation.DELETE_ROLE, role_of(row).permissions)
    if row.name_key == ADMINISTRATORS.casefold():
        raise RoleImmutable(f"The role {row.name} cannot be deleted: nobody could administer any more.")
    waiting = await count_waiting_for(services.database, role_id)
    if waiting:
        raise RoleInUse(f"{waiting} workflow instances wait for a signal of {row.name}. Decide or stop them first.")
    writes: list[Write] = [
        Delete(AccountRoleRow, (account.id, role_id)) for account in await read_assigned(services.database, role_id)
    ]
    writes += [Delete(RoleClaimRow, (role_id,)), Delete(RoleRow, (role_id,))]
    entity = ("Role", row.name)
    await commit_people(services, actor, Operation.DELETE_ROLE, entity, "Deleted.", *writes, decided_at=rev)


async def _account_writes(
    services: Services, actor: Actor, operation: Operation, role: RoleRow, wanted: Sequence[AccountRow] | None
) -> list[Write]:
    if wanted is None:
        return []
    before = {row.id for row in await read_assigned(services.database, role.id)}
    after = {row.id for row in wanted}
    if before != after:
        checked_holders(role, sorted(after))
    require_somebody_else(actor, operation, is_own=actor.account_id in after - before)
    given: list[Write] = [Put(AccountRoleRow(account_id=one, role_id=role.id)) for one in sorted(after - before)]
    return given + [Delete(AccountRoleRow, (one, role.id)) for one in sorted(before - after)]


async def _claim_writes(
    services: Services, actor: Actor, operation: Operation, role: RoleRow, wanted: Iterable[int | ClaimDraft] | None
) -> list[Write]:
    if wanted is None:
        return []
    before = {row.id for row in await read_claims_of_role(services.database, role.id)}
    rows = {row.value_key + row.provider + str(row.claim_type): row for row in await _claim_rows(services, wanted)}
    writes: list[Write] = []
    following, kept = await highest_claim_id(services.database), set()
    for row in rows.values():
        ready = row
        if not row.id:
            following += 1
            ready = msgspec.structs.replace(row, id=following)
            writes.append(Insert(ready))
        kept.add(ready.id)
        if ready.id not in before:
            require_somebody_else(actor, operation, is_own=await _may_be_own(services, actor, ready))
            writes.append(Put(RoleClaimRow(role_id=role.id, claim_id=ready.id)))
    return writes + [Delete(RoleClaimRow, (role.id, one)) for one in sorted(before - kept)]


async def _claim_rows(services: Services, wanted: Iterable[int | ClaimDraft]) -> list[ClaimRow]:
    return [
        await (existing_claim(services, one) if isinstance(one, int) else ready_claim(services, one)) for one in wanted
    ]


async def _may_be_own(services: Services, actor: Actor, claim: ClaimRow) -> bool:
    """Whether a claim names the actor, or comes from the provider that says who they are: it may hold for them too."""
    if claim.provider == LOCAL_PROVIDER:
        return claim.value_key == actor.name.key
    return await read_provider_of(services.database, actor.account_id) is not None


def _told(members: Members) -> str:
    told = []
    if members.accounts is not None:
        told.append(f"accounts {', '.join(row.display for row in members.accounts) or 'none'}")
    if members.claims is not None:
        told.append(f"{len(members.claims)} claims")
    return "".join(f"; {one}" for one in told) + "."


async def _existing(services: Services, role_id: int) -> RoleRow:
    row = await read_role_by_id(services.database, role_id)
    if row is None:
        raise RoleIdNotFound(f"There is no role with id {role_id}. GET /Security/Roles lists all.")
    return row


async def _view(services: Services, row: RoleRow) -> RoleView:
    accounts = await read_assigned(services.database, row.id)
    claims = [claim_of(one) for one in await read_claims_of_role(services.database, row.id)]
    return RoleView(role_of(row), tuple(accounts), tuple(claims))
