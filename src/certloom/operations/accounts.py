"""Accounts: who there is, and how they prove who they are."""

import asyncio
import json
from collections.abc import Sequence

import msgspec

from certloom.errors import Conflict, Invalid, NotFound
from certloom.identity.account import AccountName, read_account_name
from certloom.identity.actor import Actor
from certloom.identity.password import password_faults
from certloom.operations.access import Operation, require
from certloom.operations.people import commit_people, existing_role
from certloom.operations.reach import require_over, require_reach
from certloom.operations.services import Services
from certloom.store.accounts import (
    AccountRoleRow,
    AccountRow,
    highest_account_id,
    list_accounts,
    read_account,
    read_roles_of,
    security_rev,
)
from certloom.store.moments import text_of
from certloom.store.rows import Insert, Put

__all__ = [
    "AccountExists",
    "AccountNotFound",
    "AccountView",
    "PasswordRefused",
    "account_name",
    "account_view",
    "accounts",
    "accounts_named",
    "actor_of",
    "change_password",
    "create_account",
    "existing_account",
    "new_account",
    "password_hash",
]


class AccountExists(Conflict):
    """Another account has this name, whatever its spelling."""

    code = "0xA011000A"


class AccountNotFound(NotFound):
    """No account of that name."""


class PasswordRefused(Invalid):
    """The password is too easy to guess."""


class AccountView(msgspec.Struct, frozen=True):
    """An account with the names of its roles."""

    row: AccountRow
    roles: tuple[str, ...]


def account_name(services: Services, text: str) -> AccountName:
    """The account a text names, with the default domain where it has none. Raises AccountNameInvalid."""
    return read_account_name(text, services.settings.default_domain)


async def actor_of(services: Services, row: AccountRow) -> Actor:
    """The actor an account is at this moment: its roles and what they permit."""
    held = await read_roles_of(services.database, row.id)
    permissions = tuple(sorted({permission for role in held for permission in json.loads(role.permissions)}))
    name = read_account_name(row.display, "")
    return Actor(row.id, name, frozenset(role.id for role in held), permissions)


async def accounts(services: Services, actor: Actor) -> list[AccountView]:
    """Every account, by name."""
    require(actor, Operation.LIST_ACCOUNTS)
    rows = await list_accounts(services.database)
    return [await account_view(services, row) for row in rows]


async def account_view(services: Services, row: AccountRow) -> AccountView:
    """An account with the names of its roles."""
    return AccountView(row, tuple(sorted(role.name for role in await read_roles_of(services.database, row.id))))


async def accounts_named(services: Services, actor: Actor, names: Sequence[str]) -> tuple[AccountRow, ...]:
    """The accounts of these names. Raises AccountNameInvalid or AccountNotFound."""
    require(actor, Operation.LIST_ACCOUNTS)
    return tuple([await existing_account(services, name) for name in names])


async def create_account(
    services: Services, actor: Actor, name: str, password: str, roles: Sequence[str] = ()
) -> AccountRow:
    """A new account with these roles. Raises AccountNameInvalid, PasswordRefused, AccountExists or RoleNotFound."""
    require(actor, Operation.CREATE_ACCOUNT)
    rev = await security_rev(services.database)
    held = [await existing_role(services, role) for role in roles]
    row = await new_account(services, name, password)
    for role in held:
        require_reach(actor, Operation.CREATE_ACCOUNT, json.loads(role.permissions))
    given = [Put(AccountRoleRow(account_id=row.id, role_id=role.id)) for role in held]
    message = f"Created with {', '.join(role.name for role in held) or 'no roles'}."
    entity = ("Account", row.display)
    await commit_people(services, actor, Operation.CREATE_ACCOUNT, entity, message, Insert(row), *given, decided_at=rev)
    return row


async def change_password(services: Services, actor: Actor, name: str, password: str) -> None:
    """Set an account's password. Raises AccountNotFound, RightsExceeded or PasswordRefused."""
    require(actor, Operation.CHANGE_PASSWORD)
    rev = await security_rev(services.database)
    row = await existing_account(services, name)
    require_over(actor, Operation.CHANGE_PASSWORD, await actor_of(services, row))
    hashed = await password_hash(services, read_account_name(row.display, ""), password)
    changed = msgspec.structs.replace(row, password_hash=hashed)
    entity = ("Account", row.display)
    await commit_people(
        services, actor, Operation.CHANGE_PASSWORD, entity, "Changed the password.", Put(changed), decided_at=rev
    )


async def new_account(services: Services, name: str, password: str | None) -> AccountRow:
    """The row of an account that is about to exist. Its id is safe: one revision guards every change to people.

    Raises AccountNameInvalid, PasswordRefused or AccountExists. Without a password nobody can sign in with one.
    """
    account = account_name(services, name)
    if await read_account(services.database, account.key) is not None:
        raise AccountExists(
            f"There is an account {account.display} already. Choose another name, or change its password."
        )
    return AccountRow(
        id=await highest_account_id(services.database) + 1,
        account_key=account.key,
        display=account.display,
        password_hash=None if password is None else await password_hash(services, account, password),
        disabled=0,
        created_at=text_of(services.clock()),
    )


async def password_hash(services: Services, account: AccountName, password: str) -> str:
    """What is stored of a new password. Raises PasswordRefused."""
    faults = password_faults(password, account)
    if faults:
        raise PasswordRefused(" ".join(faults))
    return await asyncio.to_thread(services.hasher.hash, password)


async def existing_account(services: Services, name: str) -> AccountRow:
    """The account a text names. Raises AccountNameInvalid or AccountNotFound."""
    account = account_name(services, name)
    row = await read_account(services.database, account.key)
    if row is None:
        raise AccountNotFound(f"There is no account {account.display}. certloom user list shows all.")
    return row
