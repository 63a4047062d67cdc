"""The audit log: one hash chain, bound by signed checkpoints.

An entry's hash covers the previous hash, so that removing, reordering or editing entries breaks the chain at a place
that can be named; a checkpoint's signature covers a hash, so that a rewritten tail is found too.
"""

import hashlib
import sqlite3
from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec

from certloom.store.change import AuditEntry
from certloom.store.database import Database
from certloom.store.rows import Row

__all__ = [
    "AuditChain",
    "AuditRow",
    "CheckpointRow",
    "chain_fault",
    "first_hash",
    "read_chain",
    "read_checkpoints",
    "read_head",
    "read_last_checkpoint",
    "read_next_checkpoint",
]


class AuditRow(Row, frozen=True, kw_only=True):
    """One entry with its place in the chain. ``body`` is the entry as canonical JSON: what the hash covers."""

    table: ClassVar[str] = "audit"
    key: ClassVar[tuple[str, ...]] = ("seq",)

    seq: int
    at: str
    actor: str
    operation: str
    entity_type: str
    entity: str
    level: int
    body: bytes
    hash: str


class CheckpointRow(Row, frozen=True, kw_only=True):
    """A signature over the chain up to ``seq``. ``previous`` is the hash of the signature before it."""

    table: ClassVar[str] = "audit_checkpoint"
    key: ClassVar[tuple[str, ...]] = ("seq",)

    seq: int
    at: str
    hash: str
    signature: bytes
    number: int
    previous: str


_JSON = msgspec.json.Encoder(order="deterministic")
_CHECKPOINT = "SELECT seq, at, hash, CAST(signature AS BLOB), number, previous FROM audit_checkpoint"
_HEAD = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1"
_INSERT = (
    "INSERT INTO audit (seq, at, actor, operation, entity_type, entity, level, body, hash) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def first_hash() -> str:
    """What the first entry's hash covers in place of a previous hash."""
    return "0" * 64


def entry_hash(previous: str, seq: int, body: bytes) -> str:
    """The hash of an entry: SHA-256 over the previous hash, the position and the entry's canonical JSON."""
    return hashlib.sha256(f"{previous}:{seq}:".encode() + body).hexdigest()


class AuditChain:
    """Appends entries inside the transaction of the Change they describe."""

    def __init__(self) -> None:
        self._head: tuple[int, str] | None = None

    def forget(self) -> None:
        """Read the end of the chain again: another process may have written, or a write was taken back."""
        self._head = None

    def append(self, connection: sqlite3.Connection, entries: Sequence[AuditEntry]) -> None:
        """Write entries behind the last one."""
        seq, previous = self._head or connection.execute(_HEAD).fetchone() or (0, first_hash())
        for entry in entries:
            seq += 1
            body = _JSON.encode(entry)
            previous = entry_hash(previous, seq, body)
            identity = (entry.actor, entry.operation, entry.entity_type, entry.entity, entry.level)
            connection.execute(_INSERT, (seq, entry.at, *identity, body, previous))
        self._head = (seq, previous)


async def read_chain(database: Database, after: int, limit: int) -> list[AuditRow]:
    """Up to ``limit`` entries behind position ``after``."""
    rows = await database.fetch_all(
        # Text in place of bytes is a change to be told, not to stumble over.
        "SELECT seq, at, actor, operation, entity_type, entity, level, CAST(body AS BLOB), hash FROM audit "
        "WHERE seq > ? ORDER BY seq LIMIT ?",
        after,
        limit,
    )
    return [AuditRow(**dict(zip(AuditRow.__struct_fields__, row, strict=True))) for row in rows]


async def read_head(database: Database) -> tuple[int, str] | None:
    """Position and hash of the last entry, or None for an empty log."""
    row = await database.fetch_one(_HEAD)
    return (row[0], row[1]) if row else None


async def read_checkpoints(database: Database) -> list[CheckpointRow]:
    """Every checkpoint, in order."""
    return [_checkpoint(row) for row in await database.fetch_all(f"{_CHECKPOINT} ORDER BY seq")]


async def read_last_checkpoint(database: Database) -> CheckpointRow | None:
    """The newest checkpoint, or None."""
    row = await database.fetch_one(f"{_CHECKPOINT} ORDER BY seq DESC LIMIT 1")
    return _checkpoint(row) if row else None


async def read_next_checkpoint(database: Database, seq: int) -> CheckpointRow | None:
    """The first checkpoint that covers the entry at ``seq``, or None."""
    row = await database.fetch_one(f"{_CHECKPOINT} WHERE seq >= ? ORDER BY seq LIMIT 1", seq)
    return _checkpoint(row) if row else None


def _checkpoint(row: tuple[Any, ...]) -> CheckpointRow:
    return CheckpointRow(**dict(zip(CheckpointRow.__struct_fields__, row, strict=True)))


def chain_fault(previous: str, expected: int, row: AuditRow) -> str | None:
    """What is wrong with ``row`` as the successor of ``previous`` at position ``expected``; None when nothing is."""
    if row.seq != expected:
        return f"entry {expected} is missing: entry {row.seq} follows entry {expected - 1}"
    if entry_hash(previous, row.seq, row.body) != row.hash:
        return f"entry {row.seq} is not what was written, or one before it was changed"
    try:
        entry = msgspec.json.decode(row.body, type=AuditEntry)
    except msgspec.DecodeError:
        return f"entry {row.seq} is not an entry at all"
    columns = (row.at, row.actor, row.operation, row.entity_type, row.entity, row.level)
    if columns != (
        entry.at,
        entry.actor,
        entry.operation,
        entry.entity_type,
        entry.entity,
        entry.level,
    ):
        return f"entry {row.seq}: its columns were changed and differ from its body"
    return None
