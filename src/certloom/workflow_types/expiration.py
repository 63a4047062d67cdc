"""Expiration: a certificate is about to expire. Keyed by expiration alert.

Every name the product documents as a token of these workflows is here, as a key or as a further token of one.
Sources: workflow-definitions reference, 3.1, 3.4 and 3.5, and the exported definitions of that type.
"""

from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from certloom.workflow.workflow_type import APPROVAL_COMMENTS, DataKey, Origin, WorkflowType

__all__ = ["Expiration"]


class Expiration(WorkflowType):
    """A certificate that an expiration alert found."""

    name = "Expiration"
    key_type = "ExpirationAlert"
    has_global_definition = False
    closing_step = None
    data_keys = (
        DataKey("AlertId", "string", "id of the expiration alert", tokens=("alertId",), fixed=True,
                origin=Origin.MANUAL),
        DataKey("CertificateId", "number", "id of the certificate", tokens=("certid",), fixed=True,
                origin=Origin.RECALLED),
        DataKey("CommonName", "string", "its common name", tokens=("cn",)),
        DataKey("SubjectName", "string", "how the title names it"),
        DataKey("DistinguishedName", "string", "its distinguished name", tokens=("dn",)),
        DataKey("SANs", "array", "its subject alternative names"),
        DataKey("ExpirationDate", "string", "when it expires (UTC)", tokens=("expdate",)),
        DataKey("IssuanceDate", "string", "since when it is valid (UTC)", tokens=("issuancedate",)),
        DataKey("SerialNumberString", "string", "its serial number, upper-case hexadecimal", tokens=("serial",),
                fixed=True),
        DataKey("IssuerDN", "string", "distinguished name of its issuer"),
        DataKey("Thumbprint", "string", "its SHA-1, upper-case hexadecimal", tokens=("thumbprint",), fixed=True),
        DataKey("KeyType", "string", "algorithm of its key, such as RSA"),
        DataKey("KeySize", "number", "size of its key in bits"),
        DataKey("Template", "string", "short name of its template"),
        DataKey("CertificateAuthority", "string", "its authority as host\\logical name", tokens=("CA",)),
        DataKey("Requester", "string", "who asked for it"),
        DataKey("OwnerRoleEmail", "string", "mail address of the role that owns it; empty while it has no owner",
                tokens=("ownerroleemail",)),
        DataKey("Metadata", "object", "its metadata, by field name"),
        DataKey("InitiatingUserName", "string", "what started the instance", fixed=True, origin=Origin.RECALLED),
        DataKey("OperationStart", "string", "when it was started (UTC)", fixed=True, origin=Origin.RECALLED),
        APPROVAL_COMMENTS,
    )  # fmt: skip

    @override
    def title(self, initiator: str, data: Mapping[str, Any]) -> str:
        return f"{initiator} is handling the expiration of certificate with {data['SubjectName']}."

    @override
    def request(self, data: Mapping[str, Any]) -> dict[str, Any]:
        names = ("CertificateId", "SerialNumberString", "Thumbprint", "Template", "CertificateAuthority", "Metadata")
        return {name: data.get(name) for name in names}
