"""Signing in and out with a browser. Reached without credentials; the provider's answer and a cookie are those."""

from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, get, post
from msgspec import Meta

from certloom.api.authentication import SESSION_COOKIE, cookie_of
from certloom.api.binding import read_query
from certloom.errors import Invalid
from certloom.operations.browser_login import begin_login, end_session, finish_login

__all__ = ["LoginController"]

_ATTEMPT_COOKIE = "__Host-certloom-login"
_ATTEMPT_SECONDS = 600
_FOUND, _SEE_OTHER = 302, 303
_Short = Annotated[str, Meta(max_length=2048)]


class LoginRefused(Invalid):
    """The provider did not sign somebody in."""


class _Departure(msgspec.Struct, rename="pascal"):
    return_to: _Short = "/"


class _Return(msgspec.Struct):
    state: _Short = ""
    code: _Short = ""
    iss: _Short | None = None
    error: _Short = ""


class LoginController(Controller):
    """To the provider, back, and out again."""

    path = "/Certloom"
    include_in_schema = False

    @get("/Login", operation_id="BeginLogin")
    async def begin(self, request: Request[Any, Any, Any]) -> Response[None]:
        """Send the browser to the provider."""
        state = request.scope["state"]
        wanted = read_query(request.scope["query_string"], _Departure)
        departure = await begin_login(state["services"], state["provider"], wanted.return_to)
        answer = _onward(departure.address, _FOUND)
        _set(answer, _ATTEMPT_COOKIE, departure.browser_secret, _ATTEMPT_SECONDS)
        return answer

    @get("/Login/Callback", operation_id="FinishLogin")
    async def finish(self, request: Request[Any, Any, Any]) -> Response[None]:
        """Make a session of what the browser brings back."""
        state = request.scope["state"]
        back = read_query(request.scope["query_string"], _Return)
        if back.error or not back.code:
            raise LoginRefused("The identity provider did not sign you in. Try again, or ask whoever runs it.")
        session = await finish_login(
            state["services"],
            state["provider"],
            state=back.state,
            code=back.code,
            issuer=back.iss,
            browser_secret=cookie_of(request.scope["headers"], _ATTEMPT_COOKIE),
        )
        minutes = state["services"].settings.session_minutes
        answer = _onward(session.return_to, _SEE_OTHER)
        _set(answer, SESSION_COOKIE, session.secret, minutes * 60)
        _set(answer, _ATTEMPT_COOKIE, "", 0)
        return answer

    @post("/Logout", operation_id="EndSession", status_code=_SEE_OTHER)
    async def end(self, request: Request[Any, Any, Any]) -> Response[None]:
        """End the session here, and send the browser to the provider to end it there."""
        state = request.scope["state"]
        secret = cookie_of(request.scope["headers"], SESSION_COOKIE)
        address = await end_session(state["services"], state["provider"], secret or "")
        answer = _onward(address, _SEE_OTHER)
        _set(answer, SESSION_COOKIE, "", 0)
        return answer


def _onward(address: str, status: int) -> Response[None]:
    fields = {"location": address, "cache-control": "no-store", "referrer-policy": "no-referrer"}
    return Response(None, status_code=status, headers=fields)


def _set(answer: Response[None], name: str, value: str, seconds: int) -> None:
    """Set a cookie, or, with no seconds, take it away. Browsers take one of this name for this host and TLS alone."""
    answer.set_cookie(name, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="lax")
