"""The first administrator: made by whoever holds the one-time link that the first start prints."""

from datetime import timedelta

from certloom.errors import Invalid
from certloom.identity.actor import Actor
from certloom.identity.token import new_token, token_digest
from certloom.operations.access import Operation, require
from certloom.operations.accounts import new_account
from certloom.operations.people import commit_people
from certloom.operations.roles import ADMINISTRATORS, existing_role
from certloom.operations.services import Services
from certloom.store.accounts import AccountRoleRow, AccountRow, TokenRow, read_token
from certloom.store.change import Expect
from certloom.store.moments import moment, text_of
from certloom.store.rows import Delete, Insert

__all__ = ["TokenRefused", "issue_first_admin_token", "redeem_first_admin_token"]

_FIRST_ADMIN = "first administrator"


class TokenRefused(Invalid):
    """The one-time link is unknown, used or expired."""


async def issue_first_admin_token(services: Services, actor: Actor, lifetime: timedelta) -> str:
    """A one-time token with which the first administrator sets a password. Only its digest is kept."""
    require(actor, Operation.CREATE_ACCOUNT)
    token, digest = new_token()
    expires = text_of(services.clock() + lifetime)
    row = TokenRow(digest=digest, purpose=_FIRST_ADMIN, expires_at=expires)
    await commit_people(
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
    role = await existing_role(services, ADMINISTRATORS)
    account = await new_account(services, name, password)
    guard = Expect(TokenRow, (digest,), "purpose", _FIRST_ADMIN)
    await commit_people(
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
