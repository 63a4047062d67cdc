"""Certificate authorities of this installation: kept with sealed keys, opened at start."""

from collections.abc import Sequence

import msgspec

from certloom.identity.actor import Actor
from certloom.operations.access import Operation, require
from certloom.operations.audit import entry
from certloom.operations.services import Services
from certloom.store.certificates import AuthorityRow, list_authorities
from certloom.store.change import Change
from certloom.store.moments import text_of
from certloom.store.rows import Insert

__all__ = ["NewAuthority", "authorities", "keep_authorities", "open_key"]


class NewAuthority(msgspec.Struct, frozen=True, kw_only=True):
    """An authority that was just created. ``private_key`` is PKCS#8 in DER; its repr is never shown."""

    name: str
    parent: str | None
    certificate: bytes
    private_key: bytes

    def __repr__(self) -> str:
        return f"NewAuthority({self.name!r})"


async def authorities(services: Services, actor: Actor) -> list[AuthorityRow]:
    """Every authority, parents first."""
    require(actor, Operation.LIST_AUTHORITIES)
    return await list_authorities(services.database)


async def keep_authorities(services: Services, actor: Actor, created: Sequence[NewAuthority]) -> None:
    """Store new authorities, their keys sealed, all or none."""
    require(actor, Operation.CREATE_AUTHORITY)
    rows = [
        AuthorityRow(
            id=0,
            name_key=one.name.casefold(),
            name=one.name,
            kind="embedded",
            parent=one.parent,
            certificate=one.certificate,
            sealed_key=services.seal.seal(one.private_key, _purpose(one.name)),
            created_at=text_of(services.clock()),
        )
        for one in created
    ]
    audit = tuple(
        entry(services, actor.display, Operation.CREATE_AUTHORITY, ("CertificateAuthority", one.name), "Created.")
        for one in created
    )
    await services.database.commit(Change(writes=tuple(Insert(row) for row in rows), audit=audit))


def open_key(services: Services, row: AuthorityRow) -> bytes:
    """The private key of an authority, PKCS#8 in DER. Raises KeyFileUnusable."""
    return services.seal.open(row.sealed_key, _purpose(row.name))


def _purpose(name: str) -> str:
    return f"private key of {name}"
