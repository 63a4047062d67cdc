"""Private keys that were made for requests: sealed, each until its requester has collected it.

A key belongs to the instance of its request. What becomes of it when the instance is rejected, restarted or deleted is
written with the instance itself (``store/sqlite.py``), so that no way to an end leaves a key behind.
"""

from datetime import datetime
from typing import ClassVar

from certloom.store.database import Database
from certloom.store.moments import text_of
from certloom.store.rows import Row
from certloom.workflow.instance import Status

__all__ = ["HeldKeyRow", "outdated_keys", "read_held_key"]


class HeldKeyRow(Row, frozen=True, kw_only=True):
    """A sealed private key (PKCS#8 in DER). ``account_id`` is whose request it was made for."""

    table: ClassVar[str] = "held_key"
    key: ClassVar[tuple[str, ...]] = ("spki_sha256",)

    spki_sha256: str
    instance_id: str
    account_id: int
    sealed: bytes
    created_at: str

    @property
    def purpose(self) -> str:
        """What the key is sealed for: it can be moved neither to another public key nor to another account."""
        return f"private key of public key {self.spki_sha256} of account {self.account_id}"


_COLUMNS = ", ".join(HeldKeyRow.__struct_fields__)
_AT_REST = ", ".join(f"'{status.value}'" for status in (Status.FAILED, Status.COMPLETE))


async def read_held_key(database: Database, spki_sha256: str) -> HeldKeyRow | None:
    """The key that is held for a public key, or None."""
    row = await database.fetch_one(f"SELECT {_COLUMNS} FROM held_key WHERE spki_sha256 = ?", spki_sha256)
    return HeldKeyRow(**dict(zip(HeldKeyRow.__struct_fields__, row, strict=True))) if row else None


async def outdated_keys(database: Database, before: datetime) -> list[str]:
    """The public keys (SHA-256) whose keys need not be held any more.

    Their certificate was issued before that moment, or their instance failed or completed before it, or is gone.
    """
    rows = await database.fetch_all(
        "SELECT spki_sha256 FROM held_key LEFT JOIN instance ON instance.id = instance_id WHERE instance.id IS NULL "
        f"OR (status IN ({_AT_REST}) AND modified_at < ?1) OR EXISTS (SELECT 1 FROM certificate "
        "WHERE certificate.spki_sha256 = held_key.spki_sha256 AND imported_at < ?1)",
        text_of(before),
    )
    return [row[0] for row in rows]
