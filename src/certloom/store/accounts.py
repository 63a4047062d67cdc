"""Accounts, roles and one-time tokens as rows."""

from typing import ClassVar

from certloom.store.database import Database
from certloom.store.rows import Row

__all__ = [
    "AccountRoleRow",
    "AccountRow",
    "RoleRow",
    "TokenRow",
    "highest_account_id",
    "list_accounts",
    "list_roles",
    "read_account",
    "read_account_by_id",
    "read_role",
    "read_roles_of",
    "read_token",
    "security_rev",
]


class AccountRow(Row, frozen=True, kw_only=True):
    """Somebody who can log in. ``account_key`` is the name's canonical form; ``password_hash`` None: no password."""

    table: ClassVar[str] = "account"
    key: ClassVar[tuple[str, ...]] = ("id",)

    id: int
    account_key: str
    display: str
    password_hash: str | None
    disabled: int
    created_at: str


class RoleRow(Row, frozen=True, kw_only=True):
    """A named set of permissions. ``permissions`` is a JSON array of access strings."""

    table: ClassVar[str] = "role"
    key: ClassVar[tuple[str, ...]] = ("id",)

    id: int
    name_key: str
    name: str
    description: str
    permissions: str


class AccountRoleRow(Row, frozen=True, kw_only=True):
    """An account holds a role."""

    table: ClassVar[str] = "account_role"
    key: ClassVar[tuple[str, ...]] = ("account_id", "role_id")

    account_id: int
    role_id: int


class TokenRow(Row, frozen=True, kw_only=True):
    """A one-time token: only its digest is kept."""

    table: ClassVar[str] = "token"
    key: ClassVar[tuple[str, ...]] = ("digest",)

    digest: str
    purpose: str
    expires_at: str


_ACCOUNT = "id, account_key, display, password_hash, disabled, created_at"
_ROLE = "id, name_key, name, description, permissions"


async def read_account(database: Database, account_key: str) -> AccountRow | None:
    """The account of that canonical name, or None."""
    row = await database.fetch_one(f"SELECT {_ACCOUNT} FROM account WHERE account_key = ?", account_key)
    return AccountRow(**dict(zip(AccountRow.__struct_fields__, row, strict=True))) if row else None


async def read_account_by_id(database: Database, account_id: int) -> AccountRow | None:
    """The account of that id, or None."""
    row = await database.fetch_one(f"SELECT {_ACCOUNT} FROM account WHERE id = ?", account_id)
    return AccountRow(**dict(zip(AccountRow.__struct_fields__, row, strict=True))) if row else None


async def list_accounts(database: Database) -> list[AccountRow]:
    """Every account, by name."""
    rows = await database.fetch_all(f"SELECT {_ACCOUNT} FROM account ORDER BY account_key")
    return [AccountRow(**dict(zip(AccountRow.__struct_fields__, row, strict=True))) for row in rows]


async def highest_account_id(database: Database) -> int:
    """The highest id an account has."""
    row = await database.fetch_one("SELECT max(id) FROM account")
    return int(row[0]) if row and row[0] else 0


async def read_roles_of(database: Database, account_id: int) -> list[RoleRow]:
    """The roles an account holds."""
    rows = await database.fetch_all(
        "SELECT role.id, name_key, name, description, permissions FROM role "
        "JOIN account_role ON role_id = role.id WHERE account_id = ?",
        account_id,
    )
    return [_role(row) for row in rows]


async def list_roles(database: Database) -> list[RoleRow]:
    """Every role, by name."""
    return [_role(row) for row in await database.fetch_all(f"SELECT {_ROLE} FROM role ORDER BY name_key")]


async def read_role(database: Database, name_key: str) -> RoleRow | None:
    """The role of that name (casefolded), or None."""
    row = await database.fetch_one(f"SELECT {_ROLE} FROM role WHERE name_key = ?", name_key)
    return _role(row) if row else None


def _role(row: tuple[object, ...]) -> RoleRow:
    return RoleRow(**dict(zip(RoleRow.__struct_fields__, row, strict=True)))  # type: ignore[arg-type]  # columns and fields are one list


async def read_token(database: Database, digest: str) -> TokenRow | None:
    """The token of that digest, or None."""
    row = await database.fetch_one("SELECT digest, purpose, expires_at FROM token WHERE digest = ?", digest)
    return TokenRow(digest=row[0], purpose=row[1], expires_at=row[2]) if row else None


async def security_rev(database: Database) -> str:
    """A number that rises with every change to accounts and roles: what a decision about people is guarded by."""
    row = await database.fetch_one("SELECT value FROM meta WHERE name = 'security_rev'")
    return row[0] if row else "0"
