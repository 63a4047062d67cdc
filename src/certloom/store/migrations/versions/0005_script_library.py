"""The library of scripts."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the table."""
    op.execute(
        """CREATE TABLE script (
            id INTEGER PRIMARY KEY AUTOINCREMENT, name_key TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
            contents TEXT NOT NULL, categories TEXT NOT NULL, rev INTEGER NOT NULL)"""
    )
