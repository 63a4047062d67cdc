"""Enrollment: from a certificate request to an instance, and from the instance to an answer."""

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from certloom.clock import uuid7
from certloom.errors import Conflict, Invalid
from certloom.identity.actor import Actor
from certloom.operations.access import Operation, require
from certloom.operations.context import authority_named
from certloom.operations.held_keys import held_key
from certloom.operations.known_keys import check_key
from certloom.operations.metadata_fields import requested_metadata
from certloom.operations.renewable import renewable
from certloom.operations.repeats import repeat_of
from certloom.operations.services import Services
from certloom.operations.templates import check_requester, template_named
from certloom.operations.triggers import Start, begin
from certloom.pki.authority import Authority, PolicyViolated
from certloom.pki.csr import SigningRequest, read_csr, request_pem
from certloom.pki.key import holds_private_key, public_key_facts
from certloom.pki.private_key import PrivateKey
from certloom.pki.request import CertificateRequest
from certloom.pki.san import read_sans
from certloom.pki.template import Template, completed, violations
from certloom.store.certificates import CertificateRow, read_certificate
from certloom.store.change import GuardLost
from certloom.store.instances import read_instance, read_row
from certloom.store.moments import text_of
from certloom.store.repeats import RepeatRow
from certloom.store.rows import Insert, Put
from certloom.workflow.instance import Instance, Status

__all__ = ["Enrolled", "EnrollmentFailed", "EnrollmentOrder", "Intake", "enroll", "enroll_csr"]

_ATTEMPTS = 3


class PrivateKeySent(Invalid):
    """A private key was sent where only public data belongs."""


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
    renewed_id: int | None = None
    idempotency_key: str | None = None
    wait_seconds: float | None = None


class Intake(msgspec.Struct, frozen=True, kw_only=True):
    """In what one way of asking differs from another; all else is one path.

    ``private_key`` is the key that was made for this request, ``friendly_name`` what its file is to be called.
    """

    operation: Operation
    private_key: PrivateKey | None = None
    friendly_name: str = ""


class Enrolled(msgspec.Struct, frozen=True):
    """Where an enrollment stands. ``certificate`` is set once it exists; ``chain`` is DER, issuer first."""

    instance: Instance
    reference_id: int
    certificate: CertificateRow | None
    chain: tuple[bytes, ...]


async def enroll_csr(services: Services, actor: Actor, order: EnrollmentOrder) -> Enrolled:
    """Enroll with a key that the requester has. The same request again gets the same instance; raises as `enroll`."""
    require(actor, Operation.ENROLL_CSR)
    return await enroll(services, actor, order, Intake(operation=Operation.ENROLL_CSR))


async def enroll(services: Services, actor: Actor, order: EnrollmentOrder, intake: Intake) -> Enrolled:
    """Start the workflow of a certificate request and wait, for a set time, until it settles.

    ``operation`` of the intake is required here, too. Raises what reading the request, the template's policy and the
    key check raise (nothing is started then), and EnrollmentFailed when the workflow failed or was denied before a
    certificate existed.
    """
    require(actor, intake.operation)
    _check_no_private_key(order)
    signing_request = read_csr(order.csr)
    template = await template_named(services, order.template)
    await check_requester(services, actor, template, intake.operation)
    authority = _authority(services, order, template)
    request = _request(order, signing_request, template, authority)
    faults = violations(template, request, signing_request.key)
    if faults:
        raise PolicyViolated(faults)
    await check_key(services, signing_request.key.spki_sha256, actor.account_id)
    renewed = await renewable(services, actor, order.renewed_id) if order.renewed_id is not None else None
    order = msgspec.structs.replace(order, metadata=await requested_metadata(services, order.metadata))
    data = _data(actor, order, request, services.clock()) | _renewal(renewed) | _made_here(intake)
    instance_id = await _instance_for(services, actor, order, request, (template, intake, data))
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
    services: Services,
    actor: Actor,
    order: EnrollmentOrder,
    request: CertificateRequest,
    what: tuple[Template, Intake, dict[str, Any]],
) -> str:
    """The instance that answers this request: a recent one for the same request, or a new one."""
    template, intake, data = what
    fingerprint = _fingerprint(actor, order, request, intake)
    for remaining in reversed(range(_ATTEMPTS)):
        repeat = await repeat_of(services, fingerprint, strict=_strict(order, intake))
        if repeat.answered_by is not None:
            return repeat.answered_by
        now = services.clock()
        instance_id = str(uuid7(now))
        start = Start(at=now, operation=intake.operation, workflow_type="Enrollment", key=str(template.id), data=data)
        writes = (Put(RepeatRow(fingerprint=fingerprint, instance_id=instance_id, at=text_of(now))),)
        held = _held(services, actor, intake, instance_id, now)
        try:
            await begin(services, actor, start, instance_id, repeat.guards, writes + held)
        except GuardLost:
            if not remaining:
                raise
        else:
            return instance_id
    raise AssertionError("unreachable")


def _strict(order: EnrollmentOrder, intake: Intake) -> bool:
    """Whether two equal requests are one for sure.

    A CSR names its key; who has a key made and says nothing wants one for each request, unless people are still asked
    about an equal one.
    """
    return intake.private_key is None or order.idempotency_key is not None


def _held(services: Services, actor: Actor, intake: Intake, instance_id: str, now: datetime) -> tuple[Insert, ...]:
    """The write that keeps the private key for its requester."""
    if intake.private_key is None:
        return ()
    row = held_key(services, intake.private_key, actor.account_id, instance_id, now)
    return (Insert(row),)


def _fingerprint(actor: Actor, order: EnrollmentOrder, request: CertificateRequest, intake: Intake) -> str:
    key = request.csr if intake.private_key is None else public_key_facts(intake.private_key.public_key()).key_type
    parts = [actor.account_id, request.template, request.authority, key, request.subject, request.sans]
    if order.idempotency_key is not None:
        parts = [actor.account_id, order.idempotency_key, *parts]
    if order.renewed_id is not None:
        parts = ["renewal", order.renewed_id, *parts]
    return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()


def _renewal(renewed: CertificateRow | None) -> dict[str, Any]:
    return {} if renewed is None else {"CertificateToBeRenewed": base64.b64encode(renewed.der).decode()}


def _made_here(intake: Intake) -> dict[str, Any]:
    return {} if intake.private_key is None else {"IsPFX": True, "CustomName": intake.friendly_name}


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
