"""certloom audit: the log of who did what."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from certloom.cli.options import Options, opened, operator, print_json, settings_of
from certloom.dispatch.in_process import InProcessDispatcher
from certloom.errors import Invalid, NotFound
from certloom.operations.checkpoints import SavedCheckpoint, last_checkpoint, read_saved, verify_audit
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


class SavedFileUnreadable(Invalid):
    """The file with the saved checkpoint is missing or may not be read."""


@audit.command
async def checkpoint(*, options: Options = Options()) -> None:  # noqa: B008 - immutable
    """Sign the log as it is now and show the checkpoint. Keep it elsewhere: verify takes it.

    Example: certloom audit checkpoint --json
    """
    async with opened(options) as certloom:
        saved = await last_checkpoint(certloom.services, operator())
    if options.json:
        print_json(saved)
    else:
        print(f"Checkpoint {saved.number} covers {saved.seq} entries, hash {saved.hash}. With --json it can be kept.")


@audit.command
async def verify(
    *,
    checkpoint: Annotated[
        Path | None,
        Parameter(help="A file that certloom audit checkpoint --json wrote; it shows a log that was cut off."),
    ] = None,
    options: Options = Options(),  # noqa: B008 - immutable
) -> None:
    """Check the whole chain and every signed checkpoint; no server is needed. Exit code 1 names the first fault.

    Example: certloom audit verify --json
    """
    saved = _saved(checkpoint)
    folder = DataFolder(Path(settings_of(options).data_folder))
    if not folder.is_installed():
        raise NothingToVerify(f"There is no installation in {folder.path}. Name its folder with --data-folder.")
    seal = read_or_create_key_file(folder.key_file, may_create=False)
    database = SqliteDatabase(folder.database, InProcessDispatcher())
    try:
        report = await verify_audit(database, seal.audit_key().public_key(), saved)
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


def _saved(file: Path | None) -> SavedCheckpoint | None:
    if file is None:
        return None
    try:
        return read_saved(file.read_bytes())
    except OSError as error:
        raise SavedFileUnreadable(
            f"The checkpoint cannot be read from {file}: {error.strerror}. Correct that."
        ) from None
