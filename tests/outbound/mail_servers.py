"""A real mail server for the tests: aiosmtpd, on the loop of the test."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

PASSWORD = "open sesame"


@dataclass
class Received:
    """What a mail server of the test took, and what it refuses."""

    refuse: dict[str, str] = field(default_factory=dict)
    at_data: str = "250 OK"
    envelopes: list[Any] = field(default_factory=list)
    users: list[bytes] = field(default_factory=list)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.envelopes.append(envelope)
        if self.at_data == "vanish":
            server.transport.abort()
        return self.at_data

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _kind: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.users.append(data.login)
        return AuthResult(success=data.password == PASSWORD.encode(), handled=False)

    @property
    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(one.content, policy=default_policy) for one in self.envelopes]


@asynccontextmanager
async def mail_server(received: Received, implicit: ssl.SSLContext | None = None, **options: Any) -> AsyncIterator[int]:
    """The port of a mail server that listens until the end of the block."""
    loop = asyncio.get_running_loop()
    sessions: list[SMTP] = []

    def session() -> SMTP:
        sessions.append(SMTP(received, hostname="mail.example", loop=loop, **options))
        return sessions[-1]

    server = await loop.create_server(session, "127.0.0.1", 0, ssl=implicit)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for one in sessions:
            if one.transport is not None:
                one.transport.close()
        await server.wait_closed()
