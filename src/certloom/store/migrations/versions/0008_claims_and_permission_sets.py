"""Claims that give roles, sets of permissions that bound them, and accounts of other providers."""

from alembic import op

revision = "0008"
down_revision = "0007"

_GLOBAL = "00000000-0000-4000-8000-000000000001"
_STATEMENTS = (
    """CREATE TABLE permission_set (
        id TEXT PRIMARY KEY, name_key TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
        permissions TEXT NOT NULL) WITHOUT ROWID""",
    f"""INSERT INTO permission_set VALUES ('{_GLOBAL}', 'global', 'Global', '["/"]')""",
    "ALTER TABLE role ADD COLUMN email TEXT NOT NULL DEFAULT ''",
    f"ALTER TABLE role ADD COLUMN permission_set_id TEXT NOT NULL DEFAULT '{_GLOBAL}'",
    "ALTER TABLE role ADD COLUMN enabled INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE role ADD COLUMN private INTEGER NOT NULL DEFAULT 0",
    """CREATE TABLE claim (
        id INTEGER PRIMARY KEY AUTOINCREMENT, provider TEXT NOT NULL, claim_type INTEGER NOT NULL,
        value_key TEXT NOT NULL, value TEXT NOT NULL, description TEXT NOT NULL,
        UNIQUE (provider, claim_type, value_key))""",
    """CREATE TABLE role_claim (
        role_id INTEGER NOT NULL REFERENCES role (id), claim_id INTEGER NOT NULL REFERENCES claim (id),
        PRIMARY KEY (role_id, claim_id)) WITHOUT ROWID""",
    # What the provider said of an account when it last proved who it is: votes are counted when nobody is signed in.
    """CREATE TABLE account_claim (
        account_id INTEGER NOT NULL REFERENCES account (id), claim_id INTEGER NOT NULL REFERENCES claim (id),
        PRIMARY KEY (account_id, claim_id)) WITHOUT ROWID""",
    """CREATE TABLE external_account (
        provider TEXT NOT NULL, subject TEXT NOT NULL, account_id INTEGER NOT NULL UNIQUE REFERENCES account (id),
        PRIMARY KEY (provider, subject)) WITHOUT ROWID""",
)


def upgrade() -> None:
    """Create the tables; every role so far belongs to the set Global, which allows everything."""
    for statement in _STATEMENTS:
        op.execute(statement)
