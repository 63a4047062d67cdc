"""Keeps the stock of private keys filled."""

import asyncio

import structlog

from certloom.errors import CertloomError
from certloom.operations.key_stock import KeyStock
from certloom.operations.services import Services
from certloom.operations.templates import preferred_key_types

__all__ = ["Stocking"]

_log = structlog.get_logger(__name__)
_FIRST_AFTER = 5.0


class Stocking:
    """Fills the stock with what templates prefer once the server has been up for a while; until then, on demand."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def run(self) -> None:
        """Make keys, for ever."""
        stock: KeyStock = self._services.keys
        async with asyncio.TaskGroup() as group:
            group.create_task(stock.fill())
            # A start has better things to do with the processor, and many servers never make a key.
            await asyncio.sleep(_FIRST_AFTER)
            try:
                stock.want(await preferred_key_types(self._services))
            except CertloomError as error:
                _log.warning("the templates could not be read; keys are made on demand", error=error.message)
