"""The outbox."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the table of mails that wait to be sent."""
    op.execute(
        """CREATE TABLE outbox (
        id TEXT PRIMARY KEY, instance_id TEXT NOT NULL, purpose TEXT NOT NULL, recipients TEXT NOT NULL,
        subject TEXT NOT NULL, message TEXT NOT NULL, requested_at TEXT NOT NULL, attempts INTEGER NOT NULL,
        due_at TEXT, ended_at TEXT, failure TEXT NOT NULL) WITHOUT ROWID"""
    )
    op.execute("CREATE INDEX outbox_due_at ON outbox (due_at) WHERE due_at IS NOT NULL")
    op.execute("CREATE INDEX outbox_instance ON outbox (instance_id)")
