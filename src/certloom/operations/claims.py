"""Claims: what a provider says about somebody, and which roles that gives."""

import msgspec

from certloom.errors import Conflict, Invalid, NotFound
from certloom.identity.account import read_account_name
from certloom.identity.actor import Actor
from certloom.identity.claim import LOCAL_PROVIDER, Claim, ClaimType
from certloom.identity.role import Role
from certloom.operations.access import Operation, require
from certloom.operations.people import commit_people
from certloom.operations.providers import known_provider
from certloom.operations.reach import require_reach
from certloom.operations.role_changes import role_of
from certloom.operations.services import Services
from certloom.store.accounts import list_roles, security_rev
from certloom.store.claims import (
    AccountClaimRow,
    ClaimRow,
    RoleClaimRow,
    find_claim,
    list_claims,
    read_accounts_with,
    read_claim,
    read_role_claims,
)
from certloom.store.rows import Delete, Insert, Put, Write

__all__ = [
    "ClaimDraft",
    "ClaimExists",
    "ClaimNotFound",
    "claim",
    "claim_of",
    "claims",
    "create_claim",
    "delete_claim",
    "describe_claim",
    "existing_claim",
    "ready_claim",
    "roles_by_claim",
]

_LONGEST_VALUE = 512
_LONGEST_DESCRIPTION = 512


class ClaimNotFound(NotFound):
    """No claim of that id."""


class ClaimExists(Conflict):
    """The same claim exists already."""

    code = "0xA011000A"


class ClaimDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A claim that somebody wants to exist."""

    scheme: str
    claim_type: ClaimType
    value: str
    description: str = ""


async def claims(services: Services, actor: Actor) -> list[Claim]:
    """Every claim, by id."""
    require(actor, Operation.LIST_CLAIMS)
    return [claim_of(row) for row in await list_claims(services.database)]


async def claim(services: Services, actor: Actor, claim_id: int) -> Claim:
    """One claim. Raises ClaimNotFound."""
    require(actor, Operation.LIST_CLAIMS)
    return claim_of(await existing_claim(services, claim_id))


async def roles_by_claim(services: Services, actor: Actor, draft: ClaimDraft) -> list[Role]:
    """The roles that a claim gives, by name; none for a claim that does not exist. Raises ProviderUnknown, Invalid."""
    require(actor, Operation.LIST_CLAIMS)
    row = await ready_claim(services, draft)
    given = {each.role_id for each in await read_role_claims(services.database) if each.claim_id == row.id}
    return [role_of(role) for role in await list_roles(services.database) if role.id in given]


async def create_claim(services: Services, actor: Actor, draft: ClaimDraft) -> Claim:
    """A new claim, which gives no role yet. Raises ProviderUnknown, ClaimExists or Invalid."""
    require(actor, Operation.CREATE_CLAIM)
    rev = await security_rev(services.database)
    row = await ready_claim(services, draft)
    if row.id:
        raise ClaimExists(f"There is this claim already, with id {row.id}.")
    await _commit(services, actor, Operation.CREATE_CLAIM, row, "Created.", Insert(row), decided_at=rev)
    return claim_of(await ready_claim(services, draft))


async def describe_claim(services: Services, actor: Actor, claim_id: int, description: str) -> Claim:
    """Describe a claim anew; what it says never changes. Raises ClaimNotFound or Invalid."""
    require(actor, Operation.UPDATE_CLAIM)
    rev = await security_rev(services.database)
    row = msgspec.structs.replace(await existing_claim(services, claim_id), description=_description(description))
    await _commit(services, actor, Operation.UPDATE_CLAIM, row, "Described anew.", Put(row), decided_at=rev)
    return claim_of(row)


async def delete_claim(services: Services, actor: Actor, claim_id: int) -> None:
    """Remove a claim, and with it the roles it gave. Raises ClaimNotFound or RightsExceeded."""
    require(actor, Operation.DELETE_CLAIM)
    rev = await security_rev(services.database)
    row = await existing_claim(services, claim_id)
    given = [each for each in await read_role_claims(services.database) if each.claim_id == claim_id]
    for role in await list_roles(services.database):
        if role.id in {each.role_id for each in given}:
            require_reach(actor, Operation.DELETE_CLAIM, role_of(role).permissions)
    writes: list[Write] = [Delete(RoleClaimRow, (each.role_id, claim_id)) for each in given]
    holders = await read_accounts_with(services.database, claim_id)
    writes += [Delete(AccountClaimRow, (holder, claim_id)) for holder in holders]
    writes.append(Delete(ClaimRow, (claim_id,)))
    await _commit(services, actor, Operation.DELETE_CLAIM, row, "Deleted.", *writes, decided_at=rev)


async def existing_claim(services: Services, claim_id: int) -> ClaimRow:
    """The claim of that id. Raises ClaimNotFound."""
    row = await read_claim(services.database, claim_id)
    if row is None:
        raise ClaimNotFound(f"There is no claim with id {claim_id}. GET /Security/Claims lists all.")
    return row


async def ready_claim(services: Services, draft: ClaimDraft) -> ClaimRow:
    """The claim that says this; one that does not exist yet has id 0. Raises ProviderUnknown or Invalid."""
    provider = known_provider(services, draft.scheme)
    if draft.claim_type not in provider.claim_types:
        allowed = ", ".join(f"{one.value} ({one.name})" for one in provider.claim_types)
        raise Invalid(f"{provider.scheme} makes no claims of type {draft.claim_type.value}. Use one of: {allowed}.")
    key, value = _value(services, provider.scheme, draft.value)
    found = await find_claim(services.database, provider.scheme, draft.claim_type, key)
    return found or ClaimRow(
        id=0,
        provider=provider.scheme,
        claim_type=draft.claim_type.value,
        value_key=key,
        value=value,
        description=_description(draft.description),
    )


def claim_of(row: ClaimRow) -> Claim:
    """A claim from its row."""
    return Claim(row.id, row.provider, ClaimType(row.claim_type), row.value, row.description)


def _value(services: Services, scheme: str, text: str) -> tuple[str, str]:
    """What is compared, and what is shown. What another provider says is compared letter for letter."""
    if scheme == LOCAL_PROVIDER:
        name = read_account_name(text, services.settings.default_domain)
        return name.key, name.display
    if not text or text != text.strip() or len(text) > _LONGEST_VALUE:
        raise Invalid(f"A ClaimValue has 1 to {_LONGEST_VALUE} characters and no blank at its ends. Correct it.")
    return text, text


def _description(text: str) -> str:
    if len(text) > _LONGEST_DESCRIPTION:
        raise Invalid(
            f"The description has {len(text)} characters; at most {_LONGEST_DESCRIPTION} are kept. Shorten it."
        )
    return text


async def _commit(
    services: Services,
    actor: Actor,
    operation: Operation,
    row: ClaimRow,
    message: str,
    *writes: Write,
    decided_at: str,
) -> None:
    entity = ("Claim", f"{row.provider} {ClaimType(row.claim_type).name} {row.value}")
    await commit_people(services, actor, operation, entity, message, *writes, decided_at=decided_at)
