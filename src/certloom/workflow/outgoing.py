"""What steps send outwards, as values, and the contract of who sends it.

Where a failure may pass, it is told apart by what is known of the effect: a step may always be tried again when
nothing was done (`NotDone`), and only where a second time is harmless when nobody knows (`PerhapsDone`).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

import msgspec

from certloom.errors import Unavailable

__all__ = ["Answer", "Http", "HttpRequest", "Mail", "Mailbox", "NotDone", "PerhapsDone"]


class NotDone(Unavailable):
    """Nothing was done, and the same may be tried again, not before ``after`` where the other side says so."""

    def __init__(self, message: str, after: timedelta | None = None) -> None:
        super().__init__(message)
        self.after = after


class PerhapsDone(Unavailable):
    """It was begun, and whether it was done is not known."""


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request to an absolute address. ``headers`` may hold a name more than once."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class Answer(msgspec.Struct, frozen=True):
    """An answer: status, headers by lower-case name, and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Http(Protocol):
    """HTTP as steps may use it: only to addresses that the operator lets steps reach."""

    async def send(self, request: HttpRequest) -> Answer:
        """Send one request and return the answer, whatever its status; redirects are not followed.

        Raises AddressRefused, AnswerUnusable, NotDone or PerhapsDone.
        """
        ...


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail: ``message`` is HTML and is cleaned before it is sent; the same ``key`` makes the same Message-ID."""

    subject: str
    message: str
    recipients: tuple[str, ...]
    key: str


class Mailbox(Protocol):
    """Where mail goes out."""

    async def send(self, mail: Mail) -> tuple[str, ...]:
        """Hand the mail to the mail server; returns what it said about recipients it refused, if not all.

        Raises MailNotConfigured, MailRefused, NotDone or PerhapsDone.
        """
        ...
