"""Accounts as administrators manage them over the API, and what everybody may know and change about their own."""

import asyncio
from collections.abc import Sequence

import msgspec

from certloom.errors import Conflict, NotFound
from certloom.identity.account import read_account_name
from certloom.identity.actor import Actor
from certloom.identity.role import Role
from certloom.operations.access import Operation, require
from certloom.operations.accounts import (
    AccountView,
    PasswordRefused,
    account_name,
    account_view,
    actor_of,
    change_password,
    new_account,
    password_hash,
)
from certloom.operations.people import commit_people
from certloom.operations.reach import RightsExceeded, require_over
from certloom.operations.role_changes import checked_holders, role_of
from certloom.operations.services import Services
from certloom.store.accounts import (
    AccountRoleRow,
    AccountRow,
    read_account,
    read_account_by_id,
    read_assigned,
    read_roles_of,
    security_rev,
)
from certloom.store.credentials import SessionRow, list_tokens, sessions_of
from certloom.store.moments import text_of
from certloom.store.rows import Delete, Insert, Put, Write

__all__ = [
    "Access",
    "AccountIdNotFound",
    "access_of",
    "account_by_id",
    "accounts_by_id",
    "change_own_password",
    "create_identity",
    "is_known_account",
    "my_access",
    "remove_identity",
    "set_password",
    "switch_account",
]


class AccountIdNotFound(NotFound):
    """No account of that id."""


class OwnAccount(Conflict):
    """An account does not lock itself out."""


class Access(msgspec.Struct, frozen=True):
    """An account with the roles that give it what it may do."""

    row: AccountRow
    roles: tuple[Role, ...]


async def my_access(services: Services, actor: Actor) -> tuple[list[str], tuple[str, ...]]:
    """The names of the caller's roles, and the access strings the caller holds."""
    require(actor, Operation.READ_MY_ACCESS)
    held = await read_roles_of(services.database, actor.account_id)
    return sorted(role.name for role in held if role.id in actor.role_ids), actor.permissions


async def account_by_id(services: Services, actor: Actor, account_id: int) -> AccountView:
    """One account with the names of its roles. Raises AccountIdNotFound."""
    require(actor, Operation.LIST_ACCOUNTS)
    return await account_view(services, await _existing(services, account_id))


async def accounts_by_id(services: Services, actor: Actor, ids: Sequence[int]) -> tuple[AccountRow, ...]:
    """The accounts of these ids. Raises AccountIdNotFound."""
    require(actor, Operation.LIST_ACCOUNTS)
    return tuple([await _existing(services, account_id) for account_id in ids])


async def access_of(services: Services, actor: Actor, account_id: int) -> Access:
    """One account with its roles. Raises AccountIdNotFound."""
    require(actor, Operation.LIST_ACCOUNTS)
    row = await _existing(services, account_id)
    held = await read_roles_of(services.database, account_id)
    return Access(row, tuple(role_of(role) for role in sorted(held, key=lambda role: role.name_key)))


async def is_known_account(services: Services, actor: Actor, name: str) -> bool:
    """Whether somebody of that name can be given roles. Raises AccountNameInvalid."""
    require(actor, Operation.LIST_ACCOUNTS)
    row = await read_account(services.database, account_name(services, name).key)
    return row is not None and not row.disabled


async def create_identity(services: Services, actor: Actor, name: str) -> AccountView:
    """An account that cannot sign in until it gets a password; one that was removed comes back, without its roles.

    Raises AccountNameInvalid, AccountExists or RightsExceeded.
    """
    require(actor, Operation.CREATE_ACCOUNT)
    rev = await security_rev(services.database)
    before = await read_account(services.database, account_name(services, name).key)
    if before is not None and before.disabled:
        # It may have been switched off with its roles and password, which come back with it.
        require_over(actor, Operation.CREATE_ACCOUNT, await actor_of(services, before))
        row = msgspec.structs.replace(before, disabled=0)
        write: Write = Put(row)
    else:
        row = await new_account(services, name, None)
        write = Insert(row)
    entity, message = ("Account", row.display), "Created without a password."
    await commit_people(services, actor, Operation.CREATE_ACCOUNT, entity, message, write, decided_at=rev)
    return await account_view(services, row)


async def remove_identity(services: Services, actor: Actor, account_id: int) -> None:
    """Take everything from an account: its roles, its password, its sessions. What it did stays explainable.

    Raises AccountIdNotFound, OwnAccount, RightsExceeded or AdministratorsNeeded.
    """
    require(actor, Operation.UPDATE_ACCOUNT)
    rev = await security_rev(services.database)
    row = await _changeable(services, actor, account_id)
    writes: list[Write] = [Put(msgspec.structs.replace(row, disabled=1, password_hash=None))]
    writes += await _ended(services, account_id)
    for role in await read_roles_of(services.database, account_id):
        assigned = await read_assigned(services.database, role.id)
        checked_holders(role, [one.id for one in assigned if one.id != account_id])
        writes.append(Delete(AccountRoleRow, (account_id, role.id)))
    entity = ("Account", row.display)
    await commit_people(services, actor, Operation.UPDATE_ACCOUNT, entity, "Removed.", *writes, decided_at=rev)


async def switch_account(services: Services, actor: Actor, account_id: int, *, disabled: bool) -> AccountView:
    """Switch an account off or on again; its roles and password stay. Votes of one that is off do not count.

    Raises AccountIdNotFound, OwnAccount, RightsExceeded or AdministratorsNeeded.
    """
    require(actor, Operation.UPDATE_ACCOUNT)
    rev = await security_rev(services.database)
    row = await _changeable(services, actor, account_id)
    if disabled:
        for role in await read_roles_of(services.database, account_id):
            assigned = await read_assigned(services.database, role.id)
            checked_holders(role, [one.id for one in assigned if one.id != account_id and not one.disabled])
    changed = msgspec.structs.replace(row, disabled=int(disabled))
    entity, message = ("Account", row.display), "Switched off." if disabled else "Switched on."
    await commit_people(services, actor, Operation.UPDATE_ACCOUNT, entity, message, Put(changed), decided_at=rev)
    return await account_view(services, changed)


async def set_password(services: Services, actor: Actor, account_id: int, password: str) -> None:
    """Set somebody's password. Raises AccountIdNotFound and what ``change_password`` raises."""
    require(actor, Operation.CHANGE_PASSWORD)
    row = await _existing(services, account_id)
    await change_password(services, actor, row.display, password)


async def change_own_password(services: Services, actor: Actor, current: str, wanted: str) -> None:
    """Choose a new password, which takes the present one. Raises PasswordRefused, or RightsExceeded for a token."""
    require(actor, Operation.CHANGE_OWN_PASSWORD)
    if actor.token_id is not None:
        raise RightsExceeded("A token cannot change the password. Sign in with it.", Operation.CHANGE_OWN_PASSWORD)
    rev = await security_rev(services.database)
    row = await _existing(services, actor.account_id)
    if not await asyncio.to_thread(services.hasher.verify, row.password_hash, current):
        raise PasswordRefused("The present password is wrong. Nothing was changed.")
    hashed = await password_hash(services, read_account_name(row.display, ""), wanted)
    changed = Put(msgspec.structs.replace(row, password_hash=hashed))
    entity, message = ("Account", row.display), "Changed their own password."
    await commit_people(services, actor, Operation.CHANGE_OWN_PASSWORD, entity, message, changed, decided_at=rev)


async def _ended(services: Services, account_id: int) -> list[Write]:
    """Whatever else stands for an account, ended: it must not come to life again with the account."""
    now = text_of(services.clock())
    tokens = await list_tokens(services.database, account_id)
    ended: list[Write] = [Put(msgspec.structs.replace(one, revoked_at=one.revoked_at or now)) for one in tokens]
    return ended + [Delete(SessionRow, (digest,)) for digest in await sessions_of(services.database, account_id)]


async def _existing(services: Services, account_id: int) -> AccountRow:
    row = await read_account_by_id(services.database, account_id)
    if row is None:
        raise AccountIdNotFound(f"There is no account with id {account_id}. GET /Security/Identities lists all.")
    return row


async def _changeable(services: Services, actor: Actor, account_id: int) -> AccountRow:
    row = await _existing(services, account_id)
    if row.id == actor.account_id:
        raise OwnAccount("This is your own account; you would lock yourself out. Ask another administrator.")
    require_over(actor, Operation.UPDATE_ACCOUNT, await actor_of(services, row))
    return row
