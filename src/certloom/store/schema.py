"""The schema's versions: Alembic takes a database from any older one to the newest."""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DatabaseError

from certloom.errors import Unavailable
from certloom.store.change import StoreUnavailable

__all__ = ["SchemaTooNew", "upgrade"]


class SchemaTooNew(Unavailable):
    """The database was written by a newer release."""


def upgrade(path: Path) -> None:
    """Bring the SQLite database at ``path`` to the newest schema. Raises SchemaTooNew or StoreUnavailable."""
    _make_private(path)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    script = ScriptDirectory.from_config(config)
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    event.listen(engine, "connect", _leave_transactions_to_us)
    event.listen(engine, "begin", _begin)
    try:
        _upgrade(engine, config, script)
    except DatabaseError as error:
        raise StoreUnavailable(
            f"The database {path.name} cannot be opened ({error.orig}). It may be damaged: restore it from a backup."
        ) from error


def _make_private(path: Path) -> None:
    """Create the file for its owner only, whatever the umask; SQLite gives the files beside it the same rights."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _upgrade(engine: Engine, config: Config, script: ScriptDirectory) -> None:
    with engine.begin() as connection:
        current = _current(connection)
        if current == script.get_current_head():
            return
        if current is not None and current not in {revision.revision for revision in script.walk_revisions()}:
            raise SchemaTooNew(
                f"The database has schema {current}, which this release does not know. Run the release that wrote it, "
                "or restore a backup made before that upgrade."
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


# The driver would commit every CREATE TABLE alone; in one transaction, an interrupted upgrade leaves nothing behind.
def _leave_transactions_to_us(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
