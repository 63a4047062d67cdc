"""Every access string the vendor's product knows, and what its older model called them.

The list is longer than what certloom acts on, so that roles exported elsewhere can be kept unchanged.
Sources: reference api-surface 6.4 and workflow-instances 1.1, and the values listed in the official Terraform
provider's example of a security role. All strings are the vendor's, none is ours.
"""

from collections.abc import Mapping

__all__ = ["KNOWN_PERMISSIONS", "OLD_PERMISSIONS"]

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

OLD_PERMISSIONS: Mapping[str, str] = {
    "workflowinstances:readall": "/workflows/instances/read/",
    "workflowinstances:readmy": "/workflows/instances/read/mine/",
    "workflowinstances:readassignedtome": "/workflows/instances/read/pending/",
    "workflowinstances:manage": "/workflows/instances/manage/",
    "workflowdefinitions:read": "/workflows/definitions/read/",
    "workflowdefinitions:modify": "/workflows/definitions/modify/",
    "workflowmanagement:read": "/monitoring/alerts/read/",
    "workflowmanagement:modify": "/monitoring/alerts/modify/",
    "workflowmanagement:test": "/monitoring/alerts/test/",
    "workflowmanagement:participate": "/certificates/requests/manage/",
    "workflowmanagement:manage": "/certificates/requests/manage/",
    "certificateenrollment:enrollcsr": "/certificates/enrollment/csr/",
    "certificateenrollment:enrollpfx": "/certificates/enrollment/pfx/",
    "certificateenrollment:csrgeneration": "/certificates/enrollment/csr_generation/",
    "certificateenrollment:pendingcsr": "/certificates/enrollment/csr_generation/",
    "certificates:read": "/certificates/collections/read/",
    "certificates:editmetadata": "/certificates/collections/metadata/modify/",
    "certificates:import": "/certificates/import/",
    "certificates:importprivatekey": "/certificates/collections/private_key/import/",
    "certificates:recover": "/certificates/collections/private_key/read/",
    "certificates:revoke": "/certificates/collections/revoke/",
    "certificates:delete": "/certificates/collections/delete/",
    "certificates:changecertificateowner": "/certificates/collections/change_owner/",
    "certificatecollections:modify": "/certificates/collections/modify/",
    "certificatemetadatatypes:read": "/metadata/types/read/",
    "certificatemetadatatypes:modify": "/metadata/types/modify/",
    "pkimanagement:read": "/certificate_authorities/read/",
    "pkimanagement:modify": "/certificate_authorities/modify/",
    "securitysettings:read": "/security/read/",
    "securitysettings:modify": "/security/modify/",
    "systemsettings:read": "/system_settings/read/",
    "systemsettings:modify": "/system_settings/modify/",
    "applicationsettings:read": "/application_settings/read/",
    "applicationsettings:modify": "/application_settings/modify/",
    "auditing:read": "/auditing/read/",
    "adminportal:read": "/portal/read/",
}
"""``area:permission`` of the model before 11.0, in lower case, to the access string that replaced it.

Where the two models do not match one to one the pairing is ours: the older area for both templates and
authorities (PkiManagement) maps to authorities, PendingCsr to the generation of requests, and Participate and
Manage of WorkflowManagement to the requests that wait at a CA.
"""
