"""Wire shapes of templates. Source: api-surface reference, 6.3."""

from certloom.api.schemas.wire import Wire

__all__ = ["TemplateListItem"]


class TemplateListItem(Wire, kw_only=True):
    """A template. ``AllowedEnrollmentTypes`` 2: by CSR."""

    id: int
    common_name: str
    template_name: str
    oid: str = ""
    key_size: str
    key_type: str
    forest_root: str = ""
    configuration_tenant: str = "certloom"
    friendly_name: str
    key_retention: str = "None"
    key_retention_days: int | None = None
    key_archival: bool = False
    allowed_enrollment_types: int = 2
    use_allowed_requesters: bool
    allowed_requesters: list[str]
    display_name: str
    requires_approval: bool = False
    extended_key_usages: list[str]
    key_types: str
