"""The stock of private keys: RSA keys made in advance, so that nobody who asks for one has it made in their request.

The stock lives in memory alone: a key is stored, sealed, when a request takes it, and what is left when the server
stops is gone. One thread of the lowest priority makes the keys; the making does not hold the interpreter's lock.
"""

import asyncio
import os
import threading
from collections import deque
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from certloom.errors import Unavailable
from certloom.pki.private_key import MADE_IN_ADVANCE, PrivateKey, new_key

__all__ = ["KeyNotReady", "KeyStock"]

_LONGEST_WAIT = 30.0
_MOST_WAITING = 256
_LEAST_PRIORITY = 19


class KeyNotReady(Unavailable):
    """More private keys are asked for than can be made."""


class KeyStock:
    """At most ``size`` keys of each wanted type; a type is wanted once it was asked for."""

    def __init__(self, size: int = 16) -> None:
        self._size = size
        self._kept: dict[str, deque[PrivateKey]] = {}
        self._waiting: dict[str, deque[asyncio.Future[PrivateKey]]] = {}
        self._changed = asyncio.Event()

    async def take(self, key_type: str) -> PrivateKey:
        """A key that nobody else has or will get. Raises KeyNotReady when too many are waiting for keys.

        Only RSA keys are kept; a key on a curve takes less time to make than to fetch.
        """
        if key_type not in MADE_IN_ADVANCE:
            return new_key(key_type)
        self.want([key_type])
        self._changed.set()
        kept = self._kept[key_type]
        return kept.popleft() if kept else await self._next_made(key_type)

    def want(self, key_types: Iterable[str]) -> None:
        """Keep keys of these types, where they take long to make."""
        for key_type in key_types:
            if key_type in MADE_IN_ADVANCE and key_type not in self._kept:
                self._kept[key_type], self._waiting[key_type] = deque(), deque()
                self._changed.set()

    def kept(self, key_type: str) -> int:
        """How many keys of a type lie ready."""
        return len(self._kept.get(key_type, ()))

    async def fill(self) -> None:
        """Make keys, for ever: first those that somebody waits for, then of the type that there are fewest of."""
        maker = ThreadPoolExecutor(1, "key-stock", _step_back)
        try:
            while True:
                self._changed.clear()
                key_type = self._wanted_next()
                if key_type is None:
                    await self._changed.wait()
                else:
                    key = await asyncio.get_running_loop().run_in_executor(maker, new_key, key_type)
                    self._add(key_type, key)
        finally:
            maker.shutdown(wait=False, cancel_futures=True)

    async def _next_made(self, key_type: str) -> PrivateKey:
        waiting = self._waiting[key_type]
        if len(waiting) >= _MOST_WAITING:
            raise KeyNotReady(f"{len(waiting)} requests wait for a key of type {key_type} already. Try again later.")
        future: asyncio.Future[PrivateKey] = asyncio.get_running_loop().create_future()
        waiting.append(future)
        try:
            async with asyncio.timeout(_LONGEST_WAIT):
                return await future
        except TimeoutError as error:
            raise KeyNotReady(
                f"No key of type {key_type} was made within {_LONGEST_WAIT:.0f} seconds. Try again, ask for an ECC "
                "key, or raise key_stock."
            ) from error
        finally:
            with suppress(ValueError):
                waiting.remove(future)

    def _wanted_next(self) -> str | None:
        awaited = max(self._waiting, key=lambda one: len(self._waiting[one]), default=None)
        if awaited is not None and self._waiting[awaited]:
            return awaited
        fewest = min(self._kept, key=self.kept, default=None)
        return fewest if fewest is not None and self.kept(fewest) < self._size else None

    def _add(self, key_type: str, key: PrivateKey) -> None:
        waiting = self._waiting[key_type]
        while waiting:
            future = waiting.popleft()
            if not future.done():
                future.set_result(key)
                return
        self._kept[key_type].append(key)


def _step_back() -> None:
    """Give this thread the least priority: whatever else the server does comes first."""
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LEAST_PRIORITY)
