"""Secrets of steps."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the table of sealed values."""
    # No reference to the definition: the versions of a deleted one stay while instances run on them.
    op.execute(
        """CREATE TABLE secret (
        id TEXT PRIMARY KEY, definition_id TEXT NOT NULL, step TEXT NOT NULL, parameter TEXT NOT NULL,
        sealed BLOB NOT NULL, created_at TEXT NOT NULL) WITHOUT ROWID"""
    )
    op.execute("CREATE INDEX secret_definition ON secret (definition_id)")
