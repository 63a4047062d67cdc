"""Lists of audit entries, and one entry with what proves it."""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import LargeBinary, and_, asc, cast, column, desc, func, select, table

from certloom.store.audit import AuditRow
from certloom.store.conditions import Searched, condition
from certloom.store.database import Database
from certloom.store.paging import Paging, fetch_built, sort_field
from certloom.store.query_expression import Expression, FieldKind

__all__ = ["AUDIT_FIELDS", "AuditPage", "list_audit"]

_NAMES = AuditRow.__struct_fields__
_AUDIT = table("audit", *(column(name) for name in _NAMES))
_SEARCHED: Mapping[str, Searched] = {
    "Id": Searched(_AUDIT.c.seq),
    "Timestamp": Searched(_AUDIT.c.at),
    "User": Searched(_AUDIT.c.actor),
    "Operation": Searched(_AUDIT.c.operation),
    "Category": Searched(_AUDIT.c.entity_type),
    "EntityType": Searched(_AUDIT.c.entity_type),
    "AuditIdentifier": Searched(_AUDIT.c.entity),
    "ImmutableIdentifier": Searched(_AUDIT.c.entity),
    "Level": Searched(_AUDIT.c.level),
}

AUDIT_FIELDS: Mapping[str, FieldKind] = {
    "Id": FieldKind.INTEGER,
    "Timestamp": FieldKind.DATE,
    "User": FieldKind.ACCOUNT,
    "Operation": FieldKind.TEXT,
    "Category": FieldKind.TEXT,
    "EntityType": FieldKind.TEXT,
    "AuditIdentifier": FieldKind.TEXT,
    "ImmutableIdentifier": FieldKind.TEXT,
    "Level": FieldKind.INTEGER,
}
"""What can be searched for. A category is searched by its name (reference: api-surface 6.5)."""


class AuditPage(msgspec.Struct, frozen=True):
    """One page, and how many entries there are in all."""

    rows: tuple[AuditRow, ...]
    total: int


async def list_audit(database: Database, paging: Paging, query: Expression | None = None) -> AuditPage:
    """The entries that match, by position unless another order is asked for. Raises SortFieldUnknown."""
    where = and_(True, *([condition(query, _SEARCHED)] if query is not None else []))
    total = await fetch_built(database, select(func.count()).select_from(_AUDIT).where(where))
    columns: list[Any] = [cast(c, LargeBinary) if c.name == "body" else c for c in _AUDIT.c]
    sorted_by = _SEARCHED[sort_field(paging, _SEARCHED, "Id")].column
    order = desc(sorted_by) if paging.descending else asc(sorted_by)
    listed = select(*columns).where(where).order_by(order, _AUDIT.c.seq)
    rows = await fetch_built(database, listed.limit(paging.limit).offset(paging.offset))
    return AuditPage(tuple(AuditRow(**dict(zip(_NAMES, row, strict=True))) for row in rows), total[0][0])
