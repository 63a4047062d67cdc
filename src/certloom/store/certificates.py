"""Certificates, the serial numbers planned for them, and authorities and templates as rows."""

from typing import ClassVar

from certloom.store.database import Database
from certloom.store.rows import Row

__all__ = [
    "AuthorityRow",
    "CertificateRow",
    "IssuanceRow",
    "KeyClaimRow",
    "TemplateRow",
    "count_certificates",
    "find_by_serial",
    "find_by_thumbprint",
    "highest_certificate_id",
    "key_owners",
    "list_authorities",
    "list_templates",
    "read_authority",
    "read_certificate",
    "read_template",
]


class CertificateRow(Row, frozen=True, kw_only=True):
    """A certificate that was issued. What happens to it later stands in rows of its own.

    ``late`` is 1 where the result arrived after its step had been taken over; such a certificate is known and revocable
    like any other.
    """

    table: ClassVar[str] = "certificate"
    key: ClassVar[tuple[str, ...]] = ("id",)

    id: int
    serial_number: str
    authority: str
    thumbprint: str
    issued_dn: str
    issued_cn: str | None
    issuer_dn: str
    not_before: str
    not_after: str
    template: str
    requester_id: int
    requester: str
    spki_sha256: str
    imported_at: str
    instance_id: str
    late: int
    metadata: str
    der: bytes


class IssuanceRow(Row, frozen=True, kw_only=True):
    """A serial number and certificate id that were planned, before the authority's key was used."""

    table: ClassVar[str] = "issuance"
    key: ClassVar[tuple[str, ...]] = ("certificate_id",)

    certificate_id: int
    authority: str
    serial: str
    instance_id: str
    planned_at: str


class KeyClaimRow(Row, frozen=True, kw_only=True):
    """Whose a public key is: the account that a certificate was first planned for with it."""

    table: ClassVar[str] = "key_claim"
    key: ClassVar[tuple[str, ...]] = ("spki_sha256",)

    spki_sha256: str
    requester_id: int


class TemplateRow(Row, frozen=True, kw_only=True):
    """A certificate template; ``document`` is its JSON."""

    table: ClassVar[str] = "template"
    key: ClassVar[tuple[str, ...]] = ("id",)

    id: int
    name_key: str
    name: str
    document: str


class AuthorityRow(Row, frozen=True, kw_only=True):
    """A certificate authority of this installation; ``sealed_key`` is its private key, sealed."""

    table: ClassVar[str] = "authority"
    key: ClassVar[tuple[str, ...]] = ("id",)

    id: int
    name_key: str
    name: str
    kind: str
    parent: str | None
    certificate: bytes
    sealed_key: bytes
    created_at: str


_CERTIFICATE = ", ".join(CertificateRow.__struct_fields__)
_AUTHORITY = ", ".join(AuthorityRow.__struct_fields__)


async def read_certificate(database: Database, certificate_id: int) -> CertificateRow | None:
    """The certificate of that id, or None."""
    return await _certificate(database, "id = ?", certificate_id)


async def find_by_thumbprint(database: Database, thumbprint: str) -> CertificateRow | None:
    """The certificate of that thumbprint (upper-case hex), or None."""
    return await _certificate(database, "thumbprint = ?", thumbprint)


async def find_by_serial(database: Database, issuer_dn: str, serial_number: str) -> CertificateRow | None:
    """The certificate of that issuer and serial number (upper-case hex), or None."""
    return await _certificate(database, "issuer_dn = ? AND serial_number = ?", issuer_dn, serial_number)


async def _certificate(database: Database, condition: str, *values: str | int) -> CertificateRow | None:
    sql = f"SELECT {_CERTIFICATE} FROM certificate WHERE {condition} ORDER BY id LIMIT 1"
    row = await database.fetch_one(sql, *values)
    return CertificateRow(**dict(zip(CertificateRow.__struct_fields__, row, strict=True))) if row else None


async def key_owners(database: Database, spki_sha256: str) -> list[tuple[int, int | None]]:
    """Requester and revocation reason of every certificate with that public key, and of one that is only planned."""
    rows = await database.fetch_all(
        "SELECT requester_id, reason FROM certificate LEFT JOIN revocation ON certificate_id = certificate.id "
        "WHERE spki_sha256 = ?1 UNION ALL SELECT requester_id, NULL FROM key_claim WHERE spki_sha256 = ?1",
        spki_sha256,
    )
    return [(row[0], row[1]) for row in rows]


async def count_certificates(database: Database) -> int:
    """How many certificates there are."""
    row = await database.fetch_one("SELECT count(*) FROM certificate")
    return int(row[0]) if row else 0


async def highest_certificate_id(database: Database) -> int:
    """The highest id that was ever planned."""
    row = await database.fetch_one("SELECT max(certificate_id) FROM issuance")
    return int(row[0]) if row and row[0] else 0


async def list_templates(database: Database) -> list[TemplateRow]:
    """Every template, by name."""
    rows = await database.fetch_all("SELECT id, name_key, name, document FROM template ORDER BY name_key")
    return [TemplateRow(id=row[0], name_key=row[1], name=row[2], document=row[3]) for row in rows]


async def read_template(database: Database, name_key: str) -> TemplateRow | None:
    """The template of that short name (casefolded), or None."""
    row = await database.fetch_one("SELECT id, name_key, name, document FROM template WHERE name_key = ?", name_key)
    return TemplateRow(id=row[0], name_key=row[1], name=row[2], document=row[3]) if row else None


async def list_authorities(database: Database) -> list[AuthorityRow]:
    """Every authority, parents first."""
    rows = await database.fetch_all(f"SELECT {_AUTHORITY} FROM authority ORDER BY id")
    return [AuthorityRow(**dict(zip(AuthorityRow.__struct_fields__, row, strict=True))) for row in rows]


async def read_authority(database: Database, name_key: str) -> AuthorityRow | None:
    """The authority of that logical name (casefolded), or None."""
    row = await database.fetch_one(f"SELECT {_AUTHORITY} FROM authority WHERE name_key = ?", name_key)
    return AuthorityRow(**dict(zip(AuthorityRow.__struct_fields__, row, strict=True))) if row else None
