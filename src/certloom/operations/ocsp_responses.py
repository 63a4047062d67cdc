"""Signed OCSP responses that are kept to be sent again, and how many may be signed (RFC 5019, section 5)."""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final

import msgspec

__all__ = ["KeptResponse", "OcspResponses"]

_MOST_KEPT: Final = 10_000
_MOST_SIGNED: Final = 500
_A_SECOND: Final = timedelta(seconds=1)


class KeptResponse(msgspec.Struct, frozen=True):
    """A signed response, until when it is sent again, and the last change of a revocation that it knows of."""

    content: bytes
    until: datetime
    covers: int


class OcspResponses:
    """Responses by the request they answer, the oldest forgotten first; and a count of the signatures of a second."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, KeptResponse] = OrderedDict()
        self._began: datetime | None = None
        self._signed = 0

    def find(self, request: bytes, now: datetime, covers: int) -> bytes | None:
        """The response to this request, if it still counts and nothing was revoked since."""
        kept = self._kept.get(request)
        if kept is None or kept.covers != covers or not kept.until - _LONGEST <= now < kept.until:
            return None
        return kept.content

    def keep(self, request: bytes, response: KeptResponse) -> None:
        """Keep a response for the next time it is asked for."""
        self._kept[request] = response
        self._kept.move_to_end(request)
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)

    def may_sign(self, now: datetime) -> bool:
        """Whether one more response may be signed in this second."""
        if self._began is None or not timedelta() <= now - self._began < _A_SECOND:
            self._began, self._signed = now, 0
        self._signed += 1
        return self._signed <= _MOST_SIGNED


_LONGEST: Final = timedelta(days=10)
