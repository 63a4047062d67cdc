"""Audit checkpoints: signatures over the chain, and the check of all of it, which needs no server."""

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from certloom.operations.services import Services
from certloom.store.audit import CheckpointRow, chain_fault, first_hash, read_chain, read_checkpoints, read_head
from certloom.store.change import Change
from certloom.store.database import Database
from certloom.store.moments import text_of
from certloom.store.rows import Put

__all__ = ["AuditReport", "sign_checkpoint", "verify_audit"]

_PAGE = 1000


class AuditReport(msgspec.Struct, frozen=True):
    """What the check of the audit log found. ``fault`` is None for a log that is whole."""

    entries: int
    checkpoints: int
    fault: str | None


async def sign_checkpoint(services: Services) -> None:
    """Sign the chain as far as it is. Nothing when there is nothing new since the last one."""
    head = await read_head(services.database)
    checkpoints = await read_checkpoints(services.database)
    if head is None or (checkpoints and checkpoints[-1].seq == head[0]):
        return
    seq, chain_hash = head
    at = text_of(services.clock())
    signature = services.seal.audit_key().sign(_signed(seq, at, chain_hash))
    row = CheckpointRow(seq=seq, at=at, hash=chain_hash, signature=signature)
    await services.database.commit(Change(writes=(Put(row),)))


async def verify_audit(database: Database, public_key: Ed25519PublicKey) -> AuditReport:
    """Follow the whole chain and check every checkpoint. The first fault is named with its position."""
    checkpoints = await read_checkpoints(database)
    by_seq = {checkpoint.seq: checkpoint for checkpoint in checkpoints}
    seq, previous = 0, first_hash()
    while rows := await read_chain(database, seq, _PAGE):
        for row in rows:
            fault = chain_fault(previous, seq + 1, row) or _checkpoint_fault(by_seq.get(row.seq), row.hash, public_key)
            if fault:
                return AuditReport(seq, len(checkpoints), fault)
            seq, previous = row.seq, row.hash
    beyond = [checkpoint.seq for checkpoint in checkpoints if checkpoint.seq > seq]
    if beyond:
        fault = f"the log ends at entry {seq}, but a signed checkpoint covers entry {beyond[0]}: its tail was cut off"
        return AuditReport(seq, len(checkpoints), fault)
    return AuditReport(seq, len(checkpoints), None)


def _checkpoint_fault(checkpoint: CheckpointRow | None, chain_hash: str, public_key: Ed25519PublicKey) -> str | None:
    if checkpoint is None:
        return None
    try:
        public_key.verify(checkpoint.signature, _signed(checkpoint.seq, checkpoint.at, checkpoint.hash))
    except InvalidSignature:
        return f"the checkpoint at entry {checkpoint.seq} was not signed by this installation"
    if checkpoint.hash != chain_hash:
        return f"entry {checkpoint.seq} or one before it was rewritten: a signed checkpoint says otherwise"
    return None


def _signed(seq: int, at: str, chain_hash: str) -> bytes:
    return f"certloom audit checkpoint:{seq}:{at}:{chain_hash}".encode()
