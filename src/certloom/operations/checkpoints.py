"""Audit checkpoints: signatures over the chain, and the check of all of it, which needs no server.

Checkpoints are a chain too: each one is numbered and signs the hash of the one before. What that cannot show is a log
cut off together with its last checkpoints; a checkpoint that was saved elsewhere shows that.
"""

import base64
import hashlib
from collections.abc import Sequence

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from certloom.errors import Invalid, NotFound
from certloom.identity.actor import Actor
from certloom.operations.access import Operation, require
from certloom.operations.services import Services
from certloom.store.audit import (
    AuditRow,
    CheckpointRow,
    chain_fault,
    first_hash,
    read_chain,
    read_checkpoints,
    read_head,
    read_last_checkpoint,
)
from certloom.store.change import ABSENT, Change, Expect, GuardLost
from certloom.store.database import Database
from certloom.store.moments import text_of
from certloom.store.rows import Put

__all__ = [
    "AuditReport",
    "SavedCheckpoint",
    "checkpoint_fault",
    "last_checkpoint",
    "read_saved",
    "sign_checkpoint",
    "verify_audit",
]

_PAGE = 1000


class CheckpointUnreadable(Invalid):
    """A text that is no saved checkpoint."""


class NoCheckpoint(NotFound):
    """Nothing was signed yet."""


class AuditReport(msgspec.Struct, frozen=True):
    """What the check of the audit log found. ``fault`` is None for a log that is whole."""

    entries: int
    checkpoints: int
    fault: str | None


class SavedCheckpoint(msgspec.Struct, frozen=True):
    """A checkpoint as it is kept outside the installation: ``signature`` is base64, ``hash`` the entry's."""

    number: int
    seq: int
    at: str
    hash: str
    previous: str
    signature: str


async def sign_checkpoint(services: Services) -> None:
    """Sign the chain as far as it is. Nothing when there is nothing new since the last one."""
    head = await read_head(services.database)
    last = await read_last_checkpoint(services.database)
    if head is None or (last is not None and last.seq >= head[0]):
        return
    seq, chain_hash = head
    row = CheckpointRow(
        seq=seq,
        at=text_of(services.clock()),
        hash=chain_hash,
        signature=b"",
        number=(last.number if last else 0) + 1,
        previous=_link(last),
    )
    signed = msgspec.structs.replace(row, signature=services.seal.audit_key().sign(_signed(row)))
    try:
        await services.database.commit(
            Change(guards=(Expect(CheckpointRow, (seq,), "seq", ABSENT),), writes=(Put(signed),))
        )
    except GuardLost:
        # Another process signed the same entry at the same moment.
        return


async def last_checkpoint(services: Services, actor: Actor) -> SavedCheckpoint:
    """Sign the log as it is now and hand out the checkpoint, to be kept elsewhere. Raises NoCheckpoint."""
    require(actor, Operation.READ_AUDIT)
    await sign_checkpoint(services)
    row = await read_last_checkpoint(services.database)
    if row is None:
        raise NoCheckpoint("The audit log has no entry yet, so there is nothing to sign.")
    signature = base64.b64encode(row.signature).decode()
    return SavedCheckpoint(row.number, row.seq, row.at, row.hash, row.previous, signature)


def read_saved(text: bytes) -> SavedCheckpoint:
    """A saved checkpoint as the command line printed it. Raises CheckpointUnreadable."""
    try:
        saved = msgspec.json.decode(text, type=SavedCheckpoint)
        base64.b64decode(saved.signature, validate=True)
    except ValueError as error:  # which the decoding errors of both are, too
        raise CheckpointUnreadable(
            "This is no saved checkpoint. Give a file that certloom audit checkpoint --json wrote."
        ) from error
    return saved


async def verify_audit(
    database: Database, public_key: Ed25519PublicKey, saved: SavedCheckpoint | None = None
) -> AuditReport:
    """Follow the whole chain and check every checkpoint, and the saved one. The first fault is named with its place."""
    checkpoints = await read_checkpoints(database)
    by_seq = {checkpoint.seq: [checkpoint] for checkpoint in checkpoints}
    if saved is not None:
        by_seq.setdefault(saved.seq, []).append(_row(saved))
    seq, previous = 0, first_hash()
    while rows := await read_chain(database, seq, _PAGE):
        for row in rows:
            fault = chain_fault(previous, seq + 1, row) or _entry_fault(by_seq.get(row.seq, ()), row, public_key)
            if fault:
                return AuditReport(seq, len(checkpoints), fault)
            seq, previous = row.seq, row.hash
    return AuditReport(seq, len(checkpoints), _tail_fault(seq, checkpoints, saved) or _links_fault(checkpoints))


def _tail_fault(end: int, checkpoints: Sequence[CheckpointRow], saved: SavedCheckpoint | None) -> str | None:
    beyond = [checkpoint.seq for checkpoint in checkpoints if checkpoint.seq > end]
    if beyond:
        return f"the log ends at entry {end}, but a signed checkpoint covers entry {beyond[0]}: its tail was cut off"
    if saved is not None and saved.seq > end:
        return f"the log ends at entry {end}, but the saved checkpoint covers entry {saved.seq}: its tail was cut off"
    if saved is not None and saved.seq not in {checkpoint.seq for checkpoint in checkpoints}:
        return f"the saved checkpoint at entry {saved.seq} is not among the log's own: checkpoints were removed"
    return None


def _links_fault(checkpoints: Sequence[CheckpointRow]) -> str | None:
    """Checkpoints follow each other without a gap. The first ones may be older than the numbering, and have none."""
    last: CheckpointRow | None = None
    for checkpoint in checkpoints:
        if last is None and checkpoint.number > 1:
            return (
                f"the checkpoint at entry {checkpoint.seq} is number {checkpoint.number}: those before it are missing"
            )
        linked = checkpoint.number == (last.number if last else 0) + 1 and checkpoint.previous == _link(last)
        unnumbered = checkpoint.number == 0 and (last is None or last.number == 0)
        if not linked and not unnumbered:
            before = last.seq if last else 0
            return f"a checkpoint between entry {before} and entry {checkpoint.seq} is missing or was replaced"
        last = checkpoint
    return None


def _entry_fault(checkpoints: Sequence[CheckpointRow], row: AuditRow, public_key: Ed25519PublicKey) -> str | None:
    faults = (checkpoint_fault(checkpoint, row.hash, public_key) for checkpoint in checkpoints)
    return next((fault for fault in faults if fault), None)


def checkpoint_fault(checkpoint: CheckpointRow, chain_hash: str, public_key: Ed25519PublicKey) -> str | None:
    """What is wrong with a checkpoint that stands at the entry with ``chain_hash``; None when nothing is."""
    try:
        public_key.verify(checkpoint.signature, _signed(checkpoint))
    except InvalidSignature:
        return f"the checkpoint at entry {checkpoint.seq} was not signed by this installation"
    if checkpoint.hash != chain_hash:
        return f"entry {checkpoint.seq} or one before it was rewritten: a signed checkpoint says otherwise"
    return None


def _link(last: CheckpointRow | None) -> str:
    """What a checkpoint says about the one before it."""
    return hashlib.sha256(last.signature).hexdigest() if last else first_hash()


def _row(saved: SavedCheckpoint) -> CheckpointRow:
    return CheckpointRow(
        seq=saved.seq,
        at=saved.at,
        hash=saved.hash,
        signature=base64.b64decode(saved.signature),
        number=saved.number,
        previous=saved.previous,
    )


def _signed(row: CheckpointRow) -> bytes:
    text = f"certloom audit checkpoint:{row.seq}:{row.at}:{row.hash}"
    return (f"{text}:{row.number}:{row.previous}" if row.number else text).encode()
