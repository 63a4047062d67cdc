"""Which certificate a request renews, and whether it may be renewed by whoever asks."""

from certloom.errors import Conflict, Invalid
from certloom.identity.actor import Actor
from certloom.operations.access import Operation, require
from certloom.operations.context import CertificateNotFound
from certloom.operations.services import Services
from certloom.store.certificates import CertificateRow, read_certificate
from certloom.store.revocations import read_revocation

__all__ = ["CertificateNotRenewable", "renewable"]


class CertificateNotRenewable(Conflict):
    """The certificate can be replaced by a new request only."""


async def renewable(services: Services, actor: Actor, certificate_id: int) -> CertificateRow:
    """The certificate to be renewed.

    Who renews must be allowed to read it: its content goes into the data of the workflow (check B04). Raises
    CertificateNotFound, Invalid for an id that none has, and CertificateNotRenewable for one that was revoked.
    """
    require(actor, Operation.READ_CERTIFICATE)
    if certificate_id < 1:
        raise Invalid("RenewalCertificateId is the id of the certificate to renew; leave it out for a new certificate.")
    row = await read_certificate(services.database, certificate_id)
    if row is None:
        raise CertificateNotFound(f"There is no certificate with id {certificate_id}.")
    if await read_revocation(services.database, row.id) is not None:
        raise CertificateNotRenewable(
            f"Certificate {row.id} ({row.issued_dn}) was revoked, so it is not renewed. Ask for a new certificate."
        )
    return row
