"""CRLs: which are due, publishing them, and what everybody may fetch of an authority."""

from contextlib import suppress
from datetime import timedelta
from typing import Final

import msgspec

from certloom.errors import CertloomError, NotFound
from certloom.identity.actor import Actor
from certloom.operations.access import Operation, require
from certloom.operations.audit import entry
from certloom.operations.context import AuthorityNotFound
from certloom.operations.services import Services
from certloom.pki.authority import CrlSigner
from certloom.pki.revocation_list import ListedCertificate
from certloom.pki.serial import read_serial
from certloom.store.change import ABSENT, Change, Expect, GuardLost
from certloom.store.moments import moment, text_of
from certloom.store.revocations import CrlRow, ListedRow, latest_change, list_revoked, read_crl
from certloom.store.rows import Put

__all__ = ["CrlState", "PublicFile", "PublicFileNotFound", "crl_state", "due_crls", "newest_crl", "public_file",
           "publish_crl", "publish_due_crl", "publish_due_crls"]  # fmt: skip

_TRIES: Final = 3
_KEPT_BY_CLIENTS: Final = timedelta(minutes=5)


class PublicFileNotFound(NotFound):
    """No authority publishes a file of that name."""


class CrlState(msgspec.Struct, frozen=True):
    """The newest CRL of an authority, None where there is none, and whether another one is due by now.

    ``late`` says that it was due so long ago that something must be wrong.
    """

    signer: CrlSigner
    row: CrlRow | None
    due: bool
    late: bool


class PublicFile(msgspec.Struct, frozen=True):
    """What anybody may fetch: a CRL or an authority's certificate in DER.

    ``last_modified`` is HTTP's date or empty, ``seconds`` how long a cache may keep it.
    """

    content: bytes
    media_type: str
    last_modified: str
    seconds: int


async def publish_crl(services: Services, actor: Actor, name: str) -> CrlRow:
    """Publish a CRL of the authority of this logical name now, and return it.

    Raises AuthorityNotFound, GuardLost when others publish again and again at this moment, and what signing raises.
    """
    require(actor, Operation.PUBLISH_CRL)
    signer = _signer(services, name)
    for _ in range(_TRIES - 1):
        with suppress(GuardLost):
            return await _publish(services, signer, actor.display, scheduled=False)
    return await _publish(services, signer, actor.display, scheduled=False)


async def newest_crl(services: Services, actor: Actor, name: str) -> CrlRow:
    """The CRL of the authority of this logical name. Raises AuthorityNotFound or PublicFileNotFound."""
    require(actor, Operation.LIST_AUTHORITIES)
    row = await read_crl(services.database, _signer(services, name).name.casefold())
    if row is None:
        raise PublicFileNotFound(f"{name!r} has published no CRL yet. Start the server, or ask for one with --publish.")
    return row


async def publish_due_crl(services: Services, signer: CrlSigner) -> CrlRow:
    """Publish the CRL that is due by the timetable, or that a revocation asks for. Raises as `publish_crl`."""
    row = await read_crl(services.database, signer.name.casefold())
    return await _publish(services, signer, "system:timetable", scheduled=_is_scheduled(services, row))


async def crl_state(services: Services, signer: CrlSigner) -> CrlState:
    """How it stands with an authority's CRL."""
    row = await read_crl(services.database, signer.name.casefold())
    scheduled = _is_scheduled(services, row)
    changed = row is not None and row.covers < await latest_change(services.database, signer.name)
    late = row is not None and services.clock() >= moment(row.next_update) - _overlap(services) / 2
    return CrlState(signer, row, scheduled or changed, late)


async def due_crls(services: Services) -> list[CrlState]:
    """The authorities that have to publish a CRL now."""
    states = [await crl_state(services, signer) for signer in services.crl_signers.values()]
    return [state for state in states if state.due]


async def publish_due_crls(services: Services) -> None:
    """Publish what is due now instead of a moment later; what cannot be is left to the timetable, which tries again."""
    for state in await due_crls(services):
        with suppress(CertloomError):
            await publish_due_crl(services, state.signer)


async def public_file(services: Services, name: str) -> PublicFile:
    """The CRL (name.crl) or certificate (name.crt) of an authority. Raises PublicFileNotFound."""
    stem, _, kind = name.rpartition(".")
    signer = services.crl_signers.get(stem.casefold())
    if signer is not None and kind.casefold() == "crt":
        return PublicFile(signer.certificate, "application/pkix-cert", "", int(timedelta(days=1).total_seconds()))
    row = await read_crl(services.database, signer.name.casefold()) if signer else None
    if row is None or kind.casefold() != "crl":
        raise PublicFileNotFound(f"{name[:100]!r} is not published here. /pki/<authority>.crl and .crt are.")
    left = moment(row.next_update) - services.clock()
    seconds = max(0, int(min(left, _KEPT_BY_CLIENTS).total_seconds()))
    modified = f"{moment(row.this_update):%a, %d %b %Y %H:%M:%S GMT}"
    return PublicFile(row.der, "application/pkix-crl", modified, seconds)


def _is_scheduled(services: Services, row: CrlRow | None) -> bool:
    return row is None or services.clock() >= moment(row.next_update) - _overlap(services)


def _overlap(services: Services) -> timedelta:
    settings = services.settings
    return timedelta(hours=settings.crl_lifetime_hours) * settings.crl_overlap_percent / 100


async def _publish(services: Services, signer: CrlSigner, who: str, *, scheduled: bool) -> CrlRow:
    before = await read_crl(services.database, signer.name.casefold())
    # Read first: what is recorded from here on may be on the list, and asks for another one all the same.
    covers = await latest_change(services.database, signer.name)
    rows = await list_revoked(services.database, signer.name, before.scheduled_at if before else "")
    now = services.clock().replace(microsecond=0)
    ends = now + timedelta(hours=services.settings.crl_lifetime_hours)
    # Milliseconds, so that numbers grow across a restored backup; and one more than before, whatever the clock says.
    number = max(int(services.clock().timestamp() * 1000), before.number + 1 if before else 1)
    der = await signer.sign_crl(number, (now, ends), [_listed(row) for row in rows])
    row = CrlRow(
        name_key=signer.name.casefold(),
        number=number,
        covers=covers,
        scheduled_at=text_of(now) if scheduled or before is None else before.scheduled_at,
        this_update=text_of(now),
        next_update=text_of(ends),
        entries=len(rows),
        der=der,
    )
    guard = Expect(CrlRow, (row.name_key,), "number", before.number if before else ABSENT)
    told = f"Published CRL {number}, which lists {len(rows)} certificates."
    audit = entry(services, who, Operation.PUBLISH_CRL, ("CertificateAuthority", signer.name), told)
    await services.database.commit(Change(guards=(guard,), writes=(Put(row),), audit=(audit,)))
    return row


def _listed(row: ListedRow) -> ListedCertificate:
    return ListedCertificate(
        serial=read_serial(row.serial_number),
        reason=row.reason,
        recorded_at=moment(row.recorded_at),
        effective_at=moment(row.effective_at),
    )


def _signer(services: Services, name: str) -> CrlSigner:
    logical = name.rpartition("\\")[2].strip().casefold()
    for signer in services.crl_signers.values():
        if signer.name.casefold() == logical:
            return signer
    known = ", ".join(sorted(signer.name for signer in services.crl_signers.values()))
    raise AuthorityNotFound(f"There is no certificate authority {name[:200]!r} that publishes CRLs. Known: {known}.")
