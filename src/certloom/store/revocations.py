"""Revocations, the order they were recorded in, and the lists (CRLs) that tell of them, as rows."""

from typing import ClassVar

import msgspec

from certloom.store.database import Database
from certloom.store.rows import Row

__all__ = [
    "CrlRow",
    "ListedRow",
    "ResponderRow",
    "RevocationChangeRow",
    "RevocationRow",
    "StatusRow",
    "latest_change",
    "list_revoked",
    "read_crl",
    "read_last_revocation",
    "read_responder",
    "read_revocation",
    "read_status",
]

HOLD_ENDED = 8
"""The reason with which a row says that its certificate is revoked no longer (api-surface 6.2)."""


class RevocationRow(Row, frozen=True, kw_only=True):
    """What was last done to a certificate: why (RFC 5280, 5.3.1; 8 ended a hold), when it took effect, and by whom.

    ``recorded_at`` is when the authority learnt of it; ``effective_at`` may lie before.
    """

    table: ClassVar[str] = "revocation"
    key: ClassVar[tuple[str, ...]] = ("certificate_id",)

    certificate_id: int
    reason: int
    effective_at: str
    comment: str
    instance_id: str
    recorded_at: str


class RevocationChangeRow(Row, frozen=True, kw_only=True):
    """That a revocation, a hold or the end of one was recorded. The ids grow in the order of the commits."""

    table: ClassVar[str] = "revocation_change"
    key: ClassVar[tuple[str, ...]] = ("id",)

    id: int
    certificate_id: int
    authority: str
    reason: int
    recorded_at: str
    instance_id: str


class CrlRow(Row, frozen=True, kw_only=True):
    """The newest CRL of an authority, named by its casefolded name.

    ``covers`` is the id of the last change it tells of, ``scheduled_at`` the date of the last one that was due by the
    timetable, ``entries`` how many certificates it lists.
    """

    table: ClassVar[str] = "crl"
    key: ClassVar[tuple[str, ...]] = ("name_key",)

    name_key: str
    number: int
    covers: int
    scheduled_at: str
    this_update: str
    next_update: str
    entries: int
    der: bytes


class ResponderRow(Row, frozen=True, kw_only=True):
    """The newest OCSP responder of an authority, named by its casefolded name; ``sealed_key`` is its private key."""

    table: ClassVar[str] = "ocsp_responder"
    key: ClassVar[tuple[str, ...]] = ("name_key",)

    name_key: str
    serial: str
    certificate: bytes
    sealed_key: bytes
    not_before: str
    not_after: str


class StatusRow(msgspec.Struct, frozen=True):
    """What is known of a certificate that was issued; without a reason it is good."""

    reason: int | None
    recorded_at: str


class ListedRow(msgspec.Struct, frozen=True):
    """A revoked certificate as a list tells of it."""

    serial_number: str
    reason: int
    effective_at: str
    recorded_at: str


_REVOCATION = ", ".join(RevocationRow.__struct_fields__)
_CRL = ", ".join(CrlRow.__struct_fields__)


async def read_last_revocation(database: Database, certificate_id: int) -> RevocationRow | None:
    """What was last done to a certificate, the end of a hold included, or None."""
    row = await database.fetch_one(f"SELECT {_REVOCATION} FROM revocation WHERE certificate_id = ?", certificate_id)
    return RevocationRow(**dict(zip(RevocationRow.__struct_fields__, row, strict=True))) if row else None


async def read_revocation(database: Database, certificate_id: int) -> RevocationRow | None:
    """The revocation or hold under which a certificate is now, or None."""
    row = await read_last_revocation(database, certificate_id)
    return None if row is None or row.reason == HOLD_ENDED else row


async def latest_change(database: Database, authority: str) -> int:
    """The id of the last change of a revocation of that authority's; 0 where there was none."""
    row = await database.fetch_one("SELECT max(id) FROM revocation_change WHERE authority = ?", authority)
    return int(row[0]) if row and row[0] else 0


async def list_revoked(database: Database, authority: str, since: str) -> list[ListedRow]:
    """What is revoked or on hold, by date, but for what had expired, and was recorded, before ``since``."""
    rows = await database.fetch_all(
        "SELECT serial_number, reason, effective_at, recorded_at FROM revocation "
        "JOIN certificate ON certificate.id = certificate_id "
        "WHERE authority = ? AND reason <> ? AND (not_after >= ? OR recorded_at >= ?) ORDER BY recorded_at, id",
        authority,
        HOLD_ENDED,
        since,
        since,
    )
    return [ListedRow(*row) for row in rows]


async def read_crl(database: Database, name_key: str) -> CrlRow | None:
    """The newest CRL of an authority, or None."""
    row = await database.fetch_one(f"SELECT {_CRL} FROM crl WHERE name_key = ?", name_key)
    return CrlRow(**dict(zip(CrlRow.__struct_fields__, row, strict=True))) if row else None


async def read_responder(database: Database, name_key: str) -> ResponderRow | None:
    """The newest OCSP responder of an authority, or None."""
    columns = ", ".join(ResponderRow.__struct_fields__)
    row = await database.fetch_one(f"SELECT {columns} FROM ocsp_responder WHERE name_key = ?", name_key)
    return ResponderRow(**dict(zip(ResponderRow.__struct_fields__, row, strict=True))) if row else None


async def read_status(database: Database, authority: str, serial_number: str) -> StatusRow | None:
    """What is known of the certificate of this serial number (upper-case hex); None for one that was never issued."""
    row = await database.fetch_one(
        "SELECT reason, recorded_at FROM certificate LEFT JOIN revocation ON certificate_id = certificate.id "
        "AND reason <> ? WHERE authority = ? AND serial_number = ?",
        HOLD_ENDED,
        authority,
        serial_number,
    )
    return StatusRow(row[0], row[1] or "") if row else None
