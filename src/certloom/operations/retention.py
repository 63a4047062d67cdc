"""Retention: what has served its time is forgotten, so that no table only grows."""

from datetime import timedelta

from certloom.operations.services import Services
from certloom.store.accounts import TokenRow
from certloom.store.change import Change
from certloom.store.moments import text_of
from certloom.store.repeats import RepeatRow
from certloom.store.rows import Forget

__all__ = ["forget_outdated"]


async def forget_outdated(services: Services) -> None:
    """Forget which requests were made too long ago to be repeats, and tokens that have expired."""
    now = services.clock()
    oldest_repeat = now - timedelta(minutes=services.settings.repeat_minutes)
    writes = (Forget(RepeatRow, "at", text_of(oldest_repeat)), Forget(TokenRow, "expires_at", text_of(now)))
    await services.database.commit(Change(writes=writes))
