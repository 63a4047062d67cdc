"""Wire shapes of the audit log. Source: api-surface reference, 6.5."""

from certloom.api.schemas.wire import Wire

__all__ = ["AuditResponse"]


class AuditResponse(Wire, kw_only=True):
    """An entry. ``Message`` is XML, ``Signature`` the entry's hash in the chain, ``Level`` 0 to 2."""

    id: int
    timestamp: str
    message: str
    signature: str
    category: int
    operation: int
    level: int
    user: str
    entity_type: str
    audit_identifier: str
    immutable_identifier: str
