"""Tokens of programs, sessions of browsers, and logins on their way."""

from alembic import op

revision = "0010"
down_revision = "0009"

_TABLES = (
    """CREATE TABLE api_token (
        id INTEGER PRIMARY KEY AUTOINCREMENT, digest TEXT NOT NULL UNIQUE,
        account_id INTEGER NOT NULL REFERENCES account (id), name TEXT NOT NULL, permissions TEXT, role_ids TEXT,
        created_at TEXT NOT NULL, expires_at TEXT NOT NULL, last_used_at TEXT, revoked_at TEXT)""",
    "CREATE INDEX api_token_account ON api_token (account_id)",
    """CREATE TABLE session (
        digest TEXT PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES account (id), created_at TEXT NOT NULL,
        last_seen_at TEXT NOT NULL, expires_at TEXT NOT NULL, sealed_id_token BLOB NOT NULL) WITHOUT ROWID""",
    "CREATE INDEX session_account ON session (account_id)",
    "CREATE INDEX session_expires ON session (expires_at)",
    """CREATE TABLE login_attempt (
        state_digest TEXT PRIMARY KEY, browser_digest TEXT NOT NULL, sealed BLOB NOT NULL, expires_at TEXT NOT NULL)
        WITHOUT ROWID""",
    "CREATE INDEX login_attempt_expires ON login_attempt (expires_at)",
)


def upgrade() -> None:
    """Create the tables."""
    for statement in _TABLES:
        op.execute(statement)
