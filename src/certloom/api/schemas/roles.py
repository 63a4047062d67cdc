"""Wire shapes of security roles. Source: api-surface reference, 6.4."""

from typing import Annotated

import msgspec
from msgspec import Meta

from certloom.api.schemas.claims import ClaimResponse
from certloom.api.schemas.wire import Wire
from certloom.identity.role import GLOBAL_PERMISSION_SET

__all__ = [
    "AreaPermission",
    "RoleClaim",
    "RoleCopyRequest",
    "RoleIdentitiesRequest",
    "RoleIdentity",
    "RoleListItem",
    "RoleListItemV2",
    "RoleRequest",
    "RoleRequestV2",
    "RoleResponseV2",
    "RoleUpdate",
    "RoleUpdateV2",
]


class RoleIdentity(Wire, kw_only=True):
    """An account that holds a role."""

    id: int
    account_name: str
    identity_type: str = "User"
    sid: str | None = msgspec.field(name="SID", default=None)


class RoleListItem(Wire, kw_only=True):
    """Version 1: a role with its permissions in the older spelling, and the accounts it was given to."""

    id: int
    name: str
    description: str
    enabled: bool
    immutable: bool
    valid: bool = True
    private: bool
    permission_set_id: str
    permissions: list[str]
    identities: list[RoleIdentity]


class RoleListItemV2(Wire, kw_only=True):
    """Version 2: a role as its list shows it."""

    id: int
    name: str
    email_address: str
    immutable: bool
    permission_set_id: str
    claims_count: int


class RoleResponseV2(Wire, kw_only=True):
    """Version 2: a role with its access strings and the claims that give it."""

    id: int
    name: str
    description: str
    email_address: str
    immutable: bool
    permission_set_id: str
    permissions: list[str]
    claims: list[ClaimResponse]


class IdentityReference(Wire, kw_only=True):
    """An account, by name."""

    account_name: str
    sid: str | None = msgspec.field(name="SID", default=None)


class RoleRequest(Wire, kw_only=True):
    """Version 1: a new role. Permissions in either spelling; absent identities are none."""

    name: str
    description: str
    enabled: bool | None = None
    private: bool | None = None
    permissions: list[str] | None = None
    identities: list[IdentityReference] | None = None


class RoleUpdate(RoleRequest, kw_only=True):
    """Version 1: what a role is from now on. Absent members stay as they are."""

    id: int


class RoleClaim(Wire, kw_only=True):
    """A claim that gives a role: the id of one that exists, or what it says."""

    id: int | None = None
    claim_type: Annotated[int, Meta(ge=0, le=6)] | None = None
    claim_value: str | None = None
    provider_authentication_scheme: str | None = None
    description: str | None = None


class RoleRequestV2(Wire, kw_only=True):
    """Version 2: a new role. Absent claims are none."""

    name: str
    description: str
    email_address: str | None = None
    permission_set_id: str = GLOBAL_PERMISSION_SET
    permissions: list[str] | None = None
    claims: list[RoleClaim] | None = None


class RoleUpdateV2(RoleRequestV2, kw_only=True):
    """Version 2: what a role is from now on. Absent members stay as they are."""

    id: int
    permission_set_id: str | None = None  # type: ignore[assignment]  # an update may leave it out


class RoleCopyRequest(Wire, kw_only=True):
    """What the copy of a role is called."""

    name: str
    description: str | None = None


class RoleIdentitiesRequest(Wire, kw_only=True):
    """The ids of the accounts a role is for."""

    ids: list[int]


class AreaPermission(Wire, kw_only=True):
    """A permission of the older model."""

    area: str
    permission: str
