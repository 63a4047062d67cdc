"""The first schema."""

from alembic import op

revision = "0001"
down_revision = None

_TABLES = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE account (
        id INTEGER PRIMARY KEY AUTOINCREMENT, account_key TEXT NOT NULL UNIQUE, display TEXT NOT NULL,
        password_hash TEXT, disabled INTEGER NOT NULL, created_at TEXT NOT NULL)""",
    """CREATE TABLE role (
        id INTEGER PRIMARY KEY AUTOINCREMENT, name_key TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
        description TEXT NOT NULL, permissions TEXT NOT NULL)""",
    """CREATE TABLE account_role (
        account_id INTEGER NOT NULL REFERENCES account (id), role_id INTEGER NOT NULL REFERENCES role (id),
        PRIMARY KEY (account_id, role_id)) WITHOUT ROWID""",
    """CREATE TABLE token (digest TEXT PRIMARY KEY, purpose TEXT NOT NULL, expires_at TEXT NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE template (
        id INTEGER PRIMARY KEY AUTOINCREMENT, name_key TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
        document TEXT NOT NULL)""",
    """CREATE TABLE authority (
        id INTEGER PRIMARY KEY AUTOINCREMENT, name_key TEXT NOT NULL UNIQUE, name TEXT NOT NULL, kind TEXT NOT NULL,
        parent TEXT, certificate BLOB NOT NULL, sealed_key BLOB NOT NULL, created_at TEXT NOT NULL)""",
    """CREATE TABLE definition (
        id TEXT PRIMARY KEY, workflow_type TEXT NOT NULL, display_name TEXT NOT NULL, description TEXT NOT NULL,
        enabled INTEGER NOT NULL, is_global INTEGER NOT NULL, draft_version INTEGER NOT NULL,
        published_version INTEGER, rev INTEGER NOT NULL)""",
    "CREATE UNIQUE INDEX definition_global ON definition (workflow_type) WHERE is_global = 1",
    """CREATE TABLE definition_key (
        workflow_type TEXT NOT NULL, key_value TEXT NOT NULL, definition_id TEXT NOT NULL REFERENCES definition (id),
        PRIMARY KEY (workflow_type, key_value)) WITHOUT ROWID""",
    "CREATE INDEX definition_key_definition ON definition_key (definition_id)",
    # Versions outlive their definition: instances that ran on them stay explainable.
    """CREATE TABLE definition_version (
        definition_id TEXT NOT NULL, version INTEGER NOT NULL, steps TEXT NOT NULL, published INTEGER NOT NULL,
        PRIMARY KEY (definition_id, version)) WITHOUT ROWID""",
    """CREATE TABLE instance (
        reference_id INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, status TEXT NOT NULL,
        workflow_type TEXT NOT NULL, definition_id TEXT NOT NULL, definition_version INTEGER NOT NULL,
        definition_name TEXT NOT NULL, step_id TEXT NOT NULL, step_name TEXT NOT NULL,
        step_display_name TEXT NOT NULL, message TEXT NOT NULL, title TEXT NOT NULL, initiator_id INTEGER NOT NULL,
        initiator TEXT NOT NULL, started_at TEXT NOT NULL, modified_at TEXT NOT NULL, rev INTEGER NOT NULL,
        wake_at TEXT, initial_data TEXT NOT NULL, data TEXT NOT NULL, machine TEXT NOT NULL)""",
    "CREATE INDEX instance_status ON instance (status)",
    "CREATE INDEX instance_initiator ON instance (initiator_id)",
    "CREATE INDEX instance_wake_at ON instance (wake_at) WHERE wake_at IS NOT NULL",
    """CREATE TABLE journal (
        instance_id TEXT NOT NULL, seq INTEGER NOT NULL, at TEXT NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (instance_id, seq)) WITHOUT ROWID""",
    """CREATE TABLE awaited_signal (
        role_id INTEGER NOT NULL, instance_id TEXT NOT NULL, signal_key TEXT NOT NULL, excluded_id INTEGER NOT NULL,
        PRIMARY KEY (role_id, instance_id, signal_key)) WITHOUT ROWID""",
    "CREATE INDEX awaited_signal_instance ON awaited_signal (instance_id)",
    """CREATE TABLE signalled (
        account_id INTEGER NOT NULL, instance_id TEXT NOT NULL, signal_key TEXT NOT NULL,
        PRIMARY KEY (account_id, instance_id, signal_key)) WITHOUT ROWID""",
    """CREATE TABLE issuance (
        certificate_id INTEGER PRIMARY KEY, authority TEXT NOT NULL, serial TEXT NOT NULL, instance_id TEXT NOT NULL,
        planned_at TEXT NOT NULL, UNIQUE (authority, serial))""",
    """CREATE TABLE key_claim (spki_sha256 TEXT PRIMARY KEY, requester_id INTEGER NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE certificate (
        id INTEGER PRIMARY KEY, serial_number TEXT NOT NULL, authority TEXT NOT NULL, thumbprint TEXT NOT NULL,
        issued_dn TEXT NOT NULL, issued_cn TEXT, issuer_dn TEXT NOT NULL, not_before TEXT NOT NULL,
        not_after TEXT NOT NULL, template TEXT NOT NULL, requester_id INTEGER NOT NULL, requester TEXT NOT NULL,
        spki_sha256 TEXT NOT NULL, imported_at TEXT NOT NULL, instance_id TEXT NOT NULL, late INTEGER NOT NULL,
        metadata TEXT NOT NULL, der BLOB NOT NULL, UNIQUE (authority, serial_number))""",
    """CREATE TABLE revocation (
        certificate_id INTEGER PRIMARY KEY REFERENCES certificate (id), reason INTEGER NOT NULL,
        effective_at TEXT NOT NULL, comment TEXT NOT NULL, instance_id TEXT NOT NULL)""",
    "CREATE INDEX certificate_thumbprint ON certificate (thumbprint)",
    "CREATE INDEX certificate_spki ON certificate (spki_sha256)",
    "CREATE INDEX certificate_issuer_serial ON certificate (issuer_dn, serial_number)",
    """CREATE TABLE repeat (fingerprint TEXT PRIMARY KEY, instance_id TEXT NOT NULL, at TEXT NOT NULL) WITHOUT ROWID""",
    "CREATE INDEX repeat_at ON repeat (at)",
    """CREATE TABLE audit (
        seq INTEGER PRIMARY KEY, at TEXT NOT NULL, actor TEXT NOT NULL, operation TEXT NOT NULL,
        entity_type TEXT NOT NULL, entity TEXT NOT NULL, level INTEGER NOT NULL, body BLOB NOT NULL,
        hash TEXT NOT NULL)""",
    """CREATE TABLE audit_checkpoint (
        seq INTEGER PRIMARY KEY, at TEXT NOT NULL, hash TEXT NOT NULL, signature BLOB NOT NULL)""",
)


def upgrade() -> None:
    """Create every table."""
    for statement in _TABLES:
        op.execute(statement)
