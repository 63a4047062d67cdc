"""Stopping: what a signal means to a server."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["stop_signals"]

_NUMBERS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def stop_signals() -> Iterator[asyncio.Event]:
    """The event that the first SIGTERM or Ctrl-C sets. A second one ends the process at once, unfinished."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()

    def hear() -> None:
        told.set()
        for number in _NUMBERS:
            loop.remove_signal_handler(number)
            # Python's own answer to Ctrl-C would wait for every task to be cancelled.
            signal.signal(number, signal.SIG_DFL)

    for number in _NUMBERS:
        loop.add_signal_handler(number, hear)
    try:
        yield told
    finally:
        for number in _NUMBERS:
            loop.remove_signal_handler(number)
