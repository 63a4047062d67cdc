"""Audit entries as the wire writes them: numbers for categories and operations, XML for messages, CSV for files."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Final
from xml.sax.saxutils import escape, quoteattr

import msgspec

from certloom.api.schemas.audit import AuditResponse
from certloom.store.audit import AuditRow
from certloom.store.change import AuditEntry

__all__ = ["audit_csv", "audit_response"]

CATEGORIES: Final[Mapping[str, int]] = {
    "Certificate": 2001,
    "Template": 2003,
    "Account": 2010,
    "Identity": 2010,
    "Claim": 2010,
    "Role": 2011,
    "PermissionSet": 2011,
    "AuthorizationFailure": 2012,
    "WorkflowDefinition": 2901,
    "WorkflowInstance": 2902,
    "Authority": 2903,
    "Token": 2904,
}
"""The product's numbers, and from 2900 ours, since its numbers for workflows are not public (api-surface 6.5)."""
OTHER_CATEGORY: Final = 2999

VERBS: Final[Mapping[str, int]] = {
    "create": 1,
    "delete": 3,
    "stop": 25,
    "restart": 21,
    "revoke": 6,
    "download": 7,
    "enroll": 1,
    "authenticate": 23,
}
"""The first word of an operation → the product's number for it; everything else is an update (api-surface 6.5)."""
UPDATED: Final = 2

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def audit_response(row: AuditRow) -> AuditResponse:
    """An entry as it is answered."""
    return AuditResponse(
        id=row.seq,
        timestamp=row.at,
        message=_xml(row),
        signature=row.hash,
        category=CATEGORIES.get(row.entity_type, OTHER_CATEGORY),
        operation=VERBS.get(row.operation.partition(" ")[0], UPDATED),
        level=row.level,
        user=row.actor,
        entity_type=row.entity_type,
        audit_identifier=row.entity,
        immutable_identifier=row.entity,
    )


def audit_csv(rows: Iterable[AuditRow]) -> str:
    """Entries as a table for a spreadsheet, which must take no cell for a formula."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(
        ("Id", "Timestamp", "User", "Operation", "EntityType", "AuditIdentifier", "Level", "Message", "Hash")
    )
    for row in rows:
        cells = (row.at, row.actor, row.operation, row.entity_type, row.entity, row.level, _said(row).message, row.hash)
        table.writerow((row.seq, *(_harmless(str(cell)) for cell in cells)))
    return text.getvalue()


def _xml(row: AuditRow) -> str:
    said = _said(row)
    details = "".join(
        f"<Detail Name={quoteattr(_printable(name))}>{escape(_printable(str(value)))}</Detail>"
        for name, value in said.details.items()
    )
    operation = quoteattr(_printable(row.operation))
    return f"<Audit Operation={operation}><Message>{escape(_printable(said.message))}</Message>{details}</Audit>"


def _said(row: AuditRow) -> AuditEntry:
    """The entry's own words; those of one that was tampered with cannot always be read."""
    try:
        return msgspec.json.decode(row.body, type=AuditEntry)
    except msgspec.DecodeError:
        unreadable = "This entry cannot be read. Run certloom audit verify."
        return AuditEntry(
            at=row.at, actor=row.actor, operation=row.operation, entity_type="", entity="", message=unreadable
        )


def _printable(text: str) -> str:
    """Without the characters that XML 1.0 cannot hold."""
    return "".join(character if character.isprintable() or character in "\n\t" else "\ufffd" for character in text)


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell
