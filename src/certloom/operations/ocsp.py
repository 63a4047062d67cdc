"""Answering who asks for the status of certificates (RFC 6960, profile RFC 5019)."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from certloom.operations.ocsp_responses import KeptResponse
from certloom.operations.services import Services
from certloom.pki.authority import Responder
from certloom.pki.der import DerUnreadable
from certloom.pki.ocsp import AskedCertificate, OcspRequest, Status, read_request, refusal
from certloom.pki.serial import serial_text
from certloom.store.moments import moment
from certloom.store.revocations import latest_change, read_status

__all__ = ["OcspAnswer", "answer_ocsp"]

_KEPT_BY_CLIENTS: Final = timedelta(minutes=5)


class OcspAnswer(msgspec.Struct, frozen=True):
    """An OCSPResponse in DER, and for how many seconds a cache may keep it; 0 is not at all."""

    content: bytes
    seconds: int = 0


async def answer_ocsp(services: Services, der: bytes) -> OcspAnswer:
    """Answer a request in DER, whatever it is. Nothing is written, and nobody has to be known.

    A certificate that was never issued is ``unknown``, never ``good``: the status comes from what was issued.
    """
    try:
        request = read_request(der)
    except DerUnreadable:
        return OcspAnswer(refusal("malformedRequest"))
    responder = _responder(services, request)
    if responder is None:
        # Signed by nobody: who is asked about is no authority of ours (RFC 5019, 2.2.3).
        return OcspAnswer(refusal("unauthorized"))
    now = services.clock().replace(microsecond=0)
    # Read first: a change that comes in between makes what is kept out of date, not wrong.
    covers = await latest_change(services.database, responder.name)
    kept = services.ocsp_responses.find(der, now, covers) if request.nonce is None else None
    if kept is not None:
        return OcspAnswer(kept, int(_KEPT_BY_CLIENTS.total_seconds()))
    if now >= responder.not_after or not services.ocsp_responses.may_sign(services.clock()):
        return OcspAnswer(refusal("tryLater"))
    return await _signed(services, responder, request, (der, now, covers))


async def _signed(
    services: Services, responder: Responder, request: OcspRequest, asked: tuple[bytes, datetime, int]
) -> OcspAnswer:
    der, now, covers = asked
    statuses = tuple([await _status(services, responder, each) for each in request.asked])
    ends = min(now + timedelta(minutes=services.settings.ocsp_lifetime_minutes), responder.not_after)
    content = responder.answer(request, statuses, (now, ends))
    if request.nonce is not None:
        return OcspAnswer(content)
    services.ocsp_responses.keep(der, KeptResponse(content, now + (ends - now) / 2, covers))
    return OcspAnswer(content, int(min(ends - now, _KEPT_BY_CLIENTS).total_seconds()))


def _responder(services: Services, request: OcspRequest) -> Responder | None:
    """Who may speak about the first certificate whose issuer is known."""
    found = (each for asked in request.asked for each in services.responders.values() if _is_of(asked, each))
    return next(found, None)


def _is_of(asked: AskedCertificate, responder: Responder) -> bool:
    return responder.hashes.get(asked.algorithm) == asked.issuer


async def _status(services: Services, responder: Responder, asked: AskedCertificate) -> Status:
    """The status of a certificate of this responder's authority; another's is not known to it."""
    if not _is_of(asked, responder):
        return Status(known=False)
    found = await read_status(services.database, responder.name, serial_text(asked.serial))
    if found is None or found.reason is None:
        return Status(known=found is not None)
    return Status(known=True, revoked_at=moment(found.recorded_at), reason=found.reason)
