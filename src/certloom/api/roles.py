"""/Security/Roles. Source: api-surface reference, 6.4."""

from typing import Any

from litestar import Controller, Request, Response, get

from certloom.api.call import call_of
from certloom.api.listing import ListRequest, paged
from certloom.api.openapi import documented
from certloom.api.schemas.roles import RoleIdentity, RoleListItem
from certloom.operations.roles import ADMINISTRATORS, roles

__all__ = ["RolesController"]


class RolesController(Controller):
    """Named sets of permissions."""

    path = "/KeyfactorAPI/Security/Roles"
    tags = ("Security Role",)

    @get("/", operation_id="ListRoles", **documented(list[RoleListItem], query=ListRequest))
    async def list_all(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Every role, by name."""
        call = call_of(request)
        found = [
            RoleListItem(
                id=role.id,
                name=role.name,
                description=role.description,
                immutable=role.name == ADMINISTRATORS,
                permissions=list(role.permissions),
                identities=[RoleIdentity(id=holder.id, account_name=holder.display) for holder in holders],
            )
            for role, holders in await roles(call.services, call.actor)
        ]
        return paged(call, found)
