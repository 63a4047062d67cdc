"""/Status, and the two addresses that probes ask. Source: api-surface reference, 2.6 and 6.5."""

from typing import Any

import msgspec
from litestar import Controller, Request, Response, get

from certloom import __version__
from certloom.api.answers import answer
from certloom.api.call import call_of
from certloom.api.openapi import documented
from certloom.errors import Unavailable
from certloom.operations.access import Operation, require
from certloom.store.meta import read_meta

__all__ = ["ProbesController", "StatusController"]


class Health(msgspec.Struct):
    """What a probe is told."""

    status: str
    version: str


class StatusController(Controller):
    """What clients ask before they start."""

    path = "/KeyfactorAPI/Status"
    tags = ("Status",)

    @get("/Endpoints", operation_id="ListEndpoints", **documented(list[str]))
    async def endpoints(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Every endpoint, as method and path: the login probe of the official clients."""
        call = call_of(request)
        require(call.actor, Operation.STATUS)
        routes = [
            f"{method} {route.path_format.removeprefix('/KeyfactorAPI')}"
            for route in request.app.routes
            if route.path_format.startswith("/KeyfactorAPI")
            for method in sorted(getattr(route, "methods", ()))
            if method != "OPTIONS"
        ]
        return answer(sorted(routes))

    @get("/HealthCheck", operation_id="CheckHealth", status_code=204, **documented(None))
    async def health(self, request: Request[Any, Any, Any]) -> Response[None]:
        """204 when the database answers."""
        call = call_of(request)
        require(call.actor, Operation.STATUS)
        await read_meta(call.services.database, "security_rev")
        return Response(None, status_code=204)


class ProbesController(Controller):
    """Asked by process supervisors, without credentials."""

    path = "/"
    tags = ("Probe",)

    @get("/healthz", operation_id="Healthz", **documented(Health))
    async def healthz(self) -> Response[bytes]:
        """The process answers."""
        return answer(Health("ok", __version__))

    @get("/readyz", operation_id="Readyz", **documented(Health))
    async def readyz(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """The database answers and an authority is open."""
        services = request.scope["state"]["services"]
        if await read_meta(services.database, "security_rev") is None or not services.authorities:
            raise Unavailable("The server is not ready: its database or its certificate authority is missing.")
        return answer(Health("ready", __version__))
