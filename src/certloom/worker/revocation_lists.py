"""Publishes CRLs: by the timetable, and soon after a revocation, one list for all that came in meanwhile."""

import asyncio

import structlog

from certloom.errors import CertloomError
from certloom.operations.revocation_lists import CrlState, due_crls, publish_due_crl
from certloom.operations.services import Services
from certloom.store.change import GuardLost

__all__ = ["RevocationLists"]

_log = structlog.get_logger(__name__)
_LOOK_EVERY = 0.5
_AGAIN_AFTER = 10.0


class RevocationLists:
    """Looks for CRLs that are due twice a second. The old one stays until a new one is recorded."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def run(self) -> None:
        """Publish, for ever."""
        while True:
            done = await self.publish_due()
            await asyncio.sleep(_LOOK_EVERY if done else _AGAIN_AFTER)

    async def publish_due(self) -> bool:
        """Publish what is due now; false when something of it could not be."""
        try:
            results = [await self._publish(state) for state in await due_crls(self._services)]
        except Exception:  # noqa: BLE001 - whatever happens to one round, the next is tried
            _log.exception("CRLs could not be looked at; they are tried again")
            return False
        return all(results)

    async def _publish(self, state: CrlState) -> bool:
        try:
            await publish_due_crl(self._services, state.signer)
        except GuardLost:
            _log.info("somebody else published the CRL", authority=state.signer.name)
        except CertloomError as error:
            self._warn(state, error.message)
            return False
        except Exception as error:  # noqa: BLE001 - one authority's trouble must not stop the others
            _log.exception("a CRL could not be published", authority=state.signer.name)
            self._warn(state, str(error))
            return False
        return True

    @staticmethod
    def _warn(state: CrlState, why: str) -> None:
        ends = state.row.next_update if state.row else "never published"
        if state.late:
            _log.error("the CRL ends soon and cannot be renewed", authority=state.signer.name, ends=ends, error=why)
        else:
            _log.warning("a CRL could not be published; it is tried again", authority=state.signer.name, error=why)
