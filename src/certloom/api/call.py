"""A call: what every route needs of a request, put together once by the gate."""

from typing import Any, TypeVar, overload

import msgspec
from litestar import Request

from certloom.api.binding import read_body, read_query
from certloom.api.json_value import BodyLimits
from certloom.errors import Invalid
from certloom.identity.actor import Actor
from certloom.operations.services import Services
from certloom.settings import EnumerationForm

__all__ = ["ApiVersionUnknown", "Call", "call_of"]

T = TypeVar("T")


class ApiVersionUnknown(Invalid):
    """A version of the API that an address does not have."""


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

    def api_version(self) -> int:
        """The version of the API that is asked for: 1 or 2, and 1 where nothing is said. Raises ApiVersionUnknown."""
        said = (self.header("x-keyfactor-api-version") or "1").strip()
        if said not in _API_VERSIONS:
            raise ApiVersionUnknown(f"There is no version {said[:20]!r} of this address. It has versions 1 and 2.")
        return _API_VERSIONS[said]

    def wait_seconds(self) -> float | None:
        """What ``Prefer: wait=n`` asks for (RFC 7240, 4.3), at most a minute; None when it asks for nothing."""
        for preference in (self.header("prefer") or "").split(","):
            name, _, value = preference.strip().partition("=")
            if name.strip().lower() == "wait" and value.strip().isdecimal():
                return min(float(value), _LONGEST_WAIT)
        return None


_LONGEST_WAIT = 60.0
_API_VERSIONS = {"1": 1, "1.0": 1, "2": 2, "2.0": 2}


def call_of(request: Request[Any, Any, Any]) -> Call:
    """The call the gate prepared for this request."""
    state = request.scope["state"]
    return Call(state["services"], state["actor"], state["form"], request)
