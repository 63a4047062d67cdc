"""Accounts, roles and one-time tokens as rows."""

from collections.abc import Sequence
from typing import ClassVar

from certloom.identity.claim import LOCAL_PROVIDER, ClaimType
from certloom.identity.role import GLOBAL_PERMISSION_SET
from certloom.store.database import Database
from certloom.store.rows import Row

__all__ = [
    "AccountRoleRow",
    "AccountRow",
    "RoleRow",
    "TokenRow",
    "count_waiting_for",
    "highest_account_id",
    "highest_role_id",
    "holders_of",
    "list_accounts",
    "list_roles",
    "read_account",
    "read_account_by_id",
    "read_assigned",
    "read_role",
    "read_role_by_id",
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
    email: str = ""
    permission_set_id: str = GLOBAL_PERMISSION_SET
    enabled: int = 1
    private: int = 0


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
_ROLE = "id, name_key, name, description, permissions, email, permission_set_id, enabled, private"
_HELD = """enabled = 1 AND id IN (
    SELECT role_id FROM account_role WHERE account_id = ?
    UNION SELECT role_id FROM role_claim JOIN account_claim USING (claim_id) WHERE account_id = ?
    UNION SELECT role_id FROM role_claim JOIN claim ON claim.id = claim_id
        JOIN account ON account_key = value_key WHERE account.id = ? AND provider = ? AND claim_type = ?)"""
"""A role is given to an account itself, by a claim its provider made, or by a claim that names the account."""


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
    """The enabled roles an account holds, whichever way it came to them."""
    named = (LOCAL_PROVIDER, ClaimType.USER.value)
    rows = await database.fetch_all(
        f"SELECT {_ROLE} FROM role WHERE {_HELD}", account_id, account_id, account_id, *named
    )
    return [_role(row) for row in rows]


async def read_assigned(database: Database, role_id: int) -> list[AccountRow]:
    """The accounts a role was given to themselves, by name."""
    rows = await database.fetch_all(
        f"SELECT {_ACCOUNT} FROM account JOIN account_role ON account_id = id WHERE role_id = ? ORDER BY account_key",
        role_id,
    )
    return [AccountRow(**dict(zip(AccountRow.__struct_fields__, row, strict=True))) for row in rows]


async def holders_of(database: Database, role_ids: Sequence[int]) -> frozenset[int]:
    """The ids of the enabled accounts that hold one of these roles, if it is enabled, whichever way it came to them."""
    wanted = ", ".join("?" * len(role_ids))
    rows = await database.fetch_all(
        f"""WITH wanted AS (SELECT id FROM role WHERE enabled = 1 AND id IN ({wanted}))
        SELECT id FROM account WHERE disabled = 0 AND id IN (
            SELECT account_id FROM account_role WHERE role_id IN (SELECT id FROM wanted)
            UNION SELECT account_id FROM role_claim JOIN account_claim USING (claim_id)
                WHERE role_id IN (SELECT id FROM wanted)
            UNION SELECT account.id FROM role_claim JOIN claim ON claim.id = claim_id
                JOIN account ON account_key = value_key
                WHERE role_id IN (SELECT id FROM wanted) AND provider = ? AND claim_type = ?)""",
        *role_ids,
        LOCAL_PROVIDER,
        ClaimType.USER.value,
    )
    return frozenset(int(row[0]) for row in rows)


async def count_waiting_for(database: Database, role_id: int) -> int:
    """How many instances wait for a signal of this role."""
    row = await database.fetch_one("SELECT count(DISTINCT instance_id) FROM awaited_signal WHERE role_id = ?", role_id)
    return int(row[0]) if row else 0


async def highest_role_id(database: Database) -> int:
    """The highest id a role ever had: definitions refer to roles by id, so none is used twice."""
    row = await database.fetch_one("SELECT seq FROM sqlite_sequence WHERE name = 'role'")
    return int(row[0]) if row else 0


async def read_role_by_id(database: Database, role_id: int) -> RoleRow | None:
    """The role of that id, or None."""
    row = await database.fetch_one(f"SELECT {_ROLE} FROM role WHERE id = ?", role_id)
    return _role(row) if row else None


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
