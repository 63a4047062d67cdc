"""Private keys made for requests, until they are collected."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Create the table of held keys."""
    op.execute(
        """CREATE TABLE held_key (
        spki_sha256 TEXT PRIMARY KEY, instance_id TEXT NOT NULL, account_id INTEGER NOT NULL, sealed BLOB NOT NULL,
        created_at TEXT NOT NULL) WITHOUT ROWID"""
    )
    op.execute("CREATE UNIQUE INDEX held_key_instance ON held_key (instance_id)")
