"""A Change: everything one operation wants to be true afterwards, or nothing of it.

No operation holds a transaction. It reads, decides and submits one Change; the committer writes guards, events with the
cached row, facts, other rows and audit entries in one database transaction and then wakes instances.
"""

from collections.abc import Iterable
from typing import Any, Protocol

import msgspec

from certloom.errors import Conflict, Unavailable
from certloom.store.rows import Row, Value, Write

__all__ = [
    "ABSENT",
    "AuditEntry",
    "Change",
    "Expect",
    "GuardLost",
    "InstanceRemoval",
    "InstanceWrite",
    "RowCollides",
    "StoreUnavailable",
    "Wakeups",
]


class GuardLost(Conflict):
    """Somebody else changed what this Change was decided upon. Read again and decide again."""


class RowCollides(Conflict):
    """A row of this Change exists already."""


class StoreUnavailable(Unavailable):
    """The database cannot be written."""


class _Absent(msgspec.Struct, frozen=True):
    """Stands for a row that must not exist."""


ABSENT = _Absent()


class Expect(msgspec.Struct, frozen=True):
    """A guard: the row with this key has this value in this column, or is absent."""

    kind: type[Row]
    key: tuple[Value, ...]
    column: str
    value: Value | _Absent


class InstanceWrite(msgspec.Struct, frozen=True, kw_only=True):
    """An instance's new row with the events that led to it.

    ``before`` is the expected ``rev`` (0: the instance is new). ``awaited`` replaces the list of awaited signals;
    None leaves it as it is. ``counted`` says by how much the number of instances of a (type, status) changes.
    ``rejected`` destroys the private key that is held for the instance; ``heir`` is the instance that inherits it.
    """

    row: Row
    id: str
    before: int
    events: tuple[tuple[int, str, str, bytes], ...]
    awaited: tuple[Row, ...] | None = None
    settled: bool = False
    rejected: bool = False
    heir: str | None = None
    counted: tuple[tuple[tuple[str, str], int], ...] = ()


class InstanceRemoval(msgspec.Struct, frozen=True, kw_only=True):
    """An instance that is removed with its journal, where its ``rev`` is still ``before``."""

    id: str
    before: int
    counted: tuple[tuple[tuple[str, str], int], ...]


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Who did or was refused what. Levels: 0 information, 1 warning (a refusal), 2 failure."""

    at: str
    actor: str
    operation: str
    entity_type: str
    entity: str
    message: str
    level: int = 0
    details: dict[str, Any] = {}


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What one operation submits. ``wake`` names the instances that can go on once it is committed."""

    guards: tuple[Expect, ...] = ()
    instances: tuple[InstanceWrite, ...] = ()
    removed: tuple[InstanceRemoval, ...] = ()
    writes: tuple[Write, ...] = ()
    audit: tuple[AuditEntry, ...] = ()
    wake: tuple[str, ...] = ()


class Wakeups(Protocol):
    """Through which a commit tells that instances moved. Implemented by ``dispatch``."""

    def committed(self, wake: Iterable[str], settled: Iterable[str]) -> None:
        """Called on the event loop once a Change is durable: instances that can go on, and instances now at rest."""
