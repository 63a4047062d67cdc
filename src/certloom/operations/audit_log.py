"""Reading the audit log: pages, one entry, whether an entry is what was written, and all of it for a spreadsheet."""

from certloom.errors import Invalid, NotFound
from certloom.identity.actor import Actor
from certloom.operations.access import Operation, require
from certloom.operations.audit import entry
from certloom.operations.checkpoints import checkpoint_fault
from certloom.operations.services import Services
from certloom.store.audit import AuditRow, chain_fault, first_hash, read_chain, read_next_checkpoint
from certloom.store.audit_listing import AuditPage, list_audit
from certloom.store.change import Change
from certloom.store.paging import Paging
from certloom.store.query_expression import Expression

__all__ = ["AuditEntryNotFound", "audit_entry", "audit_page", "download_audit", "is_entry_sound"]

_MOST_DOWNLOADED = 100_000
_PAGE = 1000


class AuditEntryNotFound(NotFound):
    """No audit entry at that position."""


class TooManyEntries(Invalid):
    """More entries match than one answer holds."""


async def audit_page(services: Services, actor: Actor, paging: Paging, query: Expression | None) -> AuditPage:
    """The entries that match. Raises SortFieldUnknown."""
    require(actor, Operation.READ_AUDIT)
    return await list_audit(services.database, paging, query)


async def audit_entry(services: Services, actor: Actor, seq: int) -> AuditRow:
    """The entry at a position. Raises AuditEntryNotFound."""
    require(actor, Operation.READ_AUDIT)
    return (await _from(services, seq))[-1]


async def is_entry_sound(services: Services, actor: Actor, seq: int) -> bool:
    """Whether an entry is what was written: it continues the chain, and so do those up to the next checkpoint.

    Raises AuditEntryNotFound.
    """
    require(actor, Operation.READ_AUDIT)
    rows = await _from(services, seq)
    previous, before = (rows[0].hash, seq - 1) if len(rows) > 1 else (first_hash(), seq - 1)
    checkpoint = await read_next_checkpoint(services.database, seq)
    last = checkpoint.seq if checkpoint else seq
    while before < last:
        page = await read_chain(services.database, before, min(_PAGE, last - before))
        if not page:
            return False
        for row in page:
            if chain_fault(previous, before + 1, row):
                return False
            before, previous = row.seq, row.hash
    return checkpoint is None or checkpoint_fault(checkpoint, previous, services.seal.audit_key().public_key()) is None


async def download_audit(
    services: Services, actor: Actor, paging: Paging, query: Expression | None
) -> tuple[AuditRow, ...]:
    """Every entry that matches, in the order asked for. Audited. Raises TooManyEntries or SortFieldUnknown."""
    require(actor, Operation.DOWNLOAD_AUDIT)
    whole = Paging(1, _MOST_DOWNLOADED, paging.sort_field, paging.descending)
    found = await list_audit(services.database, whole, query)
    if found.total > _MOST_DOWNLOADED:
        raise TooManyEntries(
            f"{found.total} audit entries match, and at most {_MOST_DOWNLOADED} are handed out at once. "
            "Narrow the QueryString, for example by Timestamp."
        )
    message = f"Downloaded {found.total} entries."
    audit = entry(services, actor.display, Operation.DOWNLOAD_AUDIT, ("Audit", ""), message)
    await services.database.commit(Change(audit=(audit,)))
    return found.rows


async def _from(services: Services, seq: int) -> list[AuditRow]:
    """The entry at a position, behind the one before it where there is one. Raises AuditEntryNotFound."""
    rows = await read_chain(services.database, max(seq - 2, 0), 2 if seq > 1 else 1)
    if not rows or rows[-1].seq != seq:
        raise AuditEntryNotFound(f"There is no audit entry {seq}. GET /Audit lists them.")
    return rows
