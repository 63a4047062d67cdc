"""The outbox: mails that were asked for, until they are sent or given up."""

from datetime import datetime
from typing import ClassVar

import msgspec

from certloom.store.database import Database
from certloom.store.moments import text_of
from certloom.store.rows import Row

__all__ = ["OutboxRow", "due_mails", "recipients_of"]


class OutboxRow(Row, frozen=True, kw_only=True):
    """A mail an instance asked for. ``id`` names it for ever, and with it the mail's Message-ID.

    ``recipients`` is a JSON list. ``due_at`` is when it is tried next, None once it is at an end; ``ended_at`` when it
    was sent or given up, ``failure`` why the last attempt failed, empty once it is sent.
    """

    table: ClassVar[str] = "outbox"
    key: ClassVar[tuple[str, ...]] = ("id",)

    id: str
    instance_id: str
    purpose: str
    recipients: str
    subject: str
    message: str
    requested_at: str
    attempts: int
    due_at: str | None
    ended_at: str | None
    failure: str


_COLUMNS = ", ".join(OutboxRow.__struct_fields__)


async def due_mails(database: Database, now: datetime, limit: int) -> list[OutboxRow]:
    """The next mails to be tried up to ``now``, earliest first."""
    rows = await database.fetch_all(
        f"SELECT {_COLUMNS} FROM outbox WHERE due_at IS NOT NULL AND due_at <= ? ORDER BY due_at LIMIT ?",
        text_of(now),
        limit,
    )
    return [OutboxRow(**dict(zip(OutboxRow.__struct_fields__, row, strict=True))) for row in rows]


def recipients_of(row: OutboxRow) -> tuple[str, ...]:
    """The addresses a mail is for."""
    return msgspec.json.decode(row.recipients, type=tuple[str, ...])
