"""Enrollment: somebody asks for a certificate. Keyed by template.

Data keys: api-surface reference, section 5 (the manual's list), and workflow-instances reference, 3.1.
"""

from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from certloom.pki.subject import common_name
from certloom.workflow.workflow_type import DataKey, WorkflowType

__all__ = ["Enrollment"]


class Enrollment(WorkflowType):
    """A certificate request on its way to an authority."""

    name = "Enrollment"
    key_type = "Template"
    has_global_definition = True
    closing_step = "EnrollStep"
    data_keys = (
        DataKey("Subject", "string", "distinguished name asked for"),
        DataKey("CSR", "string", "the request in PEM"),
        DataKey("SANs", "object", "subject alternative names, by kind"),
        DataKey("Template", "string", "short name of the template"),
        DataKey("CertificateAuthority", "string", "the authority as host\\logical name", tokens=("CA",)),
        DataKey("IncludeChain", "boolean", "whether the answer holds the chain"),
        DataKey("Format", "string", "format of the answer"),
        DataKey("IsPFX", "boolean", "whether the key is made on the server"),
        DataKey("Metadata", "object", "metadata of the certificate, by field name"),
        DataKey("AdditionalAttributes", "object", "additional enrollment fields, by name"),
        DataKey("CACertificateRequest", "object", "the request as the authority knows it", fixed=True),
        DataKey("InitiatingUserName", "string", "who asked", fixed=True),
        DataKey("OperationStart", "string", "when they asked (UTC)", fixed=True),
        DataKey("ApprovalSignalComments", "array", "what was signalled: User, Time, Approved, Comment",
                "RequireApproval", ("approvalsignalcmnts",)),
        DataKey("KeyfactorId", "number", "id of the certificate", "EnrollStep", ("certid",)),
        DataKey("SerialNumber", "string", "serial number, upper-case hexadecimal", "EnrollStep"),
        DataKey("IssuerDN", "string", "distinguished name of the issuer", "EnrollStep"),
        DataKey("Thumbprint", "string", "SHA-1 of the certificate, upper-case hexadecimal", "EnrollStep"),
        DataKey("KeyfactorRequestId", "number", "id of a request pending at the authority, else 0", "EnrollStep"),
        DataKey("RequestDisposition", "string", "what became of the request", "EnrollStep"),
        DataKey("DispositionMessage", "string", "the authority's remark on it", "EnrollStep"),
        DataKey("CACertificate", "object", "the certificate as the authority knows it", "EnrollStep"),
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
