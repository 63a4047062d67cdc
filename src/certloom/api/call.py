"""A call: what every route needs of a request, put together once by the gate."""

from typing import Any, TypeVar, overload

import msgspec
from litestar import Request

from certloom.api.binding import read_body, read_query
from certloom.api.json_value import BodyLimits
from certloom.identity.actor import Actor
from certloom.operations.services import Services
from certloom.settings import EnumerationForm

__all__ = ["Call", "call_of"]

T = TypeVar("T")


class Call(msgspec.Struct, frozen=True):
    """Who calls, in which form enumerations are written, and the services that answer."""

    services: Services
    actor: Actor
    form: EnumerationForm
    request: Request[Any, Any, Any]

    @overload
    async def body(self, type_: type[T]) -> T: ...
    @overload
    async def body(self, type_: Any) -> Any: ...
    async def body(self, type_: Any) -> Any:
        """The request's body as ``type_``. Raises what ``read_body`` raises."""
        settings = self.services.settings
        limits = BodyLimits(settings.max_body_bytes, settings.max_body_depth)
        return read_body(await self.request.body(), type_, limits)

    def query(self, type_: type[T]) -> T:
        """The query string as ``type_``. Raises what ``read_query`` raises."""
        return read_query(self.request.scope["query_string"], type_)

    def header(self, name: str) -> str | None:
        """The value of a header, its name in lower case, or None."""
        value = self.request.scope["state"]["headers"].get(name.encode())
        return None if value is None else value.decode("latin-1")

    def wait_seconds(self) -> float | None:
        """What ``Prefer: wait=n`` asks for (RFC 7240, 4.3), at most a minute; None when it asks for nothing."""
        for preference in (self.header("prefer") or "").split(","):
            name, _, value = preference.strip().partition("=")
            if name.strip().lower() == "wait" and value.strip().isdecimal():
                return min(float(value), _LONGEST_WAIT)
        return None


_LONGEST_WAIT = 60.0


def call_of(request: Request[Any, Any, Any]) -> Call:
    """The call the gate prepared for this request."""
    state = request.scope["state"]
    return Call(state["services"], state["actor"], state["form"], request)
