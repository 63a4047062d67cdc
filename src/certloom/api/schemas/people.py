"""Wire shapes of accounts, of what they may do, and of permission sets. Source: api-surface reference, 6.4."""

import msgspec

from certloom.api.schemas.roles import AreaPermission
from certloom.api.schemas.wire import Wire

__all__ = [
    "GrantedPermission",
    "IdentityListItem",
    "IdentityLookup",
    "IdentityName",
    "IdentityPermissions",
    "IdentityRequest",
    "MyAccess",
    "PermissionSetRequest",
    "PermissionSetResponse",
    "PermissionSetUpdate",
]


class IdentityListItem(Wire, kw_only=True):
    """An account."""

    id: int
    account_name: str
    identity_type: str = "User"
    roles: list[str]
    valid: bool
    sid: str | None = msgspec.field(name="SID", default=None)


class IdentityRequest(Wire, kw_only=True):
    """A new account, which has no password."""

    account_name: str


class IdentityName(Wire, kw_only=True):
    """The name that is looked up."""

    account_name: str


class IdentityLookup(Wire, kw_only=True):
    """Whether a name is one of somebody who can be given roles."""

    valid: bool


class GrantedPermission(Wire, kw_only=True):
    """A permission and the roles that give it."""

    permission: str
    granted_by_roles: list[str]


class IdentityPermissions(Wire, kw_only=True):
    """What an account may do, and why."""

    identity: str
    secured_area_permissions: list[GrantedPermission]
    collection_permissions: list[GrantedPermission]
    container_permissions: list[GrantedPermission]


class MyAccess(Wire, kw_only=True):
    """What the caller may do. ``AccessStrings`` is ours: the permissions as the product writes them now."""

    roles: list[str]
    global_permissions: list[AreaPermission]
    access_strings: list[str]


class PermissionSetResponse(Wire, kw_only=True):
    """A permission set."""

    id: str
    name: str
    permissions: list[str]


class PermissionSetRequest(Wire, kw_only=True):
    """A new permission set."""

    name: str
    permissions: list[str]


class PermissionSetUpdate(PermissionSetRequest, kw_only=True):
    """What a permission set is from now on."""

    id: str
