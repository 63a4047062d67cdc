"""Dispatch inside one process: a ready set on the event loop, refilled from the rows at start."""

import asyncio
from collections.abc import Iterable

__all__ = ["InProcessDispatcher"]


class InProcessDispatcher:
    """Holds which instances can go on, and who waits for one to settle. A job is an instance's id and nothing else."""

    def __init__(self) -> None:
        self._ready: dict[str, None] = {}
        self._filled = asyncio.Event()
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}

    def wake(self, instance_ids: Iterable[str]) -> None:
        """These instances can go on. An id that is ready already stays ready once."""
        for instance_id in instance_ids:
            self._ready[instance_id] = None
        if self._ready:
            self._filled.set()

    async def next(self) -> str:
        """The instance that became ready first, taken out of the set."""
        while not self._ready:
            self._filled.clear()
            await self._filled.wait()
        instance_id = next(iter(self._ready))
        del self._ready[instance_id]
        return instance_id

    def committed(self, wake: Iterable[str], settled: Iterable[str]) -> None:
        """Called by the store once a Change is durable: ready what can go on, answer those who wait for the rest."""
        self.wake(wake)
        for instance_id in settled:
            for future in self._waiting.pop(instance_id, ()):
                if not future.done():
                    future.set_result(None)

    def settling(self, instance_id: str) -> asyncio.Future[None]:
        """A future that is done once the instance suspends, sleeps or ends.

        Ask before reading the row, so that nothing can settle unseen in between.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(instance_id, []).append(future)
        return future

    def forget(self, instance_id: str, future: asyncio.Future[None]) -> None:
        """Stop waiting."""
        futures = self._waiting.get(instance_id, [])
        if future in futures:
            futures.remove(future)
        if not futures:
            self._waiting.pop(instance_id, None)
