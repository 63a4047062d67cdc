"""The timetable: what runs when. Instances whose time has come, and the periodic duties."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from certloom.errors import CertloomError
from certloom.operations.checkpoints import sign_checkpoint
from certloom.operations.lost_approvers import watch_approvers
from certloom.operations.retention import forget_outdated
from certloom.operations.runner import wake
from certloom.operations.services import Services
from certloom.store.instances import due

__all__ = ["Timetable"]

_log = structlog.get_logger(__name__)
_LOOK_EVERY = 1.0
_AT_ONCE = 64
_A_MINUTE = 60.0


class Timetable:
    """Looks once a second for due instances and for those that too few people are left to serve.

    Once a minute it signs the audit log and forgets what is outdated.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    async def run(self) -> None:
        """Keep time, for ever."""
        loop = asyncio.get_running_loop()
        next_minute = loop.time()
        while True:
            await self._attempt(self._wake_due)
            await self._attempt(self._watch_approvers)
            if loop.time() >= next_minute:
                await self._attempt(self._checkpoint)
                await self._attempt(self._forget)
                next_minute = loop.time() + _A_MINUTE
            await asyncio.sleep(_LOOK_EVERY)

    async def _wake_due(self) -> None:
        for instance_id, wake_at in await due(self._services.database, self._services.clock(), _AT_ONCE):
            # Each alone: one that cannot be woken must not keep those behind it asleep.
            await self._attempt(partial(wake, self._services, instance_id, wake_at))

    async def _watch_approvers(self) -> None:
        await watch_approvers(self._services)

    async def _checkpoint(self) -> None:
        await sign_checkpoint(self._services)

    async def _forget(self) -> None:
        await forget_outdated(self._services)

    @staticmethod
    async def _attempt(duty: Callable[[], Awaitable[None]]) -> None:
        try:
            await duty()
        except CertloomError as error:
            _log.warning("a duty could not be done; it is tried again", duty=_name(duty), error=error.message)
        except Exception:  # noqa: BLE001 - whatever happens to one duty, time goes on for the others
            _log.exception("a duty could not be done; it is tried again", duty=_name(duty))


def _name(duty: Callable[[], Awaitable[None]]) -> str:
    return str(getattr(duty, "__name__", "wake"))
