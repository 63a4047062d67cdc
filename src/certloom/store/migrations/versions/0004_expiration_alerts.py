"""Expiration alerts."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the table that keys of Expiration definitions refer to."""
    op.execute(
        """CREATE TABLE expiration_alert (
        id INTEGER PRIMARY KEY AUTOINCREMENT, name_key TEXT NOT NULL UNIQUE, display_name TEXT NOT NULL,
        days INTEGER NOT NULL)"""
    )
