"""Revocation lists, what they tell of, and the responders of authorities."""

from alembic import op

revision = "0011"
down_revision = "0010"

_TABLES = (
    "ALTER TABLE revocation ADD COLUMN recorded_at TEXT NOT NULL DEFAULT ''",
    "UPDATE revocation SET recorded_at = effective_at",
    """CREATE TABLE revocation_change (
        id INTEGER PRIMARY KEY AUTOINCREMENT, certificate_id INTEGER NOT NULL REFERENCES certificate (id),
        authority TEXT NOT NULL, reason INTEGER NOT NULL, recorded_at TEXT NOT NULL, instance_id TEXT NOT NULL)""",
    "CREATE INDEX revocation_change_authority ON revocation_change (authority, id)",
    "CREATE INDEX revocation_change_certificate ON revocation_change (certificate_id)",
    """INSERT INTO revocation_change (certificate_id, authority, reason, recorded_at, instance_id)
        SELECT certificate_id, authority, reason, recorded_at, revocation.instance_id
        FROM revocation JOIN certificate ON certificate.id = certificate_id ORDER BY effective_at""",
    """CREATE TABLE crl (
        name_key TEXT PRIMARY KEY, number INTEGER NOT NULL, covers INTEGER NOT NULL, scheduled_at TEXT NOT NULL,
        this_update TEXT NOT NULL, next_update TEXT NOT NULL, entries INTEGER NOT NULL, der BLOB NOT NULL)
        WITHOUT ROWID""",
    """CREATE TABLE ocsp_responder (
        name_key TEXT PRIMARY KEY, serial TEXT NOT NULL, certificate BLOB NOT NULL, sealed_key BLOB NOT NULL,
        not_before TEXT NOT NULL, not_after TEXT NOT NULL) WITHOUT ROWID""",
)


def upgrade() -> None:
    """Create the tables; what was revoked before stands in the next list."""
    for statement in _TABLES:
        op.execute(statement)
