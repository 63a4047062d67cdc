"""Certificates: read, download, recover with their keys, revoke."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

import msgspec

from certloom.clock import uuid7
from certloom.errors import Conflict, Invalid
from certloom.identity.actor import Actor
from certloom.identity.permission import ENROLL_PFX
from certloom.operations.access import Operation, require
from certloom.operations.audit import entry
from certloom.operations.context import CertificateNotFound, authority_named
from certloom.operations.held_keys import FileOrder, HandedOut, hand_out
from certloom.operations.services import Services
from certloom.operations.templates import template_named
from certloom.operations.triggers import Start, beginning
from certloom.pki.revocation import RevocationNotPossible, check_change, effective_moment, read_reason
from certloom.store.certificates import (
    CertificateRow,
    find_by_serial,
    find_by_thumbprint,
    read_certificate,
)
from certloom.store.change import Change
from certloom.store.instances import read_instance
from certloom.store.metadata import metadata_of
from certloom.store.moments import text_of
from certloom.store.revocations import RevocationRow, read_revocation
from certloom.workflow.instance import Instance, Status

__all__ = [
    "CertificateChoice",
    "CertificateView",
    "Revocations",
    "certificate_view",
    "chosen_certificate",
    "download_certificate",
    "recover_certificate",
    "revoke_certificates",
]

_MOST_AT_ONCE = 1000


class RevocationRefused(Conflict):
    """At least one certificate could not be revoked."""


class CertificateChoice(msgspec.Struct, frozen=True, kw_only=True):
    """One of: an id, a thumbprint, or serial number and issuer."""

    certificate_id: int | None = None
    thumbprint: str = ""
    serial_number: str = ""
    issuer_dn: str = ""


class CertificateView(msgspec.Struct, frozen=True):
    """A certificate with its revocation, if any, its template's id and what is noted about it."""

    row: CertificateRow
    revocation: RevocationRow | None
    template_id: int | None
    metadata: Mapping[str, str]


class Suspended(msgspec.Struct, frozen=True):
    """A certificate whose revocation waits in a workflow instance."""

    certificate_id: int
    instance_id: str
    message: str


class Revocations(msgspec.Struct, frozen=True):
    """What became of a revocation request."""

    revoked: tuple[int, ...]
    suspended: tuple[Suspended, ...]


async def certificate_view(services: Services, actor: Actor, certificate_id: int) -> CertificateView:
    """One certificate. Raises CertificateNotFound."""
    require(actor, Operation.READ_CERTIFICATE)
    row = await _by_id(services, certificate_id)
    return await _view(services, row)


async def download_certificate(
    services: Services, actor: Actor, choice: CertificateChoice
) -> tuple[CertificateRow, tuple[bytes, ...]]:
    """The chosen certificate, and its chain in DER, issuer first. Audited. Raises CertificateNotFound."""
    require(actor, Operation.DOWNLOAD_CERTIFICATE)
    row = await chosen_certificate(services, choice)
    entity = ("Certificate", str(row.id))
    audit = entry(services, actor.display, Operation.DOWNLOAD_CERTIFICATE, entity, f"Downloaded {row.issued_dn}.")
    await services.database.commit(Change(audit=(audit,)))
    return row, authority_named(services, row.authority).chain()


async def recover_certificate(
    services: Services, actor: Actor, choice: CertificateChoice, wanted: FileOrder
) -> tuple[CertificateRow, HandedOut]:
    """The chosen certificate with its private key, as `hand_out` gives it to this caller.

    Raises CertificateNotFound and what `hand_out` raises.
    """
    require(actor, Operation.COLLECT_KEY if actor.may(ENROLL_PFX) else Operation.RECOVER_KEY)
    row = await chosen_certificate(services, choice)
    return row, await hand_out(services, actor, row, wanted)


async def revoke_certificates(
    services: Services,
    actor: Actor,
    certificate_ids: Sequence[int],
    reason: int,
    comment: str,
    effective_at: datetime | None = None,
) -> Revocations:
    """Start one Revocation instance for each certificate, all or none, and wait, for a set time, until they settle.

    Raises, and starts nothing, ReasonNotAllowed, Invalid for a missing comment or a moment to come,
    CertificateNotFound for an unknown id, RevocationRefused for a certificate that is revoked already, or not on hold
    where a hold shall end, and DefinitionDisabled.
    """
    require(actor, Operation.REVOKE_CERTIFICATE)
    read_reason(reason)
    rows = await _revocable(services, certificate_ids, reason, comment)
    at = effective_moment(effective_at, services.clock())
    changes = [await _beginning(services, actor, row, reason, comment, at) for row in rows]
    ids = await _start_all(services, changes)
    await asyncio.gather(*(services.settle(one, services.settings.enroll_wait_seconds) for one in ids))
    return _sorted([(row, await read_instance(services.database, one)) for row, one in zip(rows, ids, strict=True)])


async def _start_all(services: Services, changes: Sequence[Change]) -> list[str]:
    """Start the instances of all these Changes in one, and return their ids."""
    whole = Change(
        instances=tuple(chain.from_iterable(change.instances for change in changes)),
        audit=tuple(chain.from_iterable(change.audit for change in changes)),
        wake=tuple(chain.from_iterable(change.wake for change in changes)),
    )
    await services.database.commit(whole)
    return list(whole.wake)


async def _revocable(
    services: Services, certificate_ids: Sequence[int], reason: int, comment: str
) -> list[CertificateRow]:
    if not comment.strip():
        raise Invalid("Comment is missing. Say why the certificate is revoked; it is kept with the revocation.")
    ids = list(dict.fromkeys(certificate_ids))
    if not 1 <= len(ids) <= _MOST_AT_ONCE:
        raise Invalid(f"CertificateIds must hold 1 to {_MOST_AT_ONCE} ids; it holds {len(ids)}.")
    rows = [await _by_id(services, certificate_id) for certificate_id in ids]
    for row in rows:
        standing = await read_revocation(services.database, row.id)
        try:
            check_change(standing.reason if standing else None, reason)
        except RevocationNotPossible as error:
            raise RevocationRefused(
                f"Certificate {row.id} ({row.issued_dn}) stays as it is. {error.message}"
            ) from error
    return rows


async def _beginning(
    services: Services, actor: Actor, row: CertificateRow, reason: int, comment: str, effective_at: datetime
) -> Change:
    template, now = await template_named(services, row.template), services.clock()
    data: dict[str, Any] = {
        "CertificateAuthority": f"certloom\\{row.authority}",
        "CertificateId": row.id,
        "CommonName": row.issued_cn,
        "SubjectName": f"CN={row.issued_cn}" if row.issued_cn else row.issued_dn or f"serial {row.serial_number}",
        "SerialNumberString": row.serial_number,
        "Thumbprint": row.thumbprint,
        "RevokeCode": reason,
        "RevokeReason": read_reason(reason).text,
        "EffectiveDate": text_of(effective_at),
        "Comment": comment,
        "Delegate": False,
        "Metadata": await metadata_of(services.database, row.id),
        "InitiatingUserName": actor.display,
        "OperationStart": text_of(now),
    }
    start = Start(
        at=now, operation=Operation.REVOKE_CERTIFICATE, workflow_type="Revocation", key=str(template.id), data=data
    )
    return await beginning(services, actor, start, str(uuid7(now)))


def _sorted(settled: Sequence[tuple[CertificateRow, Instance | None]]) -> Revocations:
    revoked, suspended, failed = [], [], []
    for row, instance in settled:
        if instance is None or instance.status in {Status.FAILED, Status.REJECTED}:
            failed.append((row, instance))
        elif instance.data.get("Revoked"):
            revoked.append(row.id)
        else:
            suspended.append(Suspended(row.id, instance.id, instance.message or "The revocation is still running."))
    if failed and not revoked and not suspended:
        told = "; ".join(
            f"certificate {row.id}: {i.message if i else ''} (instance {i.id if i else ''})" for row, i in failed
        )
        raise RevocationRefused(f"Nothing was revoked. {told}")
    suspended.extend(Suspended(row.id, i.id, i.message) for row, i in failed if i)
    return Revocations(tuple(revoked), tuple(suspended))


async def _by_id(services: Services, certificate_id: int) -> CertificateRow:
    row = await read_certificate(services.database, certificate_id)
    if row is None:
        raise CertificateNotFound(f"There is no certificate with id {certificate_id}.")
    return row


async def chosen_certificate(services: Services, choice: CertificateChoice) -> CertificateRow:
    """The certificate that is meant; whoever asks has checked the permission. Raises CertificateNotFound or Invalid."""
    if choice.certificate_id:
        return await _by_id(services, choice.certificate_id)
    if choice.thumbprint:
        row = await find_by_thumbprint(services.database, choice.thumbprint.replace(":", "").strip().upper())
    elif choice.serial_number and choice.issuer_dn:
        serial = choice.serial_number.replace(":", "").strip().upper()
        row = await find_by_serial(services.database, choice.issuer_dn, serial)
    else:
        raise Invalid("Say which certificate: CertID, Thumbprint, or SerialNumber with IssuerDN.")
    if row is None:
        raise CertificateNotFound("There is no such certificate.")
    return row


async def _view(services: Services, row: CertificateRow) -> CertificateView:
    template = await template_named(services, row.template)
    revocation, metadata = (
        await read_revocation(services.database, row.id),
        await metadata_of(services.database, row.id),
    )
    return CertificateView(row, revocation, template.id, metadata)
