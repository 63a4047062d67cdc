"""The gate: every request passes it. It names the request, finds out who calls, and logs one line about it."""

import time
from typing import Any

import msgspec
import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from certloom import __version__
from certloom.api.answers import JSON, send_json
from certloom.api.authentication import (
    SESSION_COOKIE,
    Unauthenticated,
    authenticate,
    authenticate_session,
    authorization_of,
    cookie_of,
)
from certloom.api.client import client_of
from certloom.api.enumerations import FORM_HEADER, form_of
from certloom.api.one_instance import direct_instance_id, one_instance
from certloom.api.problems import REFUSED_FOR, Problem, problem
from certloom.clock import uuid7
from certloom.errors import CertloomError
from certloom.identity.actor import Actor
from certloom.logs import bind_request, unbind_request
from certloom.operations.access import PermissionMissing
from certloom.operations.audit import Refusals
from certloom.operations.authentication import Authenticator, CredentialsRefused
from certloom.operations.services import Services

__all__ = ["BASE", "Gate"]

BASE = "/KeyfactorAPI/"
_log = structlog.get_logger("certloom.http")
_VERSIONS = [
    (b"x-keyfactor-product-version", f"25.4.1+certloom.{__version__}".encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
]
_LONGEST_PLACE = 200
_TWO_VERSIONS = (f"{BASE}Workflow/Definitions", f"{BASE}Security/Roles")
_FORM_HEADER = FORM_HEADER.encode()
_CHALLENGE = (b"www-authenticate", b'Basic realm="certloom", charset="UTF-8"')


class Gate:
    """Stands before the routes. Below the API's base path nobody passes without being known."""

    def __init__(self, routes: ASGIApp, services: Services, authenticator: Authenticator) -> None:
        self._routes = routes
        self._services = services
        self._authenticator = authenticator
        self._refusals = Refusals(services)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] == ScopeType.HTTP:
            await self._request(scope, receive, send)
        else:
            await self._routes(scope, receive, send)

    async def _request(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        request_id = str(uuid7(self._services.clock()))
        bind_request(request_id)
        state: dict[str, Any] = scope.setdefault("state", {})
        answered = _Answered(self._noted(scope, state, send), request_id, scope["path"])
        try:
            await self._pass(scope, state, receive, answered)
        except Unauthenticated as error:
            await answered.problem(401, Problem("0xA0140001", str(error)), _CHALLENGE)
        except CredentialsRefused as error:
            await answered.problem(401, Problem("0xA0140001", error.message), _CHALLENGE)
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets an answer and the log the rest
            if not isinstance(error, CertloomError):
                _log.exception("request failed unexpectedly", path=scope["path"])
            state[REFUSED_FOR] = error
            await answered.problem(*problem(error, request_id))
        finally:
            answered.log(scope)
            unbind_request()

    def _noted(self, scope: HTTPScope, state: dict[str, Any], send: Send) -> Send:
        """The way back on which every refusal, whoever answered with it, is written down before it leaves."""

        async def noted(message: Message) -> None:
            refusal = state.pop(REFUSED_FOR, None)
            if isinstance(refusal, PermissionMissing) and "actor" in state:
                await self._record(state["actor"], refusal, f"{scope['method']} {scope['path'][:_LONGEST_PLACE]}")
            await send(message)

        return noted

    async def _record(self, actor: Actor, refusal: PermissionMissing, place: str) -> None:
        try:
            await self._refusals.record(actor, refusal, place)
        except CertloomError:
            # A refusal changes nothing, so it stands without its entry; the alarm is the line in the log.
            _log.exception("a refusal could not be written to the audit log", place=place)

    async def _pass(self, scope: HTTPScope, state: dict[str, Any], receive: Receive, send: Any) -> None:
        state["services"] = self._services
        state["provider"] = self._authenticator.provider
        state["headers"] = dict(scope["headers"])
        if not scope["path"].startswith(BASE):
            await self._routes(scope, receive, send)
            return
        await self._identify(scope, state)
        instance_id = direct_instance_id(scope["method"], scope["path"])
        if instance_id is None:
            await self._routes(scope, receive, send)
            return
        held = _text(state["headers"].get(b"if-none-match"))
        await send_json(send, *await one_instance(self._services, state["actor"], state["form"], instance_id, held))

    async def _identify(self, scope: HTTPScope, state: dict[str, Any]) -> None:
        """Find out who calls, and in which form they read enumerations."""
        peer = (scope.get("client") or ("", 0))[0]
        fields = list(scope["headers"])
        client = client_of(peer, scope["scheme"], fields, self._services.settings)
        header = authorization_of(fields)
        session = cookie_of(fields, SESSION_COOKIE) if header is None else None
        if session is None:
            state["actor"] = await authenticate(self._authenticator, header, client.address, secure=client.secure)
        else:
            requested_with = _text(state["headers"].get(b"x-keyfactor-requested-with"))
            state["actor"] = await authenticate_session(
                self._authenticator, session, scope["method"], requested_with, secure=client.secure
            )
        form = _text(state["headers"].get(_FORM_HEADER))
        state["form"] = form_of(form, state.get("enumerations", "names"))


def _text(header: bytes | None) -> str | None:
    return None if header is None else header.decode("latin-1")


class _Answered:
    """The way back: adds the headers every answer has, and remembers the status for the log."""

    def __init__(self, send: Send, request_id: str, path: str) -> None:
        self._send = send
        versions = b"1.0, 2" if path.startswith(_TWO_VERSIONS) else b"1.0"
        told = (b"api-supported-versions", versions), (b"x-keyfactor-correlation-id", request_id.encode())
        self._headers = [*_VERSIONS, *told]
        if not path.startswith(BASE):
            self._headers = [header for header in self._headers if header[0] != b"cache-control"]
        self._status = 0
        self._began = time.perf_counter()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            message["headers"] = [*message["headers"], *self._headers]
        await self._send(message)

    async def problem(self, status: int, body: Problem, *headers: tuple[bytes, bytes]) -> None:
        """Answer with a problem, unless an answer has begun already."""
        if self._status:
            return
        content = msgspec.json.encode(body)
        fields = [(b"content-type", JSON.encode()), (b"content-length", str(len(content)).encode()), *headers]
        await self({"type": "http.response.start", "status": status, "headers": fields})
        await self({"type": "http.response.body", "body": content, "more_body": False})

    def log(self, scope: HTTPScope) -> None:
        """One line about the request. The query string stays out: it may name people and certificates."""
        actor = scope.get("state", {}).get("actor")
        _log.info(
            "request",
            method=scope["method"],
            path=scope["path"],
            status=self._status,
            milliseconds=round((time.perf_counter() - self._began) * 1000, 1),
            actor=actor.display if actor else None,
        )
