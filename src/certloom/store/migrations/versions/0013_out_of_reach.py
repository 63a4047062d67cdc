"""Instances that wait for more people than there are, as the audit log was told."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Create the table."""
    op.execute("CREATE TABLE out_of_reach (instance_id TEXT PRIMARY KEY) WITHOUT ROWID")
