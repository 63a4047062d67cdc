"""Enrollment: somebody asks for a certificate. Keyed by template.

Data keys: api-surface reference, section 5 (the manual's list), and workflow-instances reference, 3.1.
"""

from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from certloom.pki.subject import common_name
from certloom.workflow.workflow_type import APPROVAL_COMMENTS, DataKey, Origin, WorkflowType

__all__ = ["Enrollment"]


class Enrollment(WorkflowType):
    """A certificate request on its way to an authority."""

    name = "Enrollment"
    key_type = "Template"
    has_global_definition = True
    closing_step = "EnrollStep"
    data_keys = (
        DataKey("Subject", "string", "distinguished name asked for", origin=Origin.RECALLED),
        DataKey("CSR", "string", "the request in PEM", origin=Origin.RECALLED),
        DataKey("SANs", "object", "subject alternative names, by kind", origin=Origin.MANUAL),
        DataKey("Template", "string", "short name of the template", origin=Origin.MANUAL),
        DataKey("CertificateAuthority", "string", "the authority as host\\logical name", tokens=("CA",),
                origin=Origin.MANUAL),
        DataKey("IncludeChain", "boolean", "whether the answer holds the chain", origin=Origin.MANUAL),
        DataKey("Format", "string", "format of the answer", origin=Origin.RECALLED),
        DataKey("IsPFX", "boolean", "whether the key is made on the server", origin=Origin.RECALLED),
        DataKey("CustomName", "string", "friendly name of the key file", origin=Origin.RECALLED,
                when="where the key is made on the server"),
        DataKey("CertificateToBeRenewed", "string", "the certificate being renewed, in base64", fixed=True,
                origin=Origin.MANUAL, when="in a renewal"),
        DataKey("Metadata", "object", "metadata of the certificate, by field name", origin=Origin.RECALLED),
        DataKey("AdditionalAttributes", "object", "additional enrollment fields, by name", origin=Origin.MANUAL),
        DataKey("CACertificateRequest", "object", "the request as the authority knows it", fixed=True,
                origin=Origin.MANUAL,
                members=("RequestId", "CSR", "Status", "Requester")),
        DataKey("InitiatingUserName", "string", "who asked", fixed=True, origin=Origin.RECALLED),
        DataKey("OperationStart", "string", "when they asked (UTC)", fixed=True, origin=Origin.RECALLED),
        APPROVAL_COMMENTS,
        DataKey("KeyfactorId", "number", "id of the certificate", "EnrollStep", ("certid",), origin=Origin.RECALLED),
        DataKey("SerialNumber", "string", "serial number, upper-case hexadecimal", "EnrollStep",
                origin=Origin.RECALLED),
        DataKey("IssuerDN", "string", "distinguished name of the issuer", "EnrollStep", origin=Origin.RECALLED),
        DataKey("Thumbprint", "string", "SHA-1 of the certificate, upper-case hexadecimal", "EnrollStep",
                origin=Origin.RECALLED),
        DataKey("KeyfactorRequestId", "number", "id of a request pending at the authority, else 0", "EnrollStep",
                origin=Origin.RECALLED),
        DataKey("RequestDisposition", "string", "what became of the request", "EnrollStep", origin=Origin.RECALLED),
        DataKey("DispositionMessage", "string", "the authority's remark on it", "EnrollStep", origin=Origin.RECALLED),
        DataKey("CACertificate", "object", "the certificate as the authority knows it", "EnrollStep",
                origin=Origin.MANUAL,
                members=("CACertificateId", "CARequestID", "Status", "Certificate", "CertificateTemplate",
                         "RevocationDate", "RevocationReason", "ArchivedKey")),
    )  # fmt: skip

    @override
    def title(self, initiator: str, data: Mapping[str, Any]) -> str:
        return f"{initiator} is enrolling for a certificate with {_named(data)}."

    @override
    def request(self, data: Mapping[str, Any]) -> dict[str, Any]:
        names = ("Subject", "CSR", "SANs", "Template", "CertificateAuthority", "Metadata", "AdditionalAttributes")
        return {name: data.get(name) for name in names}


def _named(data: Mapping[str, Any]) -> str:
    """``CN=...``, or the first SAN as ``DNS=...`` where the subject has no CN."""
    name = common_name(str(data.get("Subject") or ""))
    if name:
        return f"CN={name}"
    for kind, names in (data.get("SANs") or {}).items():
        if names:
            return f"{str(kind).upper()}={names[0]}"
    return str(data.get("Subject") or "no name")
