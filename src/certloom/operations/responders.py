"""OCSP responders: appointed by their authority, short-lived, and replaced in time."""

from certloom.identity.actor import Actor
from certloom.operations.access import Operation, require
from certloom.operations.audit import entry
from certloom.operations.services import Services
from certloom.pki.authority import OcspIssuer, Responder, ResponderPlan
from certloom.store.change import Change
from certloom.store.moments import moment, text_of
from certloom.store.revocations import ResponderRow, read_responder
from certloom.store.rows import Put

__all__ = ["renew_responders"]


async def renew_responders(services: Services, actor: Actor) -> None:
    """Open the responder of each authority, and appoint a new one where half of the old one's time is over.

    Raises what planning and signing raise; the old one answers on until its end.
    """
    require(actor, Operation.APPOINT_RESPONDER)
    for key, issuer in services.ocsp_issuers.items():
        row = await read_responder(services.database, key)
        if row is not None and key not in services.responders:
            services.responders[key] = _opened(services, issuer, row)
        if row is None or _half_over(services, row):
            await _appoint(services, actor, issuer)


def _half_over(services: Services, row: ResponderRow) -> bool:
    begins, ends = moment(row.not_before), moment(row.not_after)
    return not begins <= services.clock() < begins + (ends - begins) / 2


def _opened(services: Services, issuer: OcspIssuer, row: ResponderRow) -> Responder:
    key = services.seal.open(row.sealed_key, _purpose(issuer.name))
    return issuer.responder(row.certificate, key)


async def _appoint(services: Services, actor: Actor, issuer: OcspIssuer) -> None:
    made = await issuer.plan_responder(services.clock())
    await _record_plan(services, actor, issuer, made)
    certificate = await issuer.issue(made.plan)
    row = ResponderRow(
        name_key=issuer.name.casefold(),
        serial=made.plan.serial,
        certificate=certificate,
        sealed_key=services.seal.seal(made.private_key, _purpose(issuer.name)),
        not_before=text_of(made.plan.not_before),
        not_after=text_of(made.plan.not_after),
    )
    told = f"Issued the certificate {made.plan.serial} to its OCSP responder, until {row.not_after}."
    audit = entry(services, actor.display, Operation.APPOINT_RESPONDER, ("CertificateAuthority", issuer.name), told)
    await services.database.commit(Change(writes=(Put(row),), audit=(audit,)))
    services.responders[row.name_key] = issuer.responder(certificate, made.private_key)


async def _record_plan(services: Services, actor: Actor, issuer: OcspIssuer, made: ResponderPlan) -> None:
    """Write the serial number down before the authority's key is used: no signature is unaccounted for."""
    told = f"Planned the certificate {made.plan.serial} for its OCSP responder."
    audit = entry(services, actor.display, Operation.APPOINT_RESPONDER, ("CertificateAuthority", issuer.name), told)
    await services.database.commit(Change(audit=(audit,)))


def _purpose(name: str) -> str:
    return f"private key of the OCSP responder of {name}"
