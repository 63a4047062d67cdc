import ssl
from email.message import EmailMessage
from typing import Any

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st
from tests.outbound.conftest import server_context
from tests.outbound.mail_servers import PASSWORD, Received, mail_server

from certloom.clock import system_clock
from certloom.outbound.mail import MailNotConfigured, MailRefused, MailServer, SmtpMailbox, message_of
from certloom.outbound.plain_text import plain_text
from certloom.workflow.outgoing import Mail, NotDone, PerhapsDone

SENDER = "certloom@corp.example"


def mail(**fields: Any) -> Mail:
    given_fields = {
        "subject": "A request waits",
        "message": "<p>Look at <a href='https://pki.example/1'>it</a></p>",
        "recipients": ("a@corp.example", "b@corp.example"),
        "key": "i:Email1:1",
    }
    return Mail(**{**given_fields, **fields})


def mailbox(port: int, trust: ssl.SSLContext, **fields: Any) -> SmtpMailbox:
    server = MailServer(**{"host": "localhost", "port": port, "tls": "none", "sender": SENDER, **fields})
    return SmtpMailbox(server, trust, system_clock)


async def test_a_mail_arrives_as_html_and_as_plain_text(trust: ssl.SSLContext) -> None:
    received = Received()
    async with mail_server(received) as port:
        assert await mailbox(port, trust).send(mail()) == ()
    (envelope,), (message,) = received.envelopes, received.mails
    assert (envelope.mail_from, envelope.rcpt_tos) == (SENDER, ["a@corp.example", "b@corp.example"])
    assert (message["From"], message["Subject"]) == (SENDER, "A request waits")
    assert message["Date"]
    assert message["Auto-Submitted"] == "auto-generated"
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().strip() == "Look at it (https://pki.example/1)"
    assert 'href="https://pki.example/1"' in html.get_content()


async def test_the_same_key_makes_the_same_message_id(trust: ssl.SSLContext) -> None:
    received = Received()
    async with mail_server(received) as port:
        for key in ("one", "one", "two"):
            await mailbox(port, trust).send(mail(key=key))
    first, again, other = (message["Message-ID"] for message in received.mails)
    assert first == again != other
    assert first.endswith("@corp.example>")


async def test_c05_starttls_and_a_login_are_used(trust: ssl.SSLContext, trusted: trustme.CA) -> None:
    received, context = Received(), server_context(trusted, "localhost")
    options: dict[str, Any] = {"tls_context": context, "require_starttls": True, "auth_required": True}
    async with mail_server(received, authenticator=received.authenticate, **options) as port:
        sender = mailbox(port, trust, tls="starttls", user="certloom", password=PASSWORD)
        await sender.send(mail())
    assert (len(received.mails), received.users) == (1, [b"certloom"])


async def test_c05_tls_from_the_first_byte_is_used(trust: ssl.SSLContext, trusted: trustme.CA) -> None:
    received = Received()
    async with mail_server(received, server_context(trusted, "localhost")) as port:
        await mailbox(port, trust, tls="implicit").send(mail())
    assert len(received.mails) == 1


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_c05_a_mail_server_of_an_unknown_authority_gets_neither_mail_nor_password(
    trusted: trustme.CA, tls: str
) -> None:
    received, context = Received(), server_context(trusted, "localhost")
    implicit = context if tls == "implicit" else None
    options: dict[str, Any] = {} if implicit else {"tls_context": context}
    async with mail_server(received, implicit, authenticator=received.authenticate, **options) as port:
        sender = mailbox(port, ssl.create_default_context(), tls=tls, user="certloom", password=PASSWORD)
        with pytest.raises(NotDone, match="certificate"):
            await sender.send(mail())
    assert (received.mails, received.users) == ([], [])


async def test_c05_a_server_without_starttls_gets_nothing_where_it_is_asked_for(trust: ssl.SSLContext) -> None:
    received = Received()
    async with mail_server(received) as port:
        with pytest.raises(NotDone):
            await mailbox(port, trust, tls="starttls").send(mail())
    assert received.mails == []


async def test_a_wrong_password_is_refused_for_good_and_shown_nowhere(
    trust: ssl.SSLContext, trusted: trustme.CA
) -> None:
    received, context = Received(), server_context(trusted, "localhost")
    async with mail_server(received, tls_context=context, authenticator=received.authenticate) as port:
        sender = mailbox(port, trust, tls="starttls", user="certloom", password="wrong-password")
        with pytest.raises(MailRefused) as raised:
            await sender.send(mail())
    assert "535" in raised.value.message
    assert "wrong-password" not in f"{raised.value}{sender._server!r}"


async def test_a_mail_server_that_is_not_there_was_not_reached(trust: ssl.SSLContext) -> None:
    async with mail_server(Received()) as port:
        pass
    with pytest.raises(NotDone, match="could not be used"):
        await mailbox(port, trust).send(mail())


async def test_without_a_mail_server_nothing_is_sent(trust: ssl.SSLContext) -> None:
    with pytest.raises(MailNotConfigured, match="mail_host"):
        await mailbox(25, trust, host="").send(mail())


async def test_one_refused_recipient_is_told_and_the_others_get_the_mail(trust: ssl.SSLContext) -> None:
    received = Received({"b@corp.example": "550 no such user"})
    async with mail_server(received) as port:
        assert await mailbox(port, trust).send(mail()) == ("b@corp.example: no such user",)
    assert received.envelopes[0].rcpt_tos == ["a@corp.example"]


@pytest.mark.parametrize(("answer", "expected"), [("550 no such user", MailRefused), ("451 try later", NotDone)])
async def test_all_recipients_refused_is_for_good_or_may_pass(
    trust: ssl.SSLContext, answer: str, expected: type[Exception]
) -> None:
    received = Received({"a@corp.example": answer, "b@corp.example": answer})
    async with mail_server(received) as port:
        with pytest.raises(expected, match=answer[:3]):
            await mailbox(port, trust).send(mail())


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("554 we take no mail like this", MailRefused), ("452 no space", NotDone), ("vanish", PerhapsDone)],
)
async def test_what_the_server_says_to_the_mail_itself_decides(
    trust: ssl.SSLContext, answer: str, expected: type[Exception]
) -> None:
    async with mail_server(Received(at_data=answer)) as port:
        with pytest.raises(expected):
            await mailbox(port, trust).send(mail())


@given(st.text())
def test_d03_a_subject_never_becomes_another_header(text: str) -> None:
    message = message_of(mail(subject=f"a{text}\r\nBcc: everybody@corp.example"), SENDER)
    head = message.as_bytes().partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0] for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))]
    expected = [b"From", b"To", b"Subject", b"Message-ID", b"Auto-Submitted", b"MIME-Version", b"Content-Type"]
    assert sorted(names) == sorted(expected)


HOSTILE_HTML = [
    "<script>steal()</script>",
    "<img src=x onerror=steal()>",
    "<a href='javascript:steal()'>x</a>",
    "<a href=' data:text/html,steal()'>x</a>",
    "<form action=https://evil.example><input name=steal></form>",
    "<iframe src=https://evil.example/steal></iframe>",
    "<style>@import 'https://evil.example/steal'</style>",
    "<svg><script>steal()</script></svg>",
    "<math><mtext><table><mglyph><style><img title='--></style><img src=1 onerror=steal()>'>",
    "<b onclick=steal()>x</b>",
]


@pytest.mark.parametrize("hostile", HOSTILE_HTML)
def test_d03_the_html_of_a_mail_is_cleaned(hostile: str) -> None:
    sent = html_of(message_of(mail(message=f"<h1>Hello</h1>{hostile}"), SENDER))
    assert "<h1>Hello</h1>" in sent
    live = ("<script", "onerror=steal", "onclick", "javascript:", "data:text", "<form", "<input", "<iframe", "@import")
    assert [part for part in live if part in sent.casefold()] == []


def html_of(message: EmailMessage) -> str:
    body = message.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def test_d03_the_plain_text_shows_where_a_link_leads() -> None:
    text = plain_text('<p>Go to <a href="https://evil.example/">https://pki.example/</a></p>')
    assert text == "Go to https://pki.example/ (https://evil.example/)\n"


def test_a_plain_text_keeps_lines_lists_and_letters() -> None:
    source = "<html><body><h1>Title</h1><b>CN:</b> a &amp; b<br>next<ul><li>one</li><li>two</li></ul></body></html>"
    assert plain_text(source) == "Title\nCN: a & b\nnext\n\n- one\n- two\n"
