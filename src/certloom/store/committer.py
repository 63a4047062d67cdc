"""The committer: many Changes, one transaction.

It takes whatever queued up while the previous commit ran, so one Change alone waits for nothing and many at once share
one fsync. Statements run on the event loop, where nothing competes for the interpreter; only the COMMIT, which waits
for the disk, runs in a thread.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from certloom.store.change import Change, StoreUnavailable, Wakeups

__all__ = ["Committer", "Writer"]

_LARGEST_BATCH = 512


class Writer(Protocol):
    """One writing connection of a database."""

    async def begin(self) -> None:
        """Open the transaction. Raises StoreUnavailable."""

    def write(self, changes: Sequence[Change]) -> list[Exception | None]:
        """Write each Change; one that is refused leaves nothing behind. Returns an error or None for each."""

    def commit(self) -> None:
        """Make it durable. Blocks. Raises StoreUnavailable."""

    def rollback(self) -> None:
        """Forget everything since ``begin``."""


class Committer:
    """Puts Changes in order and groups them. Lives on one event loop."""

    def __init__(self, writer: Writer, wakeups: Wakeups) -> None:
        self._writer = writer
        self._wakeups = wakeups
        self._queue: deque[tuple[Change, asyncio.Future[None]]] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="commit")
        self._running: asyncio.Task[None] | None = None

    async def commit(self, change: Change) -> None:
        """Return once ``change`` is durable.

        Raises GuardLost, RowCollides or StoreUnavailable; then nothing of it is there.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append((change, future))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._drain(), name="committer")
        await future

    async def close(self) -> None:
        """Finish what is queued and stop the thread."""
        if self._running is not None:
            await asyncio.wait([self._running])
        self._thread.shutdown()

    async def _drain(self) -> None:
        while self._queue:
            size = min(len(self._queue), _LARGEST_BATCH)
            batch = [self._queue.popleft() for _ in range(size)]
            try:
                results = await self._commit_batch([change for change, _ in batch])
            except Exception as error:  # noqa: BLE001 - every waiter must learn of it, whatever it is
                results = [_unavailable(error)] * size
            self._answer(batch, results)

    async def _commit_batch(self, changes: list[Change]) -> list[Exception | None]:
        await self._writer.begin()
        try:
            results = self._writer.write(changes)
            await asyncio.get_running_loop().run_in_executor(self._thread, self._writer.commit)
        except BaseException:
            self._writer.rollback()
            raise
        return results

    def _answer(self, batch: list[tuple[Change, asyncio.Future[None]]], results: list[Exception | None]) -> None:
        for (change, future), error in zip(batch, results, strict=True):
            if error is None:
                settled = [instance.id for instance in change.instances if instance.settled]
                self._wakeups.committed(change.wake, settled)
            if future.cancelled():
                continue
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(error)


def _unavailable(error: Exception) -> StoreUnavailable:
    if isinstance(error, StoreUnavailable):
        return error
    return StoreUnavailable(f"The database could not be written ({error}). Nothing was changed; see certloom doctor.")
