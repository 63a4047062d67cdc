"""The interpreter of scripts in Python: Monty, which comes with the extra ``scripts``.

It has no files, network, environment or imports from outside, and runs in processes of its own: no fault of it can
reach the server. Only the program that was installed with it is started, never one that the search path offers.
"""

from __future__ import annotations

import importlib
from importlib.metadata import PackageNotFoundError, files
from typing import TYPE_CHECKING, Final

from certloom.errors import Unavailable

if TYPE_CHECKING:  # the extra may be absent
    from pydantic_monty import Monty

__all__ = ["INSTALL", "PythonMissing", "is_installed", "started"]

INSTALL: Final = "pip install 'certloom[scripts]'"
_WAIT_SECONDS: Final = 30.0
_GRACE_SECONDS: Final = 5.0


class PythonMissing(Unavailable):
    """The extra that runs Python is not installed."""

    def __init__(self) -> None:
        super().__init__(f"Python scripts need the extra 'scripts', which is not installed. Install it: {INSTALL}.")


def is_installed() -> bool:
    """Whether scripts in Python can run here."""
    try:
        importlib.import_module("pydantic_monty")
        _program()
    except (ImportError, PythonMissing):
        return False
    return True


def started(processes: int, seconds: float) -> Monty:
    """A pool of at most so many processes, each for one script that may compute so long. Raises PythonMissing."""
    try:
        monty = importlib.import_module("pydantic_monty")
    except ImportError as error:
        raise PythonMissing from error
    pool: Monty = monty.Monty(
        binary_path=_program(),
        min_processes=0,
        max_processes=processes,
        max_checkouts_per_worker=1,
        checkout_timeout=_WAIT_SECONDS,
        request_timeout=seconds + _GRACE_SECONDS,
    )
    return pool.__enter__()


def _program() -> str:
    try:
        found = [file for file in files("pydantic-monty-runtime") or () if file.stem == "monty"]
    except PackageNotFoundError as error:
        raise PythonMissing from error
    if not found:
        raise PythonMissing
    return str(found[0].locate())
