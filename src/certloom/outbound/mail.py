"""Mail outwards, through the one server the operator configured.

The HTML of a mail is cleaned and gets a plain-text alternative; its Message-ID follows from the key of the step, so
that a mail that had to be sent twice is recognised as the same (RFC 5322, section 3.6.4).
"""

import hashlib
import re
import ssl
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from typing import Literal

import aiosmtplib
import msgspec
import nh3

from certloom.clock import Clock
from certloom.errors import Conflict, Invalid
from certloom.outbound.plain_text import plain_text
from certloom.workflow.outgoing import Mail, NotDone, PerhapsDone

__all__ = ["MailNotConfigured", "MailRefused", "MailServer", "SmtpMailbox", "message_of"]

_SECONDS = 60.0
_REFUSED_FOR_GOOD = 500
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class MailNotConfigured(Conflict):
    """A mail is to be sent and no mail server is set."""


class MailRefused(Invalid):
    """The mail server refused the login, the sender, every recipient or the mail, for good."""


class MailServer(msgspec.Struct, frozen=True, kw_only=True):
    """The mail server an operator set, without a host: none. ``password`` is shown nowhere."""

    host: str = ""
    port: int = 587
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    sender: str = ""
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"MailServer({self.host}:{self.port})"


class SmtpMailbox:
    """Hands mails to the mail server, one connection for each."""

    def __init__(self, server: MailServer, trust: ssl.SSLContext, clock: Clock) -> None:
        self._server = server
        self._trust = trust
        self._clock = clock

    async def send(self, mail: Mail) -> tuple[str, ...]:
        """Send one mail; see `Mailbox`."""
        if not self._server.host:
            raise MailNotConfigured("No mail server is set. Set mail_host and mail_sender, then restart the instance.")
        message = message_of(mail, self._server.sender)
        message["Date"] = format_datetime(self._clock())
        client = await self._opened()
        try:
            return await self._hand_over(client, message, mail.recipients)
        finally:
            client.close()

    async def _opened(self) -> aiosmtplib.SMTP:
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            local_hostname=_domain(server.sender),
            timeout=_SECONDS,
            use_tls=server.tls == "implicit",
            start_tls=server.tls == "starttls",
            tls_context=self._trust,
        )
        try:
            await client.connect()
            if server.user:
                await client.login(server.user, server.password)
        except aiosmtplib.SMTPResponseException as error:
            client.close()
            raise self._answered(error.code, error.message) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            raise NotDone(f"The mail server {server.host} could not be used: {error}.") from error
        return client

    async def _hand_over(
        self, client: aiosmtplib.SMTP, message: EmailMessage, recipients: tuple[str, ...]
    ) -> tuple[str, ...]:
        try:
            refused, _ = await client.send_message(message, sender=self._server.sender, recipients=recipients)
        except aiosmtplib.SMTPRecipientsRefused as error:
            worst = max(error.recipients, key=lambda one: one.code)
            raise self._answered(worst.code, f"{worst.recipient}: {worst.message}") from error
        except aiosmtplib.SMTPResponseException as error:
            raise self._answered(error.code, error.message) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise PerhapsDone(f"The mail server {self._server.host} was lost while it took the mail.") from error
        return tuple(f"{address}: {_line(answer.message)}" for address, answer in refused.items())

    def _answered(self, code: int, text: str) -> NotDone | MailRefused:
        told = f"The mail server {self._server.host} answered {code} {_line(text)}."
        return MailRefused(told) if code >= _REFUSED_FOR_GOOD else NotDone(told)


def message_of(mail: Mail, sender: str) -> EmailMessage:
    """The message, without its date. A line break in the subject becomes a blank, so that it starts no header."""
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"] = sender
    message["To"] = ", ".join(mail.recipients)
    message["Subject"] = _BREAKS.sub(" ", mail.subject).strip()
    message["Message-ID"] = f"<{hashlib.sha256(mail.key.encode()).hexdigest()[:40]}@{_domain(sender)}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: answer me not with a notice of absence
    clean = nh3.clean(mail.message, url_schemes={"http", "https", "mailto"})
    message.set_content(plain_text(clean))
    message.add_alternative(clean, subtype="html")
    return message


def _domain(sender: str) -> str:
    return sender.rpartition("@")[2].rstrip(">")


def _line(text: str) -> str:
    return " ".join(text.split())[:200]
