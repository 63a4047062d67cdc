"""Metadata fields and their values."""

from alembic import op

revision = "0009"
down_revision = "0008"

_STATEMENTS = (
    """CREATE TABLE metadata_field (
        id INTEGER PRIMARY KEY AUTOINCREMENT, name_key TEXT NOT NULL UNIQUE, document TEXT NOT NULL)""",
    """CREATE TABLE certificate_metadata (
        name_key TEXT NOT NULL, certificate_id INTEGER NOT NULL REFERENCES certificate (id), name TEXT NOT NULL,
        value TEXT NOT NULL, PRIMARY KEY (name_key, certificate_id)) WITHOUT ROWID""",
    "CREATE INDEX certificate_metadata_certificate ON certificate_metadata (certificate_id)",
    # What was asked for at issuance stays in the certificate's own row; from here on values are read from these.
    """INSERT OR IGNORE INTO certificate_metadata
        SELECT lower(noted.key), certificate.id, noted.key, noted.value
        FROM certificate, json_each(certificate.metadata) AS noted""",
)


def upgrade() -> None:
    """Create the tables, and bring what is noted about certificates into them."""
    for statement in _STATEMENTS:
        op.execute(statement)
