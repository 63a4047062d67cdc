"""Accounts and roles: who there is, what they may do, and how they prove who they are."""

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta

import msgspec

from certloom.errors import Conflict, Invalid, NotFound
from certloom.identity.account import AccountName, read_account_name
from certloom.identity.actor import Actor
from certloom.identity.password import password_faults
from certloom.identity.permission import canonical
from certloom.identity.role import Role
from certloom.identity.token import new_token, token_digest
from certloom.operations.access import Operation, require
from certloom.operations.audit import entry
from certloom.operations.services import Services
from certloom.store.accounts import (
    AccountRoleRow,
    AccountRow,
    RoleRow,
    TokenRow,
    highest_account_id,
    list_accounts,
    list_roles,
    read_account,
    read_role,
    read_roles_of,
    read_token,
    security_rev,
)
from certloom.store.change import Change, Expect
from certloom.store.instances import moment, text_of
from certloom.store.meta import MetaRow
from certloom.store.rows import Delete, Insert, Put, Write

__all__ = [
    "AccountExists",
    "AccountNotFound",
    "AccountView",
    "PasswordRefused",
    "RoleExists",
    "RoleNotFound",
    "TokenRefused",
    "accounts",
    "actor_of",
    "assign_role",
    "change_password",
    "create_account",
    "create_role",
    "issue_first_admin_token",
    "redeem_first_admin_token",
    "roles",
]

ADMINISTRATORS = "Administrators"
_FIRST_ADMIN = "first administrator"


class AccountExists(Conflict):
    """Another account has this name, whatever its spelling."""

    code = "0xA011000A"


class AccountNotFound(NotFound):
    """No account of that name."""


class RoleExists(Conflict):
    """Another role has this name, whatever its case."""

    code = "0xA011000A"


class RoleNotFound(NotFound):
    """No role of that name."""


class PasswordRefused(Invalid):
    """The password is too easy to guess."""


class TokenRefused(Invalid):
    """The one-time link is unknown, used or expired."""


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
    return [AccountView(row, await _role_names(services, row.id)) for row in rows]


async def _role_names(services: Services, account_id: int) -> tuple[str, ...]:
    return tuple(sorted(role.name for role in await read_roles_of(services.database, account_id)))


async def roles(services: Services, actor: Actor) -> list[tuple[Role, tuple[AccountRow, ...]]]:
    """Every role, by name, with the accounts that hold it."""
    require(actor, Operation.LIST_ROLES)
    everybody = await list_accounts(services.database)
    held = {row.id: {role.id for role in await read_roles_of(services.database, row.id)} for row in everybody}
    return [
        (_role(role), tuple(row for row in everybody if role.id in held[row.id]))
        for role in await list_roles(services.database)
    ]


def _role(row: RoleRow) -> Role:
    return Role(id=row.id, name=row.name, description=row.description, permissions=tuple(json.loads(row.permissions)))


async def create_account(services: Services, actor: Actor, name: str, password: str) -> AccountRow:
    """A new account. Raises AccountNameInvalid, PasswordRefused or AccountExists."""
    require(actor, Operation.CREATE_ACCOUNT)
    row = await _new_account(services, name, password)
    await _commit(services, actor, Operation.CREATE_ACCOUNT, ("Account", row.display), "Created.", Insert(row))
    return row


async def change_password(services: Services, actor: Actor, name: str, password: str) -> None:
    """Set an account's password. Raises AccountNotFound or PasswordRefused."""
    require(actor, Operation.CHANGE_PASSWORD)
    row = await _account(services, name)
    hashed = await _hash(services, read_account_name(row.display, ""), password)
    changed = msgspec.structs.replace(row, password_hash=hashed)
    await _commit(
        services, actor, Operation.CHANGE_PASSWORD, ("Account", row.display), "Changed the password.", Put(changed)
    )


async def create_role(
    services: Services, actor: Actor, name: str, permissions: Sequence[str], description: str = ""
) -> Role:
    """A new role. Permissions in the new or the old spelling. Raises PermissionUnknown, RoleExists or Invalid."""
    require(actor, Operation.CREATE_ROLE)
    name = name.strip()
    if not name:
        raise Invalid("The role has no name. Give it one that says what its holders do.")
    held = sorted({canonical(permission) for permission in permissions})
    if await read_role(services.database, name.casefold()) is not None:
        raise RoleExists(f"There is a role {name} already.")
    row = RoleRow(id=0, name_key=name.casefold(), name=name, description=description, permissions=json.dumps(held))
    message = f"Created with {', '.join(held) or 'no permissions'}."
    await _commit(services, actor, Operation.CREATE_ROLE, ("Role", name), message, Insert(row))
    return _role(await _existing_role(services, name))


async def assign_role(services: Services, actor: Actor, role_name: str, account: str, *, remove: bool = False) -> None:
    """Give a role to an account, or take it away. Raises RoleNotFound or AccountNotFound."""
    require(actor, Operation.ASSIGN_ROLE)
    role = await _existing_role(services, role_name)
    row = await _account(services, account)
    write: Write = Put(AccountRoleRow(account_id=row.id, role_id=role.id))
    message = f"Given to {row.display}."
    if remove:
        write, message = Delete(AccountRoleRow, (row.id, role.id)), f"Taken from {row.display}."
    await _commit(services, actor, Operation.ASSIGN_ROLE, ("Role", role.name), message, write)


async def issue_first_admin_token(services: Services, actor: Actor, lifetime: timedelta) -> str:
    """A one-time token with which the first administrator sets a password. Only its digest is kept."""
    require(actor, Operation.CREATE_ACCOUNT)
    token, digest = new_token()
    expires = text_of(services.clock() + lifetime)
    row = TokenRow(digest=digest, purpose=_FIRST_ADMIN, expires_at=expires)
    await _commit(
        services, actor, Operation.CREATE_ACCOUNT, ("Token", _FIRST_ADMIN), "Issued a one-time link.", Insert(row)
    )
    return token


async def redeem_first_admin_token(
    services: Services, actor: Actor, token: str, name: str, password: str
) -> AccountRow:
    """Create the first administrator. The token is used up in the same Change. Raises TokenRefused."""
    digest = token_digest(token)
    row = await read_token(services.database, digest)
    if row is None or row.purpose != _FIRST_ADMIN or moment(row.expires_at) < services.clock():
        raise TokenRefused("This one-time link is unknown, used or expired. Restart the server to get a new one.")
    role = await _existing_role(services, ADMINISTRATORS)
    account = await _new_account(services, name, password)
    guard = Expect(TokenRow, (digest,), "purpose", _FIRST_ADMIN)
    await _commit(
        services,
        actor,
        Operation.CREATE_ACCOUNT,
        ("Account", account.display),
        "Created by one-time link.",
        Delete(TokenRow, (digest,)),
        Insert(account),
        Insert(AccountRoleRow(account_id=account.id, role_id=role.id)),
        guards=(guard,),
    )
    return account


async def _new_account(services: Services, name: str, password: str) -> AccountRow:
    """The row of an account that is about to exist. Its id is safe: one revision guards every change to people."""
    account = account_name(services, name)
    if await read_account(services.database, account.key) is not None:
        raise AccountExists(
            f"There is an account {account.display} already. Choose another name, or change its password."
        )
    return AccountRow(
        id=await highest_account_id(services.database) + 1,
        account_key=account.key,
        display=account.display,
        password_hash=await _hash(services, account, password),
        disabled=0,
        created_at=text_of(services.clock()),
    )


async def _hash(services: Services, account: AccountName, password: str) -> str:
    faults = password_faults(password, account)
    if faults:
        raise PasswordRefused(f"The password cannot be used: {'; '.join(faults)}.")
    return await asyncio.to_thread(services.hasher.hash, password)


async def _account(services: Services, name: str) -> AccountRow:
    account = account_name(services, name)
    row = await read_account(services.database, account.key)
    if row is None:
        raise AccountNotFound(f"There is no account {account.display}. certloom user list shows all.")
    return row


async def _existing_role(services: Services, name: str) -> RoleRow:
    row = await read_role(services.database, name.strip().casefold())
    if row is None:
        known = ", ".join(role.name for role in await list_roles(services.database)) or "none yet"
        raise RoleNotFound(f"There is no role {name[:100]!r}. Known: {known}.")
    return row


async def _commit(
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
