"""Every access string the vendor's product knows, and what its older model called them.

The list is longer than what certloom acts on, so that roles exported elsewhere can be kept unchanged.
Sources: reference api-surface 6.4 and workflow-instances 1.1, and the values listed in the official Terraform
provider's example of a security role. All strings are the vendor's, none is ours.
"""

from collections.abc import Mapping

__all__ = ["KNOWN_PERMISSIONS", "OLD_PERMISSIONS", "OLD_SPELLINGS"]

LEAVES = (
    "/agents/auto_registration/modify/",
    "/agents/auto_registration/read/",
    "/agents/management/mac/auto-enrollment/management/modify/",
    "/agents/management/mac/auto-enrollment/management/read/",
    "/agents/management/modify/",
    "/agents/management/read/",
    "/application_settings/modify/",
    "/application_settings/read/",
    "/auditing/read/",
    "/certificate_authorities/modify/",
    "/certificate_authorities/read/",
    "/certificate_stores/modify/",
    "/certificate_stores/read/",
    "/certificate_stores/schedule/",
    "/certificate_templates/modify/",
    "/certificate_templates/read/",
    "/certificates/collections/change_owner/",
    "/certificates/collections/delete/",
    "/certificates/collections/metadata/modify/",
    "/certificates/collections/modify/",
    "/certificates/collections/private_key/import/",
    "/certificates/collections/private_key/read/",
    "/certificates/collections/read/",
    "/certificates/collections/revoke/",
    "/certificates/enrollment/csr/",
    "/certificates/enrollment/csr_generation/",
    "/certificates/enrollment/pfx/",
    "/certificates/import/",
    "/certificates/requests/manage/",
    "/dashboard/read/",
    "/dashboard/risk_header/read/",
    "/identity_providers/modify/",
    "/identity_providers/read/",
    "/metadata/types/modify/",
    "/metadata/types/read/",
    "/monitoring/alerts/modify/",
    "/monitoring/alerts/read/",
    "/monitoring/alerts/schedule/revocation/",
    "/monitoring/alerts/test/",
    "/monitoring/handlers/registration/modify/",
    "/monitoring/handlers/registration/read/",
    "/pam/modify/",
    "/pam/read/",
    "/portal/read/",
    "/reports/modify/",
    "/reports/read/",
    "/scripts/modify/",
    "/scripts/read/",
    "/security/modify/",
    "/security/read/",
    "/ssh/enterprise_admin/",
    "/ssh/server_admin/",
    "/ssh/user/",
    "/ssl/modify/",
    "/ssl/read/",
    "/system_settings/modify/",
    "/system_settings/read/",
    "/workflows/definitions/modify/",
    "/workflows/definitions/read/",
    "/workflows/instances/manage/",
    "/workflows/instances/read/mine/",
    "/workflows/instances/read/pending/",
)


def _with_ancestors(path: str) -> list[str]:
    segments = path.split("/")
    return ["/".join([*segments[:length], ""]) for length in range(1, len(segments))]


KNOWN_PERMISSIONS: frozenset[str] = frozenset(above for leaf in LEAVES for above in _with_ancestors(leaf))
"""Every access string that may be held, from ``/`` down to the leaves."""

OLD_SPELLINGS: Mapping[str, str] = {
    "WorkflowInstances:ReadAll": "/workflows/instances/read/",
    "WorkflowInstances:ReadMy": "/workflows/instances/read/mine/",
    "WorkflowInstances:ReadAssignedToMe": "/workflows/instances/read/pending/",
    "WorkflowInstances:Manage": "/workflows/instances/manage/",
    "WorkflowDefinitions:Read": "/workflows/definitions/read/",
    "WorkflowDefinitions:Modify": "/workflows/definitions/modify/",
    "WorkflowManagement:Read": "/monitoring/alerts/read/",
    "WorkflowManagement:Modify": "/monitoring/alerts/modify/",
    "WorkflowManagement:Test": "/monitoring/alerts/test/",
    "WorkflowManagement:Participate": "/certificates/requests/manage/",
    "WorkflowManagement:Manage": "/certificates/requests/manage/",
    "CertificateEnrollment:EnrollCSR": "/certificates/enrollment/csr/",
    "CertificateEnrollment:EnrollPFX": "/certificates/enrollment/pfx/",
    "CertificateEnrollment:CsrGeneration": "/certificates/enrollment/csr_generation/",
    "CertificateEnrollment:PendingCsr": "/certificates/enrollment/csr_generation/",
    "Certificates:Read": "/certificates/collections/read/",
    "Certificates:EditMetadata": "/certificates/collections/metadata/modify/",
    "Certificates:Import": "/certificates/import/",
    "Certificates:ImportPrivateKey": "/certificates/collections/private_key/import/",
    "Certificates:Recover": "/certificates/collections/private_key/read/",
    "Certificates:Revoke": "/certificates/collections/revoke/",
    "Certificates:Delete": "/certificates/collections/delete/",
    "Certificates:ChangeCertificateOwner": "/certificates/collections/change_owner/",
    "CertificateCollections:Modify": "/certificates/collections/modify/",
    "CertificateMetadataTypes:Read": "/metadata/types/read/",
    "CertificateMetadataTypes:Modify": "/metadata/types/modify/",
    "PkiManagement:Read": "/certificate_authorities/read/",
    "PkiManagement:Modify": "/certificate_authorities/modify/",
    "SecuritySettings:Read": "/security/read/",
    "SecuritySettings:Modify": "/security/modify/",
    "SystemSettings:Read": "/system_settings/read/",
    "SystemSettings:Modify": "/system_settings/modify/",
    "ApplicationSettings:Read": "/application_settings/read/",
    "ApplicationSettings:Modify": "/application_settings/modify/",
    "Auditing:Read": "/auditing/read/",
    "AdminPortal:Read": "/portal/read/",
}
"""``Area:Permission`` of the model before 11.0 to the access string that replaced it.

Where the two models do not match one to one the pairing is ours: the older area for both templates and
authorities (PkiManagement) maps to authorities, PendingCsr to the generation of requests, and Participate and
Manage of WorkflowManagement to the requests that wait at a CA.
"""

OLD_PERMISSIONS: Mapping[str, str] = {spelling.lower(): path for spelling, path in OLD_SPELLINGS.items()}
"""The same, in lower case, for looking up what clients write."""
