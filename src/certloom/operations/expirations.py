"""Expirations: the workflow of one certificate that an expiration alert found.

Source: workflow-definitions reference, 3.4. An instance is started only where a definition covers the alert.
"""

from collections.abc import Mapping
from typing import Any

from certloom.clock import uuid7
from certloom.identity.actor import Actor
from certloom.operations.access import Operation, require
from certloom.operations.context import CertificateNotFound
from certloom.operations.services import Services
from certloom.operations.triggers import Start, begin
from certloom.pki.certificate import describe
from certloom.store.certificates import CertificateRow, read_certificate
from certloom.store.metadata import metadata_of
from certloom.store.moments import text_of

__all__ = ["expiration_data", "start_expiration"]


async def start_expiration(services: Services, actor: Actor, certificate_id: int, alert_id: int) -> str:
    """Start the alert's workflow for a certificate and return the instance's id.

    Raises CertificateNotFound, and DefinitionMissing or DefinitionDisabled where nothing covers the alert.
    """
    require(actor, Operation.START_EXPIRATION)
    row = await read_certificate(services.database, certificate_id)
    if row is None:
        raise CertificateNotFound(f"There is no certificate with id {certificate_id}.")
    now = services.clock()
    instance_id = str(uuid7(now))
    started = {"InitiatingUserName": actor.display, "OperationStart": text_of(now)}
    start = Start(
        at=now,
        operation=Operation.START_EXPIRATION,
        workflow_type="Expiration",
        key=str(alert_id),
        data=expiration_data(row, alert_id, await metadata_of(services.database, row.id)) | started,
    )
    await begin(services, actor, start, instance_id)
    return instance_id


def expiration_data(row: CertificateRow, alert_id: int, metadata: Mapping[str, str]) -> dict[str, Any]:
    """What the data of an Expiration instance says about the certificate."""
    facts = describe(row.der)
    return {
        "AlertId": str(alert_id),
        "CertificateId": row.id,
        "CommonName": row.issued_cn,
        "SubjectName": f"CN={row.issued_cn}" if row.issued_cn else row.issued_dn or f"serial {row.serial_number}",
        "DistinguishedName": row.issued_dn,
        "SANs": [value for value, _ in facts.sans],
        "ExpirationDate": row.not_after,
        "IssuanceDate": row.not_before,
        "SerialNumberString": row.serial_number,
        "IssuerDN": row.issuer_dn,
        "Thumbprint": row.thumbprint,
        "KeyType": facts.key_type_name,
        "KeySize": facts.key_size_bits,
        "Template": row.template,
        "CertificateAuthority": f"certloom\\{row.authority}",
        "Requester": row.requester,
        "OwnerRoleEmail": "",
        "Metadata": dict(metadata),
    }
