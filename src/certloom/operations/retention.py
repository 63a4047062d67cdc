"""Retention: what has served its time is forgotten, so that no table only grows."""

from datetime import timedelta

from certloom.operations.services import Services
from certloom.store.accounts import TokenRow
from certloom.store.change import Change
from certloom.store.held_keys import HeldKeyRow, outdated_keys
from certloom.store.moments import text_of
from certloom.store.outbox import OutboxRow
from certloom.store.repeats import RepeatRow
from certloom.store.rows import Delete, Forget, Write
from certloom.store.secrets import SecretRow, orphaned_secrets

__all__ = ["forget_outdated"]

_MAILS_KEPT = timedelta(days=30)


async def forget_outdated(services: Services) -> None:
    """Forget old repeats, expired tokens, mails long sent or given up, and secrets and keys nobody needs any more."""
    now = services.clock()
    oldest_repeat = now - timedelta(minutes=services.settings.repeat_minutes)
    orphans = await orphaned_secrets(services.database)
    uncollected = await outdated_keys(services.database, now - timedelta(days=services.settings.pfx_collect_days))
    writes: tuple[Write, ...] = (
        Forget(RepeatRow, "at", text_of(oldest_repeat)),
        Forget(TokenRow, "expires_at", text_of(now)),
        Forget(OutboxRow, "ended_at", text_of(now - _MAILS_KEPT)),
        *(Delete(SecretRow, (secret_id,)) for secret_id in orphans),
        *(Delete(HeldKeyRow, (spki,)) for spki in uncollected),
    )
    await services.database.commit(Change(writes=writes))
