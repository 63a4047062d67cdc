"""The first administrator: made by whoever holds the one-time link that the first start prints."""

from datetime import timedelta

from certloom.errors import Invalid
from certloom.identity.actor import Actor
from certloom.identity.token import new_token, token_digest
from certloom.operations.access import Operation, require
from certloom.operations.accounts import new_account
from certloom.operations.people import commit_people, existing_role
from certloom.operations.roles import ADMINISTRATORS
from certloom.operations.services import Services
from certloom.store.accounts import AccountRoleRow, AccountRow, TokenRow, list_accounts, read_token, security_rev
from certloom.store.moments import moment, text_of
from certloom.store.rows import Delete, Insert

__all__ = ["TokenRefused", "issue_first_admin_token", "redeem_first_admin_token"]

_FIRST_ADMIN = "first administrator"


class TokenRefused(Invalid):
    """The one-time link is unknown, used or expired."""


async def issue_first_admin_token(services: Services, actor: Actor, lifetime: timedelta) -> str:
    """A one-time token with which the first administrator sets a password. Only its digest is kept."""
    require(actor, Operation.CREATE_ACCOUNT)
    rev = await security_rev(services.database)
    token, digest = new_token()
    expires = text_of(services.clock() + lifetime)
    row = TokenRow(digest=digest, purpose=_FIRST_ADMIN, expires_at=expires)
    entity = ("Token", _FIRST_ADMIN)
    await commit_people(
        services, actor, Operation.CREATE_ACCOUNT, entity, "Issued a one-time link.", Insert(row), decided_at=rev
    )
    return token


async def redeem_first_admin_token(
    services: Services, actor: Actor, token: str, name: str, password: str
) -> AccountRow:
    """Create the first administrator. The token is used up in the same Change.

    Raises TokenRefused, also when there is an account already: then nobody is the first any more.
    """
    rev = await security_rev(services.database)
    digest = token_digest(token)
    row = await read_token(services.database, digest)
    if row is None or row.purpose != _FIRST_ADMIN or moment(row.expires_at) < services.clock():
        raise TokenRefused("This one-time link is unknown, used or expired. Restart the server to get a new one.")
    if await list_accounts(services.database):
        raise TokenRefused("There is an administrator already, so this link no longer works. Log in, or ask them.")
    role = await existing_role(services, ADMINISTRATORS)
    account = await new_account(services, name, password)
    await commit_people(
        services,
        actor,
        Operation.CREATE_ACCOUNT,
        ("Account", account.display),
        "Created by one-time link.",
        Delete(TokenRow, (digest,)),
        Insert(account),
        Insert(AccountRoleRow(account_id=account.id, role_id=role.id)),
        decided_at=rev,
    )
    return account
