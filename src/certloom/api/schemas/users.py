"""Wire shapes of our own addresses for accounts and tokens."""

from typing import Annotated

from msgspec import Meta

from certloom.api.schemas.wire import Wire

__all__ = [
    "NewTokenResponse",
    "OwnPasswordRequest",
    "PasswordRequest",
    "TokenQuery",
    "TokenRequest",
    "TokenResponse",
    "UserRequest",
    "UserResponse",
    "UserSwitch",
]


class UserResponse(Wire, kw_only=True):
    """An account."""

    id: int
    name: str
    roles: list[str]
    disabled: bool
    has_password: bool
    created_at: str


class UserRequest(Wire, kw_only=True):
    """A new account. Roles by name."""

    name: str
    password: str
    roles: list[str] | None = None


class UserSwitch(Wire, kw_only=True):
    """Whether an account is switched off."""

    disabled: bool


class PasswordRequest(Wire, kw_only=True):
    """A new password for somebody."""

    password: str


class OwnPasswordRequest(Wire, kw_only=True):
    """One's own new password, and the present one."""

    current: str
    password: str


class TokenQuery(Wire, kw_only=True):
    """Whose tokens are listed."""

    everybody: bool = False


class TokenRequest(Wire, kw_only=True):
    """A new token. Absent permissions, or roles, are all that the account has."""

    name: str
    days: Annotated[int, Meta(ge=1, le=366)] = 90
    permissions: list[str] | None = None
    roles: list[str] | None = None


class TokenResponse(Wire, kw_only=True):
    """A token, without its secret. ``Permissions`` null: everything its account may at the moment of use."""

    id: int
    name: str
    account: str
    permissions: list[str] | None
    created_at: str
    expires_at: str
    last_used_at: str | None
    revoked_at: str | None


class NewTokenResponse(TokenResponse, kw_only=True):
    """A new token with its secret, which is not shown again."""

    secret: str
