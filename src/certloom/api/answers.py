"""Answers: bytes, status and headers of what a route says."""

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Response
from litestar.enums import MediaType
from litestar.types import ASGIApp, Receive, Scope, Send
from typing_extensions import override

__all__ = ["JSON", "JsonAnswer", "answer", "nothing", "send_json"]

JSON = "application/json; charset=utf-8"
_CONTENT_TYPE = (b"content-type", JSON.encode())
_ENCODER = msgspec.json.Encoder()


class JsonAnswer(Response[bytes]):
    """JSON that is rendered already, sent as it is.

    The framework's own response merges headers, cookies and encoders of every layer, which costs more than reading the
    row that is sent.
    """

    def __init__(self, body: bytes, headers: dict[str, str] | None = None, status: int = 200) -> None:
        super().__init__(body, media_type=JSON, status_code=status)
        self._fields = headers or {}

    @override
    def to_asgi_response(self, *_: Any, **__: Any) -> ASGIApp:  # type: ignore[override]  # any ASGI application will do
        return self._send

    async def _send(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send_json(send, self.status_code or 200, self.content, self._fields)


async def send_json(send: Send, status: int, body: bytes, headers: Mapping[str, str]) -> None:
    """Send an answer of JSON that is rendered already."""
    fields = [(name.encode(), value.encode()) for name, value in headers.items()]
    if body:
        fields += [_CONTENT_TYPE, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def answer(value: Any, headers: dict[str, str] | None = None) -> Response[bytes]:
    """200 with ``value`` as JSON."""
    return JsonAnswer(_ENCODER.encode(value), headers)


def nothing(headers: Mapping[str, str] | None = None) -> Response[None]:
    """An answer without a body."""
    return Response(None, status_code=204, media_type=MediaType.TEXT, headers=headers)
