"""The data folder: database, key file and the lock that keeps a second server out."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from certloom.errors import Unavailable

__all__ = ["DataFolder", "DataFolderHeld", "DataFolderUnusable"]


class DataFolderUnusable(Unavailable):
    """The data folder cannot be created or written."""


class DataFolderHeld(Unavailable):
    """Another server has this data folder."""


class DataFolder:
    """Where an installation lives. Created with rights for its owner only."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database = path / "certloom.db"
        self.key_file = path / "certloom.key"
        self._lock_file = path / "server.lock"
        self._descriptor: int | None = None

    def is_installed(self) -> bool:
        """Whether there is a database in it."""
        return self.database.exists()

    def create(self) -> None:
        """Make the folder where it is missing. Raises DataFolderUnusable."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise DataFolderUnusable(
                f"The data folder {self.path} cannot be created ({error.strerror}). Choose another with --data-folder."
            ) from error

    @contextmanager
    def opening(self) -> Iterator[None]:
        """Keep other processes from opening the folder at the same time: a first start creates keys and schema once."""
        with os.fdopen(os.open(self.path / "opening.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def lock(self) -> None:
        """Keep other servers out until ``unlock``. Raises DataFolderHeld with the process that has it."""
        self._descriptor = os.open(self._lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(self._descriptor, 32).decode(errors="replace").strip() or "unknown"
            os.close(self._descriptor)
            self._descriptor = None
            raise DataFolderHeld(
                f"The data folder {self.path} is in use by the server with process id {holder}. "
                "Stop that one, or choose another folder with --data-folder."
            ) from error
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, f"{os.getpid()}\n".encode())

    def unlock(self) -> None:
        """Let other servers in."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
