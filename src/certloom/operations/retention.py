"""Retention: what has served its time is forgotten, so that no table only grows."""

from datetime import timedelta

from certloom.operations.services import Services
from certloom.store.accounts import TokenRow
from certloom.store.change import Change
from certloom.store.moments import text_of
from certloom.store.outbox import OutboxRow
from certloom.store.repeats import RepeatRow
from certloom.store.rows import Forget

__all__ = ["forget_outdated"]

_MAILS_KEPT = timedelta(days=30)


async def forget_outdated(services: Services) -> None:
    """Forget requests too long ago to be repeats, tokens that have expired, and mails sent or given up long ago."""
    now = services.clock()
    oldest_repeat = now - timedelta(minutes=services.settings.repeat_minutes)
    writes = (
        Forget(RepeatRow, "at", text_of(oldest_repeat)),
        Forget(TokenRow, "expires_at", text_of(now)),
        Forget(OutboxRow, "ended_at", text_of(now - _MAILS_KEPT)),
    )
    await services.database.commit(Change(writes=writes))
