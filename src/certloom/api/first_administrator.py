"""The one-time link with which the first administrator chooses a name and a password."""

from html import escape
from typing import Any
from urllib.parse import parse_qs

from litestar import Controller, Request, Response, get, post
from litestar.enums import MediaType
from litestar.params import FromQuery

from certloom.errors import CertloomError, Invalid
from certloom.identity.actor import system_actor
from certloom.operations.first_administrator import redeem_first_admin_token

__all__ = ["FirstAdministratorController"]

_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "form-action 'self'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>certloom: first administrator</title>
<meta name="viewport" content="width=device-width"><style>
:root{{color-scheme:light dark}}body{{font:16px system-ui;max-width:26rem;margin:12vh auto;padding:0 1rem}}
label{{display:block;margin:1rem 0}}input{{font:inherit;width:100%;box-sizing:border-box;padding:.5rem}}
button{{font:inherit;padding:.5rem 1rem}}</style><h1>First administrator</h1>{body}</html>"""
_FORM = """<p role="status">{message}</p><form method="post"><input type="hidden" name="token" value="{token}">
<label>User name <input name="user" value="{user}" required autofocus autocomplete="username"></label>
<label>Password (at least 10 characters) <input name="password" type="password" required
autocomplete="new-password"></label><button>Create</button></form>"""


class FirstAdministratorController(Controller):
    """Reached without credentials: the token in the link is the credential, and works once."""

    path = "/Certloom/FirstAdministrator"
    include_in_schema = False

    @get("/", operation_id="ShowFirstAdministrator")
    async def show(self, token: FromQuery[str] = "") -> Response[str]:
        """The form. Looking at it changes nothing, so link scanners do no harm."""
        return _page(_form("Choose a name and a password.", token, "admin"))

    @post("/", operation_id="CreateFirstAdministrator", status_code=200)
    async def create(self, request: Request[Any, Any, Any]) -> Response[str]:
        """Create the administrator, or say why not."""
        form = _read(await request.body())
        services = request.scope["state"]["services"]
        try:
            account = await redeem_first_admin_token(
                services, system_actor("first-administrator"), form["token"], form["user"], form["password"]
            )
        except CertloomError as error:
            return _page(_form(error.message, form["token"], form["user"]), 400)
        return _page(f"<p>{escape(account.display)} is administrator now. This link no longer works.</p>")


def _read(body: bytes) -> dict[str, str]:
    try:
        values = parse_qs(body.decode(), max_num_fields=10, keep_blank_values=True)
    except ValueError as error:
        raise Invalid("The form could not be read. Open the link again.") from error
    return {name: values.get(name, [""])[0] for name in ("token", "user", "password")}


def _form(message: str, token: str, user: str) -> str:
    return _FORM.format(message=escape(message), token=escape(token), user=escape(user))


def _page(body: str, status: int = 200) -> Response[str]:
    return Response(_PAGE.format(body=body), status_code=status, media_type=MediaType.HTML, headers=_HEADERS)
