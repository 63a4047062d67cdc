"""Sends the mails of the outbox, apart from the timetable: a slow mail server must not keep instances asleep."""

import asyncio

import structlog

from certloom.errors import CertloomError
from certloom.operations.outbox import send_due_mails
from certloom.operations.services import Services

__all__ = ["Outbox"]

_log = structlog.get_logger(__name__)
_LOOK_EVERY = 1.0


class Outbox:
    """Looks for mails to be sent once a second."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def run(self) -> None:
        """Send, for ever."""
        while True:
            try:
                await send_due_mails(self._services)
            except CertloomError as error:
                _log.warning("mails could not be looked at; they are tried again", error=error.message)
            except Exception:  # noqa: BLE001 - whatever happens to one round, the next is tried
                _log.exception("mails could not be looked at; they are tried again")
            await asyncio.sleep(_LOOK_EVERY)
