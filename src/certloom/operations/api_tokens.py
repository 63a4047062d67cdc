"""Tokens for programs. A token never has more than its account has at the moment of use (check B06)."""

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

import msgspec

from certloom.errors import Invalid, NotFound
from certloom.identity.actor import SYSTEM_ACCOUNT_ID, Actor
from certloom.identity.permission import MODIFY_ROLES, canonical, shared
from certloom.identity.token import new_token, token_digest
from certloom.operations.access import Operation, require
from certloom.operations.accounts import actor_of
from certloom.operations.people import commit_people
from certloom.operations.reach import RightsExceeded, require_over, require_reach
from certloom.operations.services import Services
from certloom.store.accounts import read_account_by_id, read_roles_of, security_rev
from certloom.store.change import Change, Expect, GuardLost
from certloom.store.credentials import (
    ApiTokenRow,
    highest_token_id,
    list_tokens,
    read_api_token,
    read_token_by_id,
)
from certloom.store.moments import moment, text_of
from certloom.store.rows import Insert, Put

__all__ = ["TokenDraft", "TokenView", "actor_by_token", "create_token", "revoke_token", "tokens"]

_LONGEST_NAME = 128
_MOST_DAYS = 366
_NOTED_EVERY = timedelta(hours=1)


class TokenNotFound(NotFound):
    """No token of that id, or none the caller may see."""


class TokenDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants a token to be good for. None: everything the account may, or every role it holds."""

    name: str
    days: int
    permissions: tuple[str, ...] | None = None
    roles: tuple[str, ...] | None = None


class TokenView(msgspec.Struct, frozen=True):
    """A token with the name of its account. Its secret is nowhere."""

    row: ApiTokenRow
    account: str


async def tokens(services: Services, actor: Actor, *, everybody: bool = False) -> list[TokenView]:
    """The caller's tokens, or everybody's, by id."""
    require(actor, Operation.LIST_ALL_TOKENS if everybody else Operation.LIST_TOKENS)
    found = await list_tokens(services.database, None if everybody else actor.account_id)
    return [await _view(services, row) for row in found]


async def create_token(services: Services, actor: Actor, draft: TokenDraft) -> tuple[TokenView, str]:
    """A new token of the caller, and its secret, which is shown this once.

    Raises PermissionUnknown, RightsExceeded for more than the caller has or a caller who came with a
    token themselves, and Invalid for a name or a lifetime that cannot be.
    """
    require(actor, Operation.CREATE_TOKEN)
    rev = await security_rev(services.database)
    _check(actor, draft)
    permissions = None if draft.permissions is None else sorted({canonical(one) for one in draft.permissions})
    require_reach(actor, Operation.CREATE_TOKEN, permissions or ())
    role_ids = None if draft.roles is None else await _role_ids(services, actor, draft.roles)
    secret, digest = new_token()
    now = services.clock()
    row = ApiTokenRow(
        id=await highest_token_id(services.database) + 1,
        digest=digest,
        account_id=actor.account_id,
        name=draft.name.strip(),
        permissions=None if permissions is None else json.dumps(permissions),
        role_ids=None if role_ids is None else json.dumps(role_ids),
        created_at=text_of(now),
        expires_at=text_of(now + timedelta(days=draft.days)),
        last_used_at=None,
        revoked_at=None,
    )
    message = f"Created {row.name!r}, good for {draft.days} days and {row.permissions or 'everything the account may'}."
    entity = ("Token", str(row.id))
    await commit_people(services, actor, Operation.CREATE_TOKEN, entity, message, Insert(row), decided_at=rev)
    return await _view(services, row), secret


async def revoke_token(services: Services, actor: Actor, token_id: int) -> None:
    """End a token: one's own, or as somebody who manages accounts. Raises TokenNotFound or RightsExceeded."""
    require(actor, Operation.REVOKE_TOKEN)
    rev = await security_rev(services.database)
    row = await read_token_by_id(services.database, token_id)
    is_own = row is not None and row.account_id == actor.account_id
    if row is None or not (is_own or await _may_end(services, actor, row)):
        raise TokenNotFound(f"There is no token {token_id}, or it is not yours. GET /Certloom/Tokens lists yours.")
    ended = msgspec.structs.replace(row, revoked_at=row.revoked_at or text_of(services.clock()))
    entity = ("Token", str(row.id))
    await commit_people(services, actor, Operation.REVOKE_TOKEN, entity, "Revoked.", Put(ended), decided_at=rev)


async def actor_by_token(services: Services, secret: str) -> Actor | None:
    """Who a token stands for at this moment; None for one that is unknown, expired, revoked or of nobody."""
    row = await read_api_token(services.database, token_digest(secret))
    now = services.clock()
    if row is None or row.revoked_at is not None or moment(row.expires_at) <= now:
        return None
    account = await read_account_by_id(services.database, row.account_id)
    if account is None or account.disabled:
        return None
    whole = await actor_of(services, account)
    await _note_use(services, row)
    permissions = (
        whole.permissions if row.permissions is None else shared(whole.permissions, json.loads(row.permissions))
    )
    role_ids = whole.role_ids if row.role_ids is None else whole.role_ids & frozenset(json.loads(row.role_ids))
    return msgspec.structs.replace(whole, permissions=permissions, role_ids=role_ids, token_id=row.id)


async def _note_use(services: Services, row: ApiTokenRow) -> None:
    """Remember the use, at most once an hour: a write for every request would cost more than the request."""
    now = services.clock()
    if row.last_used_at is None or moment(row.last_used_at) + _NOTED_EVERY <= now:
        used = msgspec.structs.replace(row, last_used_at=text_of(now))
        guard = Expect(ApiTokenRow, (row.id,), "revoked_at", None)
        with suppress(GuardLost):
            await services.database.commit(Change(guards=(guard,), writes=(Put(used),)))


def _check(actor: Actor, draft: TokenDraft) -> None:
    if actor.token_id is not None or actor.account_id == SYSTEM_ACCOUNT_ID:
        raise RightsExceeded(
            "A token cannot make tokens: a stolen one would live on in those. Sign in with a password or a browser.",
            Operation.CREATE_TOKEN,
        )
    if not draft.name.strip() or len(draft.name) > _LONGEST_NAME:
        raise Invalid(f"A token has a name of 1 to {_LONGEST_NAME} characters that says what uses it.")
    if not 1 <= draft.days <= _MOST_DAYS:
        raise Invalid(f"A token lives 1 to {_MOST_DAYS} days, not {draft.days}. Make another one before it ends.")


async def _role_ids(services: Services, actor: Actor, names: Sequence[str]) -> list[int]:
    """The ids of these roles. One that exists and is not held is refused like one that does not exist."""
    held = {role.name_key: role.id for role in await read_roles_of(services.database, actor.account_id)}
    wanted = {held.get(name.strip().casefold(), 0) for name in names}
    if not wanted <= actor.role_ids:
        raise RightsExceeded("A token cannot have a role that its account does not hold.", Operation.CREATE_TOKEN)
    return sorted(wanted)


async def _may_end(services: Services, actor: Actor, row: ApiTokenRow) -> bool:
    account = await read_account_by_id(services.database, row.account_id)
    if account is None or not actor.may(MODIFY_ROLES):
        return False
    require_over(actor, Operation.REVOKE_TOKEN, await actor_of(services, account))
    return True


async def _view(services: Services, row: ApiTokenRow) -> TokenView:
    account = await read_account_by_id(services.database, row.account_id)
    return TokenView(row, account.display if account else "")
