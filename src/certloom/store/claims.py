"""Claims, the roles they give, and permission sets as rows."""

from typing import Any, ClassVar, TypeVar

from certloom.store.database import Database
from certloom.store.rows import Row

__all__ = [
    "AccountClaimRow",
    "ClaimRow",
    "ExternalAccountRow",
    "PermissionSetRow",
    "RoleClaimRow",
    "find_claim",
    "highest_claim_id",
    "list_claims",
    "list_permission_sets",
    "read_account_claims",
    "read_accounts_with",
    "read_claim",
    "read_claims_of_role",
    "read_external_account",
    "read_permission_set",
    "read_provider_of",
    "read_role_claims",
]


class ClaimRow(Row, frozen=True, kw_only=True):
    """Something a provider may say. ``value_key`` is what is compared; ``value`` is what people wrote."""

    table: ClassVar[str] = "claim"
    key: ClassVar[tuple[str, ...]] = ("id",)

    id: int
    provider: str
    claim_type: int
    value_key: str
    value: str
    description: str


class RoleClaimRow(Row, frozen=True, kw_only=True):
    """A claim gives a role."""

    table: ClassVar[str] = "role_claim"
    key: ClassVar[tuple[str, ...]] = ("role_id", "claim_id")

    role_id: int
    claim_id: int


class AccountClaimRow(Row, frozen=True, kw_only=True):
    """A claim held for an account when it last proved who it is."""

    table: ClassVar[str] = "account_claim"
    key: ClassVar[tuple[str, ...]] = ("account_id", "claim_id")

    account_id: int
    claim_id: int


class ExternalAccountRow(Row, frozen=True, kw_only=True):
    """The account of a provider's subject. The subject never changes hands; a name may."""

    table: ClassVar[str] = "external_account"
    key: ClassVar[tuple[str, ...]] = ("provider", "subject")

    provider: str
    subject: str
    account_id: int


class PermissionSetRow(Row, frozen=True, kw_only=True):
    """A permission set. ``permissions`` is a JSON array of access strings."""

    table: ClassVar[str] = "permission_set"
    key: ClassVar[tuple[str, ...]] = ("id",)

    id: str
    name_key: str
    name: str
    permissions: str


R = TypeVar("R", bound=Row)


def _read(kind: type[R], row: tuple[Any, ...]) -> R:
    return kind(**dict(zip(kind.__struct_fields__, row, strict=True)))


def _select(kind: type[Row]) -> str:
    return f"SELECT {', '.join(f'{kind.table}.{name}' for name in kind.__struct_fields__)} FROM {kind.table}"


async def list_claims(database: Database) -> list[ClaimRow]:
    """Every claim, by id."""
    rows = await database.fetch_all(f"{_select(ClaimRow)} ORDER BY id")
    return [_read(ClaimRow, row) for row in rows]


async def read_claim(database: Database, claim_id: int) -> ClaimRow | None:
    """The claim of that id, or None."""
    row = await database.fetch_one(f"{_select(ClaimRow)} WHERE id = ?", claim_id)
    return _read(ClaimRow, row) if row else None


async def find_claim(database: Database, provider: str, claim_type: int, value_key: str) -> ClaimRow | None:
    """The claim that says this, or None."""
    condition = "provider = ? AND claim_type = ? AND value_key = ?"
    row = await database.fetch_one(f"{_select(ClaimRow)} WHERE {condition}", provider, claim_type, value_key)
    return _read(ClaimRow, row) if row else None


async def read_claims_of_role(database: Database, role_id: int) -> list[ClaimRow]:
    """The claims that give a role, by id."""
    join = "JOIN role_claim ON role_claim.claim_id = claim.id WHERE role_id = ? ORDER BY claim.id"
    return [_read(ClaimRow, row) for row in await database.fetch_all(f"{_select(ClaimRow)} {join}", role_id)]


async def read_role_claims(database: Database) -> list[RoleClaimRow]:
    """Which claims give which roles."""
    return [_read(RoleClaimRow, row) for row in await database.fetch_all(_select(RoleClaimRow))]


async def highest_claim_id(database: Database) -> int:
    """The highest id a claim ever had: ids are not used twice, since something may still refer to them."""
    row = await database.fetch_one("SELECT seq FROM sqlite_sequence WHERE name = 'claim'")
    return int(row[0]) if row else 0


async def read_accounts_with(database: Database, claim_id: int) -> list[int]:
    """The ids of the accounts a claim holds for."""
    rows = await database.fetch_all("SELECT account_id FROM account_claim WHERE claim_id = ?", claim_id)
    return [row[0] for row in rows]


async def read_account_claims(database: Database, account_id: int) -> set[int]:
    """The ids of the claims that hold for an account."""
    rows = await database.fetch_all("SELECT claim_id FROM account_claim WHERE account_id = ?", account_id)
    return {row[0] for row in rows}


async def read_external_account(database: Database, provider: str, subject: str) -> int | None:
    """The id of the account of a provider's subject, or None."""
    condition = "provider = ? AND subject = ?"
    row = await database.fetch_one(f"SELECT account_id FROM external_account WHERE {condition}", provider, subject)
    return row[0] if row else None


async def read_provider_of(database: Database, account_id: int) -> str | None:
    """The provider an account comes from; None for one that is kept here."""
    row = await database.fetch_one("SELECT provider FROM external_account WHERE account_id = ?", account_id)
    return row[0] if row else None


async def list_permission_sets(database: Database) -> list[PermissionSetRow]:
    """Every permission set, by name."""
    rows = await database.fetch_all(f"{_select(PermissionSetRow)} ORDER BY name_key")
    return [_read(PermissionSetRow, row) for row in rows]


async def read_permission_set(database: Database, set_id: str) -> PermissionSetRow | None:
    """The permission set of that id, or None."""
    row = await database.fetch_one(f"{_select(PermissionSetRow)} WHERE id = ?", set_id)
    return _read(PermissionSetRow, row) if row else None
