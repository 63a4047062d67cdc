"""Enrollment: from a certificate request to an instance, and from the instance to an answer."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from certloom.clock import uuid7
from certloom.errors import Conflict, Invalid
from certloom.identity.actor import SYSTEM_ACCOUNT_ID, Actor
from certloom.operations.access import Operation, PermissionMissing, require
from certloom.operations.context import authority_named
from certloom.operations.known_keys import check_key
from certloom.operations.metadata_fields import requested_metadata
from certloom.operations.services import Services
from certloom.operations.templates import template_named
from certloom.operations.triggers import Start, begin
from certloom.pki.authority import Authority, PolicyViolated
from certloom.pki.csr import SigningRequest, read_csr, request_pem
from certloom.pki.key import holds_private_key
from certloom.pki.request import CertificateRequest
from certloom.pki.san import read_sans
from certloom.pki.template import Template, completed, violations
from certloom.store.accounts import list_roles
from certloom.store.certificates import CertificateRow, read_certificate
from certloom.store.change import ABSENT, Expect, GuardLost
from certloom.store.instances import read_instance, read_row
from certloom.store.moments import moment, text_of
from certloom.store.repeats import RepeatRow, read_repeat
from certloom.store.revocations import read_revocation
from certloom.store.rows import Put
from certloom.workflow.instance import Instance, Status

__all__ = ["Enrolled", "EnrollmentFailed", "EnrollmentOrder", "TemplateNotAllowed", "enroll_csr"]

_ATTEMPTS = 3


class PrivateKeySent(Invalid):
    """A private key was sent where only public data belongs."""


class TemplateNotAllowed(PermissionMissing):
    """The template is not for this requester."""


class EnrollmentFailed(Conflict):
    """The workflow ended, or stopped, without a certificate."""


class EnrollmentOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asks for. ``sans`` replace the request's own where any are given."""

    csr: str
    template: str
    authority: str = ""
    sans: Mapping[str, list[str]] = {}
    metadata: Mapping[str, Any] = {}
    additional_fields: Mapping[str, Any] = {}
    include_chain: bool = True
    format: str = "PEM"
    idempotency_key: str | None = None
    wait_seconds: float | None = None


class Enrolled(msgspec.Struct, frozen=True):
    """Where an enrollment stands. ``certificate`` is set once it exists; ``chain`` is DER, issuer first."""

    instance: Instance
    reference_id: int
    certificate: CertificateRow | None
    chain: tuple[bytes, ...]


async def enroll_csr(services: Services, actor: Actor, order: EnrollmentOrder) -> Enrolled:
    """Start the workflow of a certificate request and wait, for a set time, until it settles.

    The same caller, template, authority and request again within ``repeat_minutes`` gets the same instance, unless that
    ended without a certificate. Raises what reading the request, the template's policy and the key check raise (nothing
    is started then), and EnrollmentFailed when the workflow failed or was denied before a certificate existed.
    """
    require(actor, Operation.ENROLL_CSR)
    _check_no_private_key(order)
    signing_request = read_csr(order.csr)
    template = await template_named(services, order.template)
    await _check_requester(services, actor, template)
    authority = _authority(services, order, template)
    request = _request(order, signing_request, template, authority)
    faults = violations(template, request, signing_request.key)
    if faults:
        raise PolicyViolated(faults)
    await check_key(services, signing_request.key.spki_sha256, actor.account_id)
    order = msgspec.structs.replace(order, metadata=await requested_metadata(services, order.metadata))
    instance_id = await _instance_for(services, actor, order, request, template)
    wait = services.settings.enroll_wait_seconds if order.wait_seconds is None else order.wait_seconds
    await services.settle(instance_id, wait)
    return await _enrolled(services, instance_id)


def _check_no_private_key(order: EnrollmentOrder) -> None:
    """Free-form fields are stored and shown: a private key in one of them would be, too (check B09)."""
    if holds_private_key(msgspec.json.encode([order.metadata, order.additional_fields]).decode()):
        raise PrivateKeySent(
            "Metadata or AdditionalEnrollmentFields hold a private key. Nothing was kept of it. "
            "Leave it out, and make a new one: this one has been seen."
        )


async def _check_requester(services: Services, actor: Actor, template: Template) -> None:
    """Raises TemplateNotAllowed. The server itself, which asks for its own certificate, holds no roles."""
    if not template.allowed_requesters or actor.account_id == SYSTEM_ACCOUNT_ID:
        return
    allowed = {name.casefold() for name in template.allowed_requesters}
    held = {role.name_key for role in await list_roles(services.database) if role.id in actor.role_ids}
    if not allowed & held:
        raise TemplateNotAllowed(
            f"Template {template.name} is for holders of {', '.join(template.allowed_requesters)}; "
            f"{actor.display} holds none of these roles. Ask an administrator.",
            Operation.ENROLL_CSR,
        )


def _authority(services: Services, order: EnrollmentOrder, template: Template) -> Authority:
    named = order.authority.strip() or template.authority
    if named:
        return authority_named(services, named)
    if not services.authorities:
        raise Invalid("There is no certificate authority that could issue. Run certloom authority list.")
    return next(iter(services.authorities.values()))


def _request(
    order: EnrollmentOrder, signing_request: SigningRequest, template: Template, authority: Authority
) -> CertificateRequest:
    request = CertificateRequest(
        csr=signing_request.der,
        subject=signing_request.subject,
        sans=read_sans(order.sans) if any(order.sans.values()) else signing_request.sans,
        template=template.name,
        authority=authority.name,
    )
    return completed(template, request)


async def _instance_for(
    services: Services, actor: Actor, order: EnrollmentOrder, request: CertificateRequest, template: Template
) -> str:
    """The instance that answers this request: a recent one for the same request, or a new one."""
    fingerprint = _fingerprint(actor, order, request)
    for remaining in reversed(range(_ATTEMPTS)):
        known = await read_repeat(services.database, fingerprint)
        answering = None if known is None else await _answering(services, known)
        if answering is not None:
            return answering
        now = services.clock()
        instance_id = str(uuid7(now))
        guard = Expect(RepeatRow, (fingerprint,), "instance_id", known.instance_id if known else ABSENT)
        row = RepeatRow(fingerprint=fingerprint, instance_id=instance_id, at=text_of(now))
        start = Start(
            at=now,
            operation=Operation.ENROLL_CSR,
            workflow_type="Enrollment",
            key=str(template.id),
            data=_data(actor, order, request, now),
        )
        try:
            await begin(services, actor, start, instance_id, (guard,), (Put(row),))
        except GuardLost:
            if not remaining:
                raise
        else:
            return instance_id
    raise AssertionError("unreachable")


def _fingerprint(actor: Actor, order: EnrollmentOrder, request: CertificateRequest) -> str:
    parts = [actor.account_id, request.template, request.authority, request.csr, request.subject, request.sans]
    if order.idempotency_key is not None:
        parts = [actor.account_id, order.idempotency_key, *parts]
    return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()


async def _answering(services: Services, known: RepeatRow) -> str | None:
    """The instance that answers a repeat: the one it started, or the one a restart put in its place."""
    if moment(known.at) + timedelta(minutes=services.settings.repeat_minutes) < services.clock():
        return None
    instance = await read_instance(services.database, known.instance_id)
    while instance is not None and instance.superseded_by is not None:
        instance = await read_instance(services.database, instance.superseded_by)
    return instance.id if instance is not None and await _still_answers(services, instance) else None


async def _still_answers(services: Services, instance: Instance) -> bool:
    certificate_id = instance.data.get("KeyfactorId")
    if certificate_id is None:
        return instance.status not in {Status.FAILED, Status.REJECTED}
    # Who asks again after a revocation wants another certificate, not the revoked one.
    return await read_revocation(services.database, certificate_id) is None


def _data(actor: Actor, order: EnrollmentOrder, request: CertificateRequest, at: datetime) -> dict[str, Any]:
    pem = request_pem(request.csr)
    return {
        "Subject": request.subject,
        "CSR": pem,
        "SANs": {kind: list(names) for kind, names in request.sans.items()},
        "Template": request.template,
        "CertificateAuthority": f"certloom\\{request.authority}",
        "IncludeChain": order.include_chain,
        "Format": order.format,
        "IsPFX": False,
        "Metadata": dict(order.metadata),
        "AdditionalAttributes": dict(order.additional_fields),
        "CACertificateRequest": {
            "RequestId": None,
            "CSR": pem,
            "Status": "PENDING",
            "Requester": actor.display,
        },
        "InitiatingUserName": actor.display,
        "OperationStart": text_of(at),
    }


async def _enrolled(services: Services, instance_id: str) -> Enrolled:
    found = await read_row(services.database, instance_id)
    instance = await read_instance(services.database, instance_id)
    assert found is not None  # noqa: S101 - it was started above and running instances are never deleted
    assert instance is not None  # noqa: S101 - same
    certificate_id = instance.data.get("KeyfactorId")
    certificate = await read_certificate(services.database, certificate_id) if certificate_id else None
    if certificate is None and instance.status in {Status.FAILED, Status.REJECTED}:
        verb = "failed" if instance.status is Status.FAILED else "was denied"
        raise EnrollmentFailed(
            f"The enrollment {verb} before a certificate was issued: {instance.message} "
            f"Workflow instance {instance.id} tells the whole story."
        )
    chain = authority_named(services, certificate.authority).chain() if certificate else ()
    return Enrolled(instance, found[1], certificate, chain)
