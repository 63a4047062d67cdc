"""certloom audit: the log of who did what."""

import sys
from pathlib import Path

from cyclopts import App

from certloom.cli.options import Options, print_json, settings_of
from certloom.dispatch.in_process import InProcessDispatcher
from certloom.errors import NotFound
from certloom.operations.checkpoints import verify_audit
from certloom.store.data_folder import DataFolder
from certloom.store.sealing import read_or_create_key_file
from certloom.store.sqlite import SqliteDatabase

__all__ = ["audit"]

audit = App(
    name="audit",
    help="""The audit log.

    Example: certloom audit verify
    """,
)


class NothingToVerify(NotFound):
    """The data folder holds no database."""


@audit.command
async def verify(*, options: Options = Options()) -> None:  # noqa: B008 - immutable
    """Check the whole chain and every signed checkpoint; no server is needed. Exit code 1 names the first fault.

    Example: certloom audit verify --json
    """
    folder = DataFolder(Path(settings_of(options).data_folder))
    if not folder.is_installed():
        raise NothingToVerify(f"There is no installation in {folder.path}. Name its folder with --data-folder.")
    seal = read_or_create_key_file(folder.key_file, may_create=False)
    database = SqliteDatabase(folder.database, InProcessDispatcher())
    try:
        report = await verify_audit(database, seal.audit_key().public_key())
    finally:
        await database.close()
    if options.json:
        print_json(report)
    elif report.fault is None:
        print(f"The audit log is whole: {report.entries} entries, {report.checkpoints} signed checkpoints.")
    else:
        print(f"The audit log was tampered with: {report.fault}.")
    if report.fault is not None:
        sys.exit(1)
