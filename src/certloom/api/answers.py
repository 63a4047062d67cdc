"""Answers: bytes, status and headers of what a route says."""

from typing import Any

import msgspec
from litestar import Response
from litestar.enums import MediaType

__all__ = ["JSON", "answer", "nothing", "raw_answer"]

JSON = "application/json; charset=utf-8"
_ENCODER = msgspec.json.Encoder()


def answer(value: Any, headers: dict[str, str] | None = None) -> Response[bytes]:
    """200 with ``value`` as JSON."""
    return raw_answer(_ENCODER.encode(value), headers)


def raw_answer(body: bytes, headers: dict[str, str] | None = None) -> Response[bytes]:
    """200 with JSON that is rendered already."""
    return Response(body, media_type=JSON, headers=headers)


def nothing(status: int = 204) -> Response[None]:
    """An answer without a body."""
    return Response(None, status_code=status, media_type=MediaType.TEXT)
