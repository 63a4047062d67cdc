"""Keeps an OCSP responder for each authority: a new one well before the old one ends."""

import asyncio

import structlog

from certloom.errors import CertloomError
from certloom.identity.actor import system_actor
from certloom.operations.responders import renew_responders
from certloom.operations.services import Services

__all__ = ["Responders"]

_log = structlog.get_logger(__name__)
_LOOK_EVERY = 60.0


class Responders:
    """Looks once a minute whether a responder has to be replaced."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def run(self) -> None:
        """Renew, for ever."""
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            await self.renew()

    async def renew(self) -> None:
        """Renew what has to be renewed now; what cannot be is tried again."""
        try:
            await renew_responders(self._services, system_actor("timetable"))
        except CertloomError as error:
            _log.warning("an OCSP responder could not be renewed; it is tried again", error=error.message)
        except Exception:  # noqa: BLE001 - whatever happens to one round, the next is tried
            _log.exception("an OCSP responder could not be renewed; it is tried again")
