"""The one table from kind of fact to rows and audit entries."""

from collections.abc import Callable
from typing import Any

import msgspec

from certloom.clock import uuid7
from certloom.operations.access import Operation
from certloom.operations.audit import entry
from certloom.operations.services import Services
from certloom.pki.certificate import describe
from certloom.pki.revocation import CERTIFICATE_HOLD
from certloom.store.certificates import CertificateRow, IssuanceRow, KeyClaimRow
from certloom.store.change import AuditEntry
from certloom.store.metadata import MetadataValueRow
from certloom.store.moments import text_of
from certloom.store.outbox import OutboxRow
from certloom.store.revocations import HOLD_ENDED, RevocationChangeRow, RevocationRow
from certloom.store.rows import Claim, Delete, Insert, Put, Write
from certloom.workflow.fact import (
    CertificateIssued,
    CertificateRevoked,
    Fact,
    HoldEnded,
    IssuancePlanned,
    MailRequested,
    MetadataNoted,
)
from certloom.workflow.instance import Instance

__all__ = ["recorded"]

Recorded = tuple[tuple[Write, ...], tuple[AuditEntry, ...]]


def recorded(services: Services, facts: tuple[Fact, ...], instance: Instance, *, late: bool = False) -> Recorded:
    """The writes and audit entries that record ``facts`` of an instance.

    ``late`` marks facts of a step that had been taken over when its result arrived: they are recorded all the same, so
    that a certificate that exists is always known and revocable.
    """
    writes: list[Write] = []
    entries: list[AuditEntry] = []
    for fact in facts:
        more_writes, more_entries = _RECORDERS[type(fact)](services, fact, instance, late)
        writes.extend(more_writes)
        entries.extend(more_entries)
    return tuple(writes), tuple(entries)


def _planned(services: Services, fact: IssuancePlanned, instance: Instance, _late: bool) -> Recorded:  # noqa: FBT001 - one shape for all recorders
    row = IssuanceRow(
        certificate_id=fact.certificate_id,
        authority=fact.authority,
        serial=fact.serial,
        instance_id=instance.id,
        planned_at=text_of(services.clock()),
    )
    planned = entry(
        services,
        f"system:workflow on behalf of {instance.initiator}",
        Operation.ENROLL_CSR,
        ("Certificate", str(fact.certificate_id)),
        f"Planned a certificate with serial number {fact.serial} of {fact.authority}.",
        instance=instance.id,
    )
    # Of two people who ask with one key at the same moment, one comes first.
    claim = KeyClaimRow(spki_sha256=fact.spki_sha256, requester_id=instance.initiator_id)
    return (Insert(row), Claim(claim, "requester_id")), (planned,)


def _issued(services: Services, fact: CertificateIssued, instance: Instance, late: bool) -> Recorded:  # noqa: FBT001 - one shape for all recorders
    facts = describe(fact.certificate)
    row = CertificateRow(
        id=fact.certificate_id,
        serial_number=facts.serial_number,
        authority=fact.authority,
        thumbprint=facts.thumbprint,
        issued_dn=facts.issued_dn,
        issued_cn=facts.issued_cn,
        issuer_dn=facts.issuer_dn,
        not_before=text_of(facts.not_before),
        not_after=text_of(facts.not_after),
        template=fact.template,
        requester_id=fact.requester_id,
        requester=fact.requester,
        spki_sha256=facts.spki_sha256,
        imported_at=text_of(services.clock()),
        instance_id=instance.id,
        late=int(late),
        metadata=msgspec.json.encode(fact.metadata).decode(),
        der=fact.certificate,
    )
    issued = entry(
        services,
        f"system:workflow on behalf of {fact.requester}",
        Operation.ENROLL_CSR,
        ("Certificate", str(fact.certificate_id)),
        f"{fact.authority} issued {facts.issued_dn} with serial number {facts.serial_number}.",
        instance=instance.id,
        thumbprint=facts.thumbprint,
        late=int(late),
    )
    # A worker this one took over from may have recorded the same certificate late; the id was planned for it alone.
    return (Insert(row) if late else Put(row), *_values(fact)), (issued,)


def _values(fact: CertificateIssued) -> list[Write]:
    return [Put(_value_row(fact.certificate_id, name, value)) for name, value in fact.metadata.items() if value]


def _value_row(certificate_id: int, name: str, value: str) -> MetadataValueRow:
    return MetadataValueRow(name_key=name.casefold(), certificate_id=certificate_id, name=name, value=value)


def _revoked(services: Services, fact: CertificateRevoked, instance: Instance, _late: bool) -> Recorded:  # noqa: FBT001 - one shape for all recorders
    told = "Put on hold." if fact.reason == CERTIFICATE_HOLD else f"Revoked with reason {fact.reason}."
    return _revocation_changed(services, fact, instance, fact.reason, text_of(fact.effective_at), told)


def _hold_ended(services: Services, fact: HoldEnded, instance: Instance, _late: bool) -> Recorded:  # noqa: FBT001 - one shape for all recorders
    now = text_of(services.clock())
    return _revocation_changed(services, fact, instance, HOLD_ENDED, now, "Taken back from hold.")


def _revocation_changed(
    services: Services,
    fact: CertificateRevoked | HoldEnded,
    instance: Instance,
    reason: int,
    effective_at: str,
    told: str,
) -> Recorded:
    now = text_of(services.clock())
    row = RevocationRow(
        certificate_id=fact.certificate_id,
        reason=reason,
        effective_at=effective_at,
        comment=fact.comment,
        instance_id=instance.id,
        recorded_at=now,
    )
    change = RevocationChangeRow(
        id=0,
        certificate_id=fact.certificate_id,
        authority=fact.authority,
        reason=reason,
        recorded_at=now,
        instance_id=instance.id,
    )
    changed = entry(
        services,
        f"system:workflow on behalf of {instance.initiator}",
        Operation.REVOKE_CERTIFICATE,
        ("Certificate", str(fact.certificate_id)),
        told,
        instance=instance.id,
    )
    # Of two instances that revoke at the same moment, the second finds out when it is taken up again.
    return (Claim(row, "instance_id", fact.over), Insert(change)), (changed,)


def _mail_requested(services: Services, fact: MailRequested, instance: Instance, _late: bool) -> Recorded:  # noqa: FBT001 - one shape for all recorders
    now = services.clock()
    row = OutboxRow(
        id=str(uuid7(now)),
        instance_id=instance.id,
        purpose=fact.purpose,
        recipients=msgspec.json.encode(fact.recipients).decode(),
        subject=fact.subject,
        message=fact.message,
        requested_at=text_of(now),
        attempts=0,
        due_at=text_of(now),
        ended_at=None,
        failure="",
    )
    return (Insert(row),), ()


def _metadata_noted(services: Services, fact: MetadataNoted, instance: Instance, _late: bool) -> Recorded:  # noqa: FBT001 - one shape for all recorders
    row = _value_row(fact.certificate_id, fact.name, fact.value)
    noted = entry(
        services,
        f"system:workflow on behalf of {instance.initiator}",
        Operation.NOTE_METADATA,
        ("Certificate", str(fact.certificate_id)),
        f"Noted {fact.name}: {fact.value!r}." if fact.value else f"Removed {fact.name}.",
        instance=instance.id,
    )
    write = Put(row) if fact.value else Delete(MetadataValueRow, (row.name_key, row.certificate_id))
    return (write,), (noted,)


_RECORDERS: dict[type, Callable[[Services, Any, Instance, bool], Recorded]] = {
    IssuancePlanned: _planned,
    CertificateIssued: _issued,
    CertificateRevoked: _revoked,
    HoldEnded: _hold_ended,
    MailRequested: _mail_requested,
    MetadataNoted: _metadata_noted,
}
