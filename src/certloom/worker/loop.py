"""The loop: takes what is ready and runs each instance to its next rest, many at a time, each one once at a time."""

import asyncio
from functools import partial
from typing import Protocol

import structlog

from certloom.errors import CertloomError
from certloom.logs import bind_instance
from certloom.operations.runner import advance
from certloom.operations.services import Services
from certloom.store.change import GuardLost

__all__ = ["Ready", "Worker"]

_log = structlog.get_logger(__name__)
_AT_ONCE = 256
_AGAIN_AFTER = 1.0


class Ready(Protocol):
    """Where ready instances come from."""

    async def next(self) -> str:
        """The instance that became ready first."""

    def wake(self, instance_ids: tuple[str, ...]) -> None:
        """These instances can go on."""


class Worker:
    """Runs instances until it is told to stop; then finishes what it has begun."""

    def __init__(self, services: Services, ready: Ready) -> None:
        self._services = services
        self._ready = ready
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()

    async def run(self) -> None:
        """Take and run, for ever."""
        while True:
            await self._places.acquire()
            instance_id = await self._ready.next()
            if instance_id in self._running:
                self._again.add(instance_id)
                self._places.release()
                continue
            task = asyncio.create_task(self._advance(instance_id), name=f"advance {instance_id}")
            self._running[instance_id] = task
            task.add_done_callback(partial(self._done, instance_id))

    async def drain(self, seconds: float) -> None:
        """Wait for what is running, at most ``seconds``. What is left is stopped and taken up at the next start."""
        if not self._running:
            return
        _, late = await asyncio.wait(list(self._running.values()), timeout=seconds)
        # Left alone, they would meet services that are gone, and fail their instances for it.
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _done(self, instance_id: str, _task: asyncio.Task[None]) -> None:
        self._places.release()
        del self._running[instance_id]
        if instance_id in self._again:
            self._again.discard(instance_id)
            self._ready.wake((instance_id,))

    async def _advance(self, instance_id: str) -> None:
        bind_instance(instance_id)
        try:
            await advance(self._services, instance_id)
        except GuardLost:
            # Somebody else moved it; whoever did wakes it where that is needed.
            _log.info("instance was moved by somebody else")
        except CertloomError as error:
            _log.warning("instance could not go on; it is tried again", error=error.message)
            self._later(instance_id)
        except Exception:  # noqa: BLE001 - one instance's trouble must not stop the others
            _log.exception("instance could not go on; it is tried again")
            self._later(instance_id)

    def _later(self, instance_id: str) -> None:
        asyncio.get_running_loop().call_later(_AGAIN_AFTER, self._ready.wake, (instance_id,))
