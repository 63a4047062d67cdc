"""Limits on what one connection may make the server hold, before anybody is asked who sends it."""

from typing import Final

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["LimitedHttp"]

_LONGEST_HEAD: Final = 64 * 1024


class LimitedHttp(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it, which alone gathers headers and trailers of any length.

    Refused with 400 is what goes on for more than 64 KiB without a request that begins or a body that moves on. How
    long a body may be is for the application to say, and it is read no faster than the application asks.
    """

    _held = 0
    _moved = False

    @override
    def data_received(self, data: bytes) -> None:
        """Take octets from the connection."""
        if self._held > _LONGEST_HEAD:
            self.send_400_response(f"The headers have more than {_LONGEST_HEAD} bytes. Send fewer.")
            return
        self._moved = False
        super().data_received(data)
        self._held = 0 if self._moved else self._held + len(data)

    @override
    def on_message_begin(self) -> None:
        """A request begins."""
        self._moved = True
        super().on_message_begin()

    @override
    def on_body(self, body: bytes) -> None:
        """A part of a body came in."""
        self._moved = True
        super().on_body(body)
