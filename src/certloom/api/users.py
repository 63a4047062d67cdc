"""/Certloom/Users and /Certloom/Tokens: our own addresses for accounts and for the tokens of programs."""

import json
from typing import Any

from litestar import Controller, Request, Response, delete, get, post, put
from litestar.params import FromPath

from certloom.api.answers import answer, nothing
from certloom.api.call import call_of
from certloom.api.listing import ListRequest
from certloom.api.number import read_number
from certloom.api.openapi import documented
from certloom.api.schemas.users import (
    NewTokenResponse,
    OwnPasswordRequest,
    PasswordRequest,
    TokenQuery,
    TokenRequest,
    TokenResponse,
    UserRequest,
    UserResponse,
    UserSwitch,
)
from certloom.api.short_lists import ListField, ShortList
from certloom.operations.accounts import AccountView, accounts, create_account
from certloom.operations.api_tokens import TokenDraft, TokenView, create_token, revoke_token, tokens
from certloom.operations.identities import account_by_id, change_own_password, set_password, switch_account
from certloom.store.query_expression import FieldKind

__all__ = ["TokensController", "UsersController"]

_USERS = ShortList[AccountView](
    {
        "Name": ListField(lambda view: [view.row.display], FieldKind.ACCOUNT),
        "Id": ListField(lambda view: [view.row.id], FieldKind.INTEGER),
        "Roles": ListField(lambda view: view.roles, FieldKind.TEXT),
    }
)


class UsersController(Controller):
    """Everybody who can sign in."""

    path = "/KeyfactorAPI/Certloom/Users"
    tags = ("User",)

    @get("/", operation_id="ListUsers", **documented(list[UserResponse], query=ListRequest))
    async def list_all(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Every account, those that are switched off among them."""
        call = call_of(request)
        return _USERS.answer(call, await accounts(call.services, call.actor), _user)

    @get("/{user_id:str}", operation_id="ReadUser", **documented(UserResponse))
    async def read_one(self, request: Request[Any, Any, Any], user_id: FromPath[str]) -> Response[bytes]:
        """One account."""
        call = call_of(request)
        return answer(_user(await account_by_id(call.services, call.actor, read_number(user_id, "a user"))))

    @post("/", operation_id="CreateUser", status_code=200, **documented(UserResponse, body=UserRequest))
    async def create(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """A new account with a password."""
        call = call_of(request)
        wanted = await call.body(UserRequest)
        row = await create_account(call.services, call.actor, wanted.name, wanted.password, wanted.roles or ())
        return answer(_user(AccountView(row, tuple(wanted.roles or ()))))

    @put("/{user_id:str}", operation_id="SwitchUser", **documented(UserResponse, body=UserSwitch))
    async def switch(self, request: Request[Any, Any, Any], user_id: FromPath[str]) -> Response[bytes]:
        """Switch an account off or on again."""
        call = call_of(request)
        wanted = await call.body(UserSwitch)
        number = read_number(user_id, "a user")
        return answer(_user(await switch_account(call.services, call.actor, number, disabled=wanted.disabled)))

    @put("/My/Password", operation_id="ChangeMyPassword", status_code=204, **documented(None, body=OwnPasswordRequest))
    async def change_own(self, request: Request[Any, Any, Any]) -> Response[None]:
        """Change one's own password."""
        call = call_of(request)
        wanted = await call.body(OwnPasswordRequest)
        await change_own_password(call.services, call.actor, wanted.current, wanted.password)
        return nothing()

    @put(
        "/{user_id:str}/Password",
        operation_id="SetUserPassword",
        status_code=204,
        **documented(None, body=PasswordRequest),
    )
    async def set_password(self, request: Request[Any, Any, Any], user_id: FromPath[str]) -> Response[None]:
        """Set somebody's password."""
        call = call_of(request)
        wanted = await call.body(PasswordRequest)
        await set_password(call.services, call.actor, read_number(user_id, "a user"), wanted.password)
        return nothing()


class TokensController(Controller):
    """Secrets that stand for an account, for programs."""

    path = "/KeyfactorAPI/Certloom/Tokens"
    tags = ("Token",)

    @get("/", operation_id="ListTokens", **documented(list[TokenResponse], query=TokenQuery))
    async def list_all(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """The caller's tokens; with Everybody everybody's, for those who may read accounts."""
        call = call_of(request)
        everybody = call.query(TokenQuery).everybody
        found = await tokens(call.services, call.actor, everybody=everybody)
        return answer([_token(view) for view in found], {"x-total-count": str(len(found))})

    @post("/", operation_id="CreateToken", status_code=200, **documented(NewTokenResponse, body=TokenRequest))
    async def create(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """A new token. Its secret is in this answer and nowhere else."""
        call = call_of(request)
        wanted = await call.body(TokenRequest)
        draft = TokenDraft(
            name=wanted.name,
            days=wanted.days,
            permissions=None if wanted.permissions is None else tuple(wanted.permissions),
            roles=None if wanted.roles is None else tuple(wanted.roles),
        )
        view, secret = await create_token(call.services, call.actor, draft)
        return answer(NewTokenResponse(**_members(view), secret=secret))

    @delete("/{token_id:str}", operation_id="RevokeToken", status_code=204, **documented(None))
    async def revoke(self, request: Request[Any, Any, Any], token_id: FromPath[str]) -> Response[None]:
        """End a token at once."""
        call = call_of(request)
        await revoke_token(call.services, call.actor, read_number(token_id, "a token"))
        return nothing()


def _user(view: AccountView) -> UserResponse:
    row = view.row
    return UserResponse(
        id=row.id,
        name=row.display,
        roles=list(view.roles),
        disabled=bool(row.disabled),
        has_password=row.password_hash is not None,
        created_at=row.created_at,
    )


def _token(view: TokenView) -> TokenResponse:
    return TokenResponse(**_members(view))


def _members(view: TokenView) -> dict[str, Any]:
    row = view.row
    return {
        "id": row.id,
        "name": row.name,
        "account": view.account,
        "permissions": None if row.permissions is None else json.loads(row.permissions),
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "last_used_at": row.last_used_at,
        "revoked_at": row.revoked_at,
    }
