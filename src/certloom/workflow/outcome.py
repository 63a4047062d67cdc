"""What a step may answer. The union is closed and matched exhaustively."""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from certloom.workflow.fact import Fact

__all__ = ["Continue", "Fail", "Outcome", "Reject", "Retry", "Suspend"]


class Continue(msgspec.Struct, frozen=True):
    """The step is done: ``values`` go into the data, ``facts`` into the record, ``output`` names the way onwards.

    ``messages`` are what the step remarks for the journal.
    """

    values: dict[str, Any] = {}
    facts: tuple[Fact, ...] = ()
    output: str = "continue"
    messages: tuple[str, ...] = ()


class Suspend(msgspec.Struct, frozen=True):
    """The step waits for one of these signals, and is looked at again at ``wake_at``."""

    signals: tuple[str, ...]
    message: str
    wake_at: datetime | None = None
    facts: tuple[Fact, ...] = ()


class Retry(msgspec.Struct, frozen=True):
    """The step could not be done now and shall be tried again."""

    after: timedelta
    why: str


class Reject(msgspec.Struct, frozen=True):
    """The step ends the instance as rejected. ``actor`` decided it."""

    actor: str
    reason: str
    facts: tuple[Fact, ...] = ()


class Fail(msgspec.Struct, frozen=True):
    """The step cannot be done."""

    message: str


Outcome = Continue | Suspend | Retry | Reject | Fail
