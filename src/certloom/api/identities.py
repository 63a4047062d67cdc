"""/Security/Identities, /Security/My, /PermissionSets and /Permissions. Source: api-surface reference, 6.4."""

from typing import Any

from litestar import Controller, Request, Response, delete, get, post, put
from litestar.params import FromPath

from certloom.api.answers import answer, nothing
from certloom.api.call import call_of
from certloom.api.guid import read_guid
from certloom.api.listing import ListRequest
from certloom.api.number import read_number
from certloom.api.openapi import documented
from certloom.api.role_shapes import area_permissions
from certloom.api.schemas.people import (
    GrantedPermission,
    IdentityListItem,
    IdentityLookup,
    IdentityName,
    IdentityPermissions,
    IdentityRequest,
    MyAccess,
    PermissionSetRequest,
    PermissionSetResponse,
    PermissionSetUpdate,
)
from certloom.api.short_lists import ListField, ShortList
from certloom.identity.permission import grants
from certloom.identity.role import PermissionSet
from certloom.operations.accounts import AccountView, accounts
from certloom.operations.identities import (
    Access,
    access_of,
    create_identity,
    is_known_account,
    my_access,
    remove_identity,
)
from certloom.operations.permission_sets import (
    delete_permission_set,
    known_permissions,
    permission_set,
    permission_sets,
    save_permission_set,
)
from certloom.store.query_expression import FieldKind

__all__ = ["IdentitiesController", "MyAccessController", "PermissionSetsController", "PermissionsController"]

_IDENTITIES = ShortList[AccountView](
    {
        "AccountName": ListField(lambda view: [view.row.display], FieldKind.ACCOUNT),
        "Id": ListField(lambda view: [view.row.id], FieldKind.INTEGER),
    }
)
_SETS = ShortList[PermissionSet](
    {
        "Name": ListField(lambda one: [one.name], FieldKind.TEXT),
        "Id": ListField(lambda one: [one.id], FieldKind.GUID),
    }
)


class IdentitiesController(Controller):
    """The accounts that can be given roles."""

    path = "/KeyfactorAPI/Security/Identities"
    tags = ("Security",)

    @get("/", operation_id="ListIdentities", **documented(list[IdentityListItem], query=ListRequest))
    async def list_all(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Every account that is not switched off, by name."""
        call = call_of(request)
        found = [view for view in await accounts(call.services, call.actor) if not view.row.disabled]
        return _IDENTITIES.answer(call, found, _identity)

    @get("/Lookup", operation_id="LookUpIdentity", **documented(IdentityLookup, query=IdentityName))
    async def look_up(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Whether a name is one of somebody who can be given roles."""
        call = call_of(request)
        name = call.query(IdentityName).account_name
        return answer(IdentityLookup(valid=await is_known_account(call.services, call.actor, name)))

    @get("/{identity_id:str}", operation_id="ReadIdentity", **documented(IdentityPermissions))
    async def read_one(self, request: Request[Any, Any, Any], identity_id: FromPath[str]) -> Response[bytes]:
        """What an account may do, and which role gives it."""
        call = call_of(request)
        return answer(_permissions(await access_of(call.services, call.actor, read_number(identity_id, "an identity"))))

    @post("/", operation_id="CreateIdentity", status_code=200, **documented(IdentityListItem, body=IdentityRequest))
    async def create(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """A new account without a password."""
        call = call_of(request)
        wanted = await call.body(IdentityRequest)
        return answer(_identity(await create_identity(call.services, call.actor, wanted.account_name)))

    @delete("/{identity_id:str}", operation_id="DeleteIdentity", status_code=204, **documented(None))
    async def remove(self, request: Request[Any, Any, Any], identity_id: FromPath[str]) -> Response[None]:
        """Take roles and password from an account and switch it off; what it did stays explainable."""
        call = call_of(request)
        await remove_identity(call.services, call.actor, read_number(identity_id, "an identity"))
        return nothing()


class MyAccessController(Controller):
    """What the caller may do."""

    path = "/KeyfactorAPI/Security/My"
    tags = ("Security",)

    @get("/", operation_id="ReadMyAccess", **documented(MyAccess))
    async def read(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """The caller's roles and permissions, in both spellings."""
        call = call_of(request)
        roles, permissions = await my_access(call.services, call.actor)
        mine = MyAccess(roles=roles, global_permissions=area_permissions(permissions), access_strings=list(permissions))
        return answer(mine)


class PermissionSetsController(Controller):
    """What the roles of one part of an organisation may hold at most."""

    path = "/KeyfactorAPI/PermissionSets"
    tags = ("Permission Set",)

    @get("/", operation_id="ListPermissionSets", **documented(list[PermissionSetResponse], query=ListRequest))
    async def list_all(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Every permission set, by name."""
        call = call_of(request)
        found = await permission_sets(call.services, call.actor)
        return _SETS.answer(call, found, _set)

    @get("/{set_id:str}", operation_id="ReadPermissionSet", **documented(PermissionSetResponse))
    async def read_one(self, request: Request[Any, Any, Any], set_id: FromPath[str]) -> Response[bytes]:
        """One permission set."""
        call = call_of(request)
        return answer(_set(await permission_set(call.services, call.actor, str(read_guid(set_id)))))

    @post(
        "/",
        operation_id="CreatePermissionSet",
        status_code=200,
        **documented(PermissionSetResponse, body=PermissionSetRequest),
    )
    async def create(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """A new permission set."""
        call = call_of(request)
        wanted = await call.body(PermissionSetRequest)
        return answer(_set(await save_permission_set(call.services, call.actor, wanted.name, wanted.permissions)))

    @put("/", operation_id="UpdatePermissionSet", **documented(PermissionSetResponse, body=PermissionSetUpdate))
    async def update(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """What a permission set allows from now on; its roles must fit."""
        call = call_of(request)
        wanted = await call.body(PermissionSetUpdate)
        set_id = str(read_guid(wanted.id))
        saved = await save_permission_set(call.services, call.actor, wanted.name, wanted.permissions, set_id)
        return answer(_set(saved))

    @delete("/{set_id:str}", operation_id="DeletePermissionSet", status_code=204, **documented(None))
    async def remove(self, request: Request[Any, Any, Any], set_id: FromPath[str]) -> Response[None]:
        """Remove a permission set that no role uses."""
        call = call_of(request)
        await delete_permission_set(call.services, call.actor, str(read_guid(set_id)))
        return nothing()


class PermissionsController(Controller):
    """What can be permitted."""

    path = "/KeyfactorAPI/Permissions"
    tags = ("Permissions",)

    @get("/", operation_id="ListPermissions", **documented(list[str]))
    async def list_all(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Every access string that a role may hold."""
        return answer(known_permissions(call_of(request).actor))


def _identity(view: AccountView) -> IdentityListItem:
    row = view.row
    return IdentityListItem(id=row.id, account_name=row.display, roles=list(view.roles), valid=not row.disabled)


def _permissions(access: Access) -> IdentityPermissions:
    held = sorted({permission for role in access.roles for permission in role.permissions})
    granted = [
        GrantedPermission(
            permission=one, granted_by_roles=[role.name for role in access.roles if grants(role.permissions, one)]
        )
        for one in held
    ]
    return IdentityPermissions(
        identity=access.row.display,
        secured_area_permissions=granted,
        collection_permissions=[],
        container_permissions=[],
    )


def _set(found: PermissionSet) -> PermissionSetResponse:
    return PermissionSetResponse(id=found.id, name=found.name, permissions=list(found.permissions))
