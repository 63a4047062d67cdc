"""Roles and claims between the wire and the operations. Here, and nowhere else, the older spelling is written."""

from collections.abc import Iterable, Mapping
from typing import Final

from certloom.api.schemas.claims import ClaimResponse, ClaimRole, ProviderResponse
from certloom.api.schemas.roles import (
    AreaPermission,
    RoleClaim,
    RoleIdentity,
    RoleListItem,
    RoleListItemV2,
    RoleRequest,
    RoleRequestV2,
    RoleResponseV2,
    RoleUpdate,
    RoleUpdateV2,
)
from certloom.errors import Invalid
from certloom.identity.claim import Claim, ClaimType
from certloom.identity.permission import canonical, old_spellings, without_redundant
from certloom.identity.role import GLOBAL_PERMISSION_SET, Role
from certloom.operations.claims import ClaimDraft
from certloom.operations.providers import Provider
from certloom.operations.role_changes import ADMINISTRATORS, RoleDraft
from certloom.operations.security_roles import RoleView
from certloom.store.accounts import AccountRow

__all__ = [
    "CLAIM_TYPES",
    "area_permissions",
    "claim_response",
    "claim_role",
    "draft_v1",
    "draft_v2",
    "identity",
    "in_version_1",
    "in_version_2",
    "role_claims",
    "row_in_version_2",
]

CLAIM_TYPES: Final[Mapping[ClaimType, str]] = {
    ClaimType.USER: "User",
    ClaimType.GROUP: "Group",
    ClaimType.COMPUTER: "Computer",
    ClaimType.OAUTH_OID: "OAuthOid",
    ClaimType.OAUTH_ROLE: "OAuthRole",
    ClaimType.OAUTH_SUBJECT: "OAuthSubject",
    ClaimType.OAUTH_CLIENT_ID: "OAuthClientId",
}


def in_version_1(view: RoleView) -> RoleListItem:
    """A role as version 1 answers it."""
    role = view.role
    return RoleListItem(
        id=role.id,
        name=role.name,
        description=role.description,
        enabled=role.enabled,
        immutable=_is_immutable(role),
        private=role.private,
        permission_set_id=role.permission_set_id,
        permissions=_permissions_v1(role.permissions),
        identities=[identity(account) for account in view.accounts],
    )


def row_in_version_2(view: RoleView) -> RoleListItemV2:
    """A role as the list of version 2 answers it."""
    return RoleListItemV2(
        id=view.role.id,
        name=view.role.name,
        email_address=view.role.email,
        immutable=_is_immutable(view.role),
        permission_set_id=view.role.permission_set_id,
        claims_count=len(view.claims),
    )


def in_version_2(view: RoleView, providers: Iterable[Provider]) -> RoleResponseV2:
    """A role as version 2 answers it."""
    role, known = view.role, tuple(providers)
    return RoleResponseV2(
        id=role.id,
        name=role.name,
        description=role.description,
        email_address=role.email,
        immutable=_is_immutable(role),
        permission_set_id=role.permission_set_id,
        permissions=list(role.permissions),
        claims=[claim_response(claim, known) for claim in view.claims],
    )


def draft_v1(wanted: RoleRequest | RoleUpdate, before: Role | None) -> RoleDraft:
    """What version 1 wants a role to be; what it does not know of stays as it is."""
    kept = before or Role(0, "", "", ())
    given = kept.permissions if wanted.permissions is None else wanted.permissions
    return RoleDraft(
        name=wanted.name,
        description=wanted.description,
        # An older string stands beside the path that grants it too.
        permissions=tuple(without_redundant(canonical(one) for one in given)),
        email=kept.email,
        permission_set_id=kept.permission_set_id,
        enabled=kept.enabled if wanted.enabled is None else wanted.enabled,
        private=kept.private if wanted.private is None else wanted.private,
    )


def draft_v2(wanted: RoleRequestV2 | RoleUpdateV2, before: Role | None) -> RoleDraft:
    """What version 2 wants a role to be; what it does not know of stays as it is."""
    kept = before or Role(0, "", "", ())
    return RoleDraft(
        name=wanted.name,
        description=wanted.description,
        permissions=kept.permissions if wanted.permissions is None else tuple(wanted.permissions),
        email=kept.email if wanted.email_address is None else wanted.email_address,
        permission_set_id=wanted.permission_set_id or (kept.permission_set_id if before else GLOBAL_PERMISSION_SET),
        enabled=kept.enabled,
        private=kept.private,
    )


def role_claims(wanted: list[RoleClaim] | None) -> tuple[int | ClaimDraft, ...] | None:
    """The claims that a request names by id or by what they say. Raises Invalid for one that does neither."""
    return None if wanted is None else tuple(_claim(one) for one in wanted)


def _claim(wanted: RoleClaim) -> int | ClaimDraft:
    if wanted.id:
        return wanted.id
    if wanted.claim_type is None or wanted.claim_value is None or wanted.provider_authentication_scheme is None:
        raise Invalid(
            "A claim of a role needs its Id, or ClaimType, ClaimValue and ProviderAuthenticationScheme together."
        )
    return ClaimDraft(
        scheme=wanted.provider_authentication_scheme,
        claim_type=ClaimType(wanted.claim_type),
        value=wanted.claim_value,
        description=wanted.description or "",
    )


def claim_response(claim: Claim, providers: Iterable[Provider]) -> ClaimResponse:
    """A claim as it is answered. A provider that is not configured any more has no id."""
    provider = next((one for one in providers if one.scheme == claim.provider), None)
    return ClaimResponse(
        id=claim.id,
        description=claim.description,
        claim_type=CLAIM_TYPES[claim.claim_type],
        claim_value=claim.value,
        provider=ProviderResponse(
            id=provider.id if provider else "",
            authentication_scheme=claim.provider,
            display_name=provider.display_name if provider else claim.provider,
        ),
    )


def claim_role(role: Role) -> ClaimRole:
    """A role that a claim gives."""
    return ClaimRole(id=role.id, name=role.name, description=role.description, permission_set_id=role.permission_set_id)


def identity(account: AccountRow) -> RoleIdentity:
    """An account as a role names it."""
    return RoleIdentity(id=account.id, account_name=account.display)


def area_permissions(permissions: Iterable[str]) -> list[AreaPermission]:
    """What access strings grant in the older model."""
    pairs = (spelling.partition(":") for spelling in old_spellings(permissions))
    return [AreaPermission(area=area, permission=permission) for area, _, permission in pairs]


def _permissions_v1(permissions: tuple[str, ...]) -> list[str]:
    """Every older string they grant, and the paths that none of those says: nothing is lost on the way back."""
    old = old_spellings(permissions)
    said = {canonical(spelling) for spelling in old}
    return old + [one for one in permissions if one not in said]


def _is_immutable(role: Role) -> bool:
    return role.name == ADMINISTRATORS
