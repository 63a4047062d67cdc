"""/Security/Roles, versions 1 and 2. Source: api-surface reference, 6.4."""

from typing import Any

from litestar import Controller, Request, Response, delete, get, post, put
from litestar.params import FromPath

from certloom.api.answers import answer, nothing
from certloom.api.call import Call, call_of
from certloom.api.listing import ListRequest
from certloom.api.number import read_number
from certloom.api.openapi import documented
from certloom.api.role_shapes import (
    area_permissions,
    draft_v1,
    draft_v2,
    identity,
    in_version_1,
    in_version_2,
    role_claims,
    row_in_version_2,
)
from certloom.api.schemas.roles import (
    AreaPermission,
    RoleCopyRequest,
    RoleIdentitiesRequest,
    RoleIdentity,
    RoleListItem,
    RoleRequest,
    RoleRequestV2,
    RoleUpdate,
    RoleUpdateV2,
)
from certloom.api.short_lists import ListField, ShortList
from certloom.operations.accounts import accounts_named
from certloom.operations.identities import accounts_by_id
from certloom.operations.providers import providers
from certloom.operations.security_roles import (
    Members,
    RoleView,
    copy_role,
    delete_role,
    draft_as_is,
    role_view,
    role_views,
    save_role,
)
from certloom.store.query_expression import FieldKind

__all__ = ["RolesController"]

_LIST = ShortList[RoleView](
    {
        "Name": ListField(lambda view: [view.role.name], FieldKind.TEXT),
        "Id": ListField(lambda view: [view.role.id], FieldKind.INTEGER),
        "Description": ListField(lambda view: [view.role.description], FieldKind.TEXT),
        "EmailAddress": ListField(lambda view: [view.role.email], FieldKind.TEXT),
    }
)


class RolesController(Controller):
    """Named sets of permissions."""

    path = "/KeyfactorAPI/Security/Roles"
    tags = ("Security Role",)

    @get("/", operation_id="ListRoles", **documented(list[RoleListItem], query=ListRequest))
    async def list_all(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Every role, by name."""
        call = call_of(request)
        shape: Any = in_version_1 if call.api_version() == 1 else row_in_version_2
        return _LIST.answer(call, await role_views(call.services, call.actor), shape)

    @get("/{role_id:str}", operation_id="ReadRole", **documented(RoleListItem))
    async def read_one(self, request: Request[Any, Any, Any], role_id: FromPath[str]) -> Response[bytes]:
        """One role."""
        call = call_of(request)
        return _answer(call, await role_view(call.services, call.actor, read_number(role_id, "a role")))

    @post("/", operation_id="CreateRole", status_code=200, **documented(RoleListItem, body=RoleRequest))
    async def create(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """A new role. Version 2 takes claims, and permissions as paths alone."""
        call = call_of(request)
        if call.api_version() == 1:
            asked = await call.body(RoleRequest)
            draft, members = draft_v1(asked, None), await _members(call, asked)
        else:
            wanted = await call.body(RoleRequestV2)
            draft, members = draft_v2(wanted, None), Members(claims=role_claims(wanted.claims))
        return _answer(call, await save_role(call.services, call.actor, draft, members))

    @put("/", operation_id="UpdateRole", **documented(RoleListItem, body=RoleUpdate))
    async def update(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """What a role is from now on. Members that are left out stay as they are."""
        call = call_of(request)
        if call.api_version() == 1:
            asked = await call.body(RoleUpdate)
            before = (await role_view(call.services, call.actor, asked.id)).role
            draft, members = draft_v1(asked, before), await _members(call, asked)
            return _answer(call, await save_role(call.services, call.actor, draft, members, asked.id))
        wanted = await call.body(RoleUpdateV2)
        before = (await role_view(call.services, call.actor, wanted.id)).role
        draft, members = draft_v2(wanted, before), Members(claims=role_claims(wanted.claims))
        return _answer(call, await save_role(call.services, call.actor, draft, members, wanted.id))

    @delete("/{role_id:str}", operation_id="DeleteRole", status_code=204, **documented(None))
    async def remove(self, request: Request[Any, Any, Any], role_id: FromPath[str]) -> Response[None]:
        """Remove a role, unless instances wait for its holders."""
        call = call_of(request)
        await delete_role(call.services, call.actor, read_number(role_id, "a role"))
        return nothing()

    @post(
        "/{role_id:str}/Copy",
        operation_id="CopyRole",
        status_code=200,
        **documented(RoleListItem, body=RoleCopyRequest),
    )
    async def copy(self, request: Request[Any, Any, Any], role_id: FromPath[str]) -> Response[bytes]:
        """A new role with the same permissions and nobody in it."""
        call = call_of(request)
        wanted = await call.body(RoleCopyRequest)
        source = read_number(role_id, "a role")
        return _answer(call, await copy_role(call.services, call.actor, source, wanted.name, wanted.description))

    @get("/{role_id:str}/Identities", operation_id="ListRoleIdentities", **documented(list[RoleIdentity]))
    async def identities(self, request: Request[Any, Any, Any], role_id: FromPath[str]) -> Response[bytes]:
        """The accounts a role was given to."""
        call = call_of(request)
        view = await role_view(call.services, call.actor, read_number(role_id, "a role"))
        return answer([identity(account) for account in view.accounts])

    @put(
        "/{role_id:str}/Identities",
        operation_id="SetRoleIdentities",
        **documented(list[RoleIdentity], body=RoleIdentitiesRequest),
    )
    async def set_identities(self, request: Request[Any, Any, Any], role_id: FromPath[str]) -> Response[bytes]:
        """Give a role to these accounts, and take it from all others."""
        call = call_of(request)
        wanted = await call.body(RoleIdentitiesRequest)
        view = await role_view(call.services, call.actor, read_number(role_id, "a role"))
        members = Members(accounts=await accounts_by_id(call.services, call.actor, wanted.ids))
        saved = await save_role(call.services, call.actor, draft_as_is(view.role), members, view.role.id)
        return answer([identity(account) for account in saved.accounts])

    @get(
        "/{role_id:str}/Permissions/Global",
        operation_id="ListRolePermissions",
        **documented(list[AreaPermission]),
    )
    async def permissions(self, request: Request[Any, Any, Any], role_id: FromPath[str]) -> Response[bytes]:
        """What a role permits, in the older spelling."""
        call = call_of(request)
        view = await role_view(call.services, call.actor, read_number(role_id, "a role"))
        return answer(area_permissions(view.role.permissions))


async def _members(call: Call, wanted: RoleRequest) -> Members:
    if wanted.identities is None:
        return Members()
    names = [one.account_name for one in wanted.identities]
    return Members(accounts=await accounts_named(call.services, call.actor, names))


def _answer(call: Call, view: RoleView) -> Response[bytes]:
    return answer(in_version_1(view) if call.api_version() == 1 else in_version_2(view, providers(call.services)))
