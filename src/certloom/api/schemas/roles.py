"""Wire shapes of security roles. Source: api-surface reference, 6.4."""

import msgspec

from certloom.api.schemas.wire import Wire

__all__ = ["RoleIdentity", "RoleListItem"]


class RoleIdentity(Wire, kw_only=True):
    """An account that holds a role."""

    id: int
    account_name: str
    identity_type: str = "User"
    sid: str | None = msgspec.field(name="SID", default=None)


class RoleListItem(Wire, kw_only=True):
    """A role with its access strings and who holds it."""

    id: int
    name: str
    description: str
    enabled: bool = True
    immutable: bool
    valid: bool = True
    private: bool = False
    permission_set_id: str | None = None
    permissions: list[str]
    identities: list[RoleIdentity]
