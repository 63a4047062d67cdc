"""Enrollment with a key that the server makes: a CSR is signed with it, and from there on it is any other request."""

import base64
from collections.abc import Mapping
from typing import Any

import msgspec

from certloom.identity.actor import Actor
from certloom.operations.access import Operation, require
from certloom.operations.enrollment import Enrolled, EnrollmentOrder, Intake, enroll
from certloom.operations.held_keys import FileOrder, HandedOut, KeyNotHeld, check_password, hand_out
from certloom.operations.services import Services
from certloom.operations.templates import check_requester, template_named
from certloom.pki.authority import PolicyViolated
from certloom.pki.key_choice import choose_key_type
from certloom.pki.private_key import MADE_KEY_TYPES, sign_csr
from certloom.pki.san import read_sans
from certloom.pki.template import Template

__all__ = ["PfxEnrolled", "PfxOrder", "enroll_pfx", "enroll_with_new_key"]


class PfxOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asks for. Of the key, what is left empty the template chooses."""

    subject: str
    template: str
    authority: str = ""
    sans: Mapping[str, list[str]] = {}
    key_algorithm: str = ""
    key_bits: int | None = None
    curve: str = ""
    friendly_name: str = ""
    metadata: Mapping[str, Any] = {}
    additional_fields: Mapping[str, Any] = {}
    file: FileOrder = FileOrder()
    renewed_id: int | None = None
    idempotency_key: str | None = None
    wait_seconds: float | None = None


class PfxEnrolled(msgspec.Struct, frozen=True):
    """Where an enrollment stands. ``file`` is set where the certificate exists and its key was still held."""

    enrolled: Enrolled
    file: HandedOut | None


async def enroll_pfx(services: Services, actor: Actor, order: PfxOrder) -> PfxEnrolled:
    """Make a key, start the workflow of a request for it, and hand both out if the certificate is issued in time.

    Raises as `enroll` does, PasswordTooWeak and KeyNotReady; nothing is started then.
    """
    require(actor, Operation.ENROLL_PFX)
    check_password(services, order.file.password)
    enrolled = await enroll_with_new_key(services, actor, order)
    if enrolled.certificate is None:
        return PfxEnrolled(enrolled, None)
    try:
        return PfxEnrolled(enrolled, await hand_out(services, actor, enrolled.certificate, order.file))
    except KeyNotHeld:
        # An equal request with the same idempotency key has collected it.
        return PfxEnrolled(enrolled, None)


async def enroll_with_new_key(services: Services, actor: Actor, order: PfxOrder) -> Enrolled:
    """Make a key and start the workflow of a request for it; the key waits to be collected. Raises as `enroll`."""
    require(actor, Operation.ENROLL_PFX)
    template = await template_named(services, order.template)
    await check_requester(services, actor, template, Operation.ENROLL_PFX)
    sans = read_sans(order.sans)
    key = await services.keys.take(_key_type(template, order))
    asked = EnrollmentOrder(
        csr=base64.b64encode(sign_csr(key, order.subject, sans)).decode(),
        template=template.name,
        authority=order.authority,
        metadata=order.metadata,
        additional_fields=order.additional_fields,
        include_chain=order.file.include_chain,
        format=order.file.file_format,
        renewed_id=order.renewed_id,
        idempotency_key=order.idempotency_key,
        wait_seconds=order.wait_seconds,
    )
    intake = Intake(operation=Operation.ENROLL_PFX, private_key=key, friendly_name=order.friendly_name)
    return await enroll(services, actor, asked, intake)


def _key_type(template: Template, order: PfxOrder) -> str:
    chosen = choose_key_type(template.key_types, order.key_algorithm, order.key_bits, order.curve)
    if chosen is None:
        asked = " ".join(str(part) for part in (order.key_algorithm, order.key_bits, order.curve) if part) or "any"
        allowed = ", ".join(one for one in template.key_types if one in MADE_KEY_TYPES) or "none"
        raise PolicyViolated(
            (f"No key of type {asked[:100]} can be made for template {template.name}; {allowed} can.",)
        )
    return chosen
