"""What stands for a password: tokens of programs, sessions of browsers, and logins on their way. Digests only."""

from typing import Any, ClassVar, TypeVar

from certloom.store.database import Database
from certloom.store.rows import Row

__all__ = [
    "ApiTokenRow",
    "LoginAttemptRow",
    "SessionRow",
    "count_login_attempts",
    "highest_token_id",
    "list_tokens",
    "read_api_token",
    "read_login_attempt",
    "read_session",
    "read_token_by_id",
    "sessions_of",
]


class ApiTokenRow(Row, frozen=True, kw_only=True):
    """A token of an account. ``permissions`` and ``role_ids`` are JSON arrays; None: everything the account has."""

    table: ClassVar[str] = "api_token"
    key: ClassVar[tuple[str, ...]] = ("id",)

    id: int
    digest: str
    account_id: int
    name: str
    permissions: str | None
    role_ids: str | None
    created_at: str
    expires_at: str
    last_used_at: str | None
    revoked_at: str | None


class SessionRow(Row, frozen=True, kw_only=True):
    """A browser that is logged in. The provider's statement is kept for the logout there."""

    table: ClassVar[str] = "session"
    key: ClassVar[tuple[str, ...]] = ("digest",)

    digest: str
    account_id: int
    created_at: str
    last_seen_at: str
    expires_at: str
    sealed_id_token: bytes


class LoginAttemptRow(Row, frozen=True, kw_only=True):
    """A login between leaving for the provider and coming back, bound to one browser."""

    table: ClassVar[str] = "login_attempt"
    key: ClassVar[tuple[str, ...]] = ("state_digest",)

    state_digest: str
    browser_digest: str
    sealed: bytes
    expires_at: str


R = TypeVar("R", bound=Row)


def _select(kind: type[Row]) -> str:
    return f"SELECT {', '.join(kind.__struct_fields__)} FROM {kind.table}"


def _read(kind: type[R], row: tuple[Any, ...] | None) -> R | None:
    return kind(**dict(zip(kind.__struct_fields__, row, strict=True))) if row else None


async def read_api_token(database: Database, digest: str) -> ApiTokenRow | None:
    """The token of that digest, or None."""
    return _read(ApiTokenRow, await database.fetch_one(f"{_select(ApiTokenRow)} WHERE digest = ?", digest))


async def read_token_by_id(database: Database, token_id: int) -> ApiTokenRow | None:
    """The token of that id, or None."""
    return _read(ApiTokenRow, await database.fetch_one(f"{_select(ApiTokenRow)} WHERE id = ?", token_id))


async def list_tokens(database: Database, account_id: int | None) -> list[ApiTokenRow]:
    """The tokens of an account, or of everybody, by id."""
    where = "WHERE account_id = ? OR ? IS NULL ORDER BY id"
    rows = await database.fetch_all(f"{_select(ApiTokenRow)} {where}", account_id, account_id)
    return [found for row in rows if (found := _read(ApiTokenRow, row))]


async def highest_token_id(database: Database) -> int:
    """The highest id a token ever had."""
    row = await database.fetch_one("SELECT seq FROM sqlite_sequence WHERE name = 'api_token'")
    return int(row[0]) if row else 0


async def read_session(database: Database, digest: str) -> SessionRow | None:
    """The session of that digest, or None."""
    return _read(SessionRow, await database.fetch_one(f"{_select(SessionRow)} WHERE digest = ?", digest))


async def sessions_of(database: Database, account_id: int) -> list[str]:
    """The digests of an account's sessions."""
    return [row[0] for row in await database.fetch_all("SELECT digest FROM session WHERE account_id = ?", account_id)]


async def read_login_attempt(database: Database, state_digest: str) -> LoginAttemptRow | None:
    """The login on its way of that state, or None."""
    row = await database.fetch_one(f"{_select(LoginAttemptRow)} WHERE state_digest = ?", state_digest)
    return _read(LoginAttemptRow, row)


async def count_login_attempts(database: Database, now: str) -> int:
    """How many logins are on their way at ``now``."""
    row = await database.fetch_one("SELECT count(*) FROM login_attempt WHERE expires_at >= ?", now)
    return int(row[0]) if row else 0
