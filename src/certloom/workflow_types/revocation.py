"""Revocation: somebody wants a certificate taken back. Keyed by template.

Data keys: api-surface reference, section 5 (the manual's list), and workflow-instances reference, 3.2.
"""

from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from certloom.workflow.workflow_type import APPROVAL_COMMENTS, DataKey, Origin, WorkflowType

__all__ = ["Revocation"]


class Revocation(WorkflowType):
    """A certificate on its way out of use."""

    name = "Revocation"
    key_type = "Template"
    has_global_definition = True
    closing_step = "RevokeStep"
    data_keys = (
        DataKey("CertificateAuthority", "string", "the authority as host\\logical name", tokens=("CA",),
                origin=Origin.MANUAL),
        DataKey("CertificateId", "number", "id of the certificate", tokens=("certid",), fixed=True,
                origin=Origin.MANUAL),
        DataKey("CommonName", "string", "its common name", tokens=("cn",)),
        DataKey("SubjectName", "string", "how the title names it"),
        DataKey("SerialNumberString", "string", "its serial number, upper-case hexadecimal", fixed=True,
                origin=Origin.MANUAL),
        DataKey("Thumbprint", "string", "its SHA-1, upper-case hexadecimal", fixed=True, origin=Origin.MANUAL),
        DataKey("RevokeCode", "number", "reason, as RFC 5280 numbers it", origin=Origin.MANUAL),
        DataKey("RevokeReason", "string", "the reason in words", tokens=("code",)),
        DataKey("EffectiveDate", "string", "when it takes effect (UTC)", origin=Origin.MANUAL),
        DataKey("Comment", "string", "why", tokens=("cmnt",), origin=Origin.MANUAL),
        DataKey("Delegate", "boolean", "whether to act with the caller's identity at the authority",
                origin=Origin.MANUAL),
        DataKey("Metadata", "object", "its metadata, by field name"),
        DataKey("InitiatingUserName", "string", "who asked", fixed=True, origin=Origin.RECALLED),
        DataKey("OperationStart", "string", "when they asked (UTC)", fixed=True, origin=Origin.MANUAL),
        APPROVAL_COMMENTS,
        DataKey("Revoked", "boolean", "true once it is revoked", "RevokeStep"),
    )  # fmt: skip

    @override
    def title(self, initiator: str, data: Mapping[str, Any]) -> str:
        return f"{initiator} is revoking certificate with {data['SubjectName']}."

    @override
    def request(self, data: Mapping[str, Any]) -> dict[str, Any]:
        names = (
            "CertificateAuthority",
            "CertificateId",
            "SerialNumberString",
            "Thumbprint",
            "RevokeCode",
            "EffectiveDate",
            "Comment",
        )
        return {name: data.get(name) for name in names}
