"""Accounts of people and programs that a provider vouches for: made at their first sign-in, kept up to date at each."""

import hashlib

from certloom.errors import Invalid
from certloom.identity.account import AccountName, read_account_name
from certloom.identity.actor import Actor, system_actor
from certloom.identity.openid import Statement, StatementRefused
from certloom.operations.access import Operation
from certloom.operations.accounts import actor_of
from certloom.operations.people import PeopleChanged, commit_people
from certloom.operations.services import Services
from certloom.store.accounts import (
    AccountRow,
    highest_account_id,
    read_account,
    read_account_by_id,
    security_rev,
)
from certloom.store.claims import (
    AccountClaimRow,
    ExternalAccountRow,
    list_claims,
    read_account_claims,
    read_external_account,
)
from certloom.store.moments import text_of
from certloom.store.rows import Delete, Insert, Put, Write

__all__ = ["actor_by_statement"]

_ATTEMPTS = 5


async def actor_by_statement(services: Services, statement: Statement) -> Actor:
    """Who a provider's statement is about, with the roles it gives now.

    What held is remembered with the account: votes are counted when nobody is signed in. Raises StatementRefused for
    somebody whom no role is given for, and for an account that was switched off.
    """
    for remaining in reversed(range(_ATTEMPTS)):
        rev = await security_rev(services.database)
        try:
            row = await _up_to_date(services, statement, rev)
        except PeopleChanged:
            if not remaining:
                raise
        else:
            if row.disabled:
                raise StatementRefused(f"The account {row.display} is switched off. Ask an administrator.")
            return await actor_of(services, row)
    raise AssertionError("unreachable")


async def _up_to_date(services: Services, statement: Statement, rev: str) -> AccountRow:
    """The account with the claims that hold now; committed only where something has changed."""
    issuer = services.settings.oidc_issuer
    held = await _held(services, statement)
    account_id = await read_external_account(services.database, issuer, statement.subject)
    row = None if account_id is None else await read_account_by_id(services.database, account_id)
    if row is None:
        row, writes = await _new(services, statement, held)
        message = f"Created for {statement.subject!r} of {issuer}."
        operation, before = Operation.CREATE_ACCOUNT, set[int]()
    else:
        before = await read_account_claims(services.database, row.id)
        if before == held or row.disabled:
            return row
        writes, operation = [], Operation.UPDATE_ACCOUNT
        message = f"The provider says something else now: {len(held)} claims hold."
    writes += [Put(AccountClaimRow(account_id=row.id, claim_id=one)) for one in sorted(held - before)]
    writes += [Delete(AccountClaimRow, (row.id, one)) for one in sorted(before - held)]
    actor = system_actor("sign-in", row.display)
    await commit_people(services, actor, operation, ("Account", row.display), message, *writes, decided_at=rev)
    return row


async def _held(services: Services, statement: Statement) -> set[int]:
    """The ids of the claims that hold for somebody."""
    scheme = services.settings.oidc_scheme
    return {
        row.id
        for row in await list_claims(services.database)
        if row.provider == scheme and (row.claim_type, row.value_key) in statement.claims
    }


async def _new(services: Services, statement: Statement, held: set[int]) -> tuple[AccountRow, list[Write]]:
    if not held:
        raise StatementRefused(
            "The provider knows you, but none of what it says of you gives a role here. Ask an administrator to add a "
            "claim (/Security/Claims) to a role."
        )
    name = await _free_name(services, statement)
    row = AccountRow(
        id=await highest_account_id(services.database) + 1,
        account_key=name.key,
        display=name.display,
        password_hash=None,
        disabled=0,
        created_at=text_of(services.clock()),
    )
    external = ExternalAccountRow(provider=services.settings.oidc_issuer, subject=statement.subject, account_id=row.id)
    return row, [Insert(row), Insert(external)]


async def _free_name(services: Services, statement: Statement) -> AccountName:
    """A name nobody has, in the provider's own domain: nobody is taken for somebody else by choosing a name there."""
    digest = hashlib.sha256(statement.subject.encode()).hexdigest()[:32]
    for wanted in (statement.name, statement.subject, digest):
        try:
            # A name that is an address keeps its whole self as the user; the domain is the provider's.
            name = read_account_name(f"{services.settings.oidc_scheme}\\{wanted.replace('@', '.')}", "")
        except Invalid:
            continue
        if await read_account(services.database, name.key) is None:
            return name
    raise StatementRefused("No account name could be made of what the provider says.")
