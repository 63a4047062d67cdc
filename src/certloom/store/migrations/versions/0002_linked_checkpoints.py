"""Checkpoints know the one before them."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Number the checkpoints and link each to the one before. Those signed before this keep number 0."""
    op.execute("ALTER TABLE audit_checkpoint ADD COLUMN number INTEGER NOT NULL DEFAULT 0")
    op.execute("ALTER TABLE audit_checkpoint ADD COLUMN previous TEXT NOT NULL DEFAULT ''")
