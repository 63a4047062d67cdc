import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import trustme
from pytest_httpserver import HTTPServer
from tests.operations.conftest import World, step, world_of
from tests.operations.test_retrying import woken
from tests.outbound.conftest import PUBLIC, InventedNetwork
from tests.outbound.mail_servers import Received, mail_server
from werkzeug import Request, Response

from certloom.operations.definition_steps import StepDraft
from certloom.operations.outbox import send_due_mails
from certloom.operations.runner import advance
from certloom.workflow.instance import Instance, Status

SECRET, TOKEN = "open-sesame-4711", "bearer-token-0815"
NAMES = ("login.example", "graph.example")
MEMBERS = {
    "Verb": "GET",
    "URL": "https://graph.example/v1.0/groups/$(AdditionalAttributes.Group)/members?$select=mail",
    "DataBucketProperty": "Members",
    "client_id": "certloom",
    "client_secret": SECRET,
    "TokenEndpoint": "https://login.example/token",
    "scope": "https://graph.example/.default",
}
MAIL = {
    "Subject": "A request for $(AdditionalAttributes.Group) waits",
    "Message": "<p>Group <b>$(AdditionalAttributes.Group)</b></p>",
    "Recipients": ["$(Members.value[0].mail);$(Members.value[1].mail)"],
}


@dataclass
class Outside:
    """A web server that is several public names, a mail server, and a world that reaches both."""

    world: World
    web: HTTPServer
    network: InventedNetwork
    received: Received

    async def run(self, *drafts: StepDraft, group: str = "pki") -> Instance:
        await self.world.publish(*drafts, step("EnrollStep"))
        instance = (await self.world.enroll(additional_fields={"Group": group}, wait_seconds=0)).instance
        await self.world.services.settle(instance.id, 10)
        return await self.world.instance(instance.id)

    async def written(self) -> str:
        """Everything that was recorded about instances."""
        rows = await self.world.services.database.fetch_all("SELECT body FROM journal")
        audit = await self.world.services.database.fetch_all("SELECT body FROM audit WHERE operation LIKE '%nstance%'")
        return f"{rows}{audit}"


@pytest.fixture
def web() -> Iterator[tuple[HTTPServer, trustme.CA]]:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*NAMES).configure_cert(context)
    with HTTPServer(host="127.0.0.1", ssl_context=context) as server:
        yield server, authority


@pytest.fixture
async def outside(
    data_folder: Path, web: tuple[HTTPServer, trustme.CA], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Outside]:
    # The outbox looks when a test says so.
    monkeypatch.setattr("certloom.worker.outbox._LOOK_EVERY", 3600.0)
    server, authority = web
    trust = data_folder.parent / "trust.pem"
    authority.cert_pem.write_to_path(str(trust))
    network, received = InventedNetwork(dict.fromkeys(NAMES, (PUBLIC,)), {PUBLIC: server.port}), Received()
    async with (
        mail_server(received) as port,
        world_of(
            data_folder,
            network,
            outbound_trust=str(trust),
            mail_host="127.0.0.1",
            mail_port=port,
            mail_tls="none",
            mail_sender="certloom@corp.example",
        ) as world,
    ):
        yield Outside(world, server, network, received)


async def test_a_group_is_read_from_a_service_and_its_members_get_a_mail(outside: Outside) -> None:
    def members(request: Request) -> Response:
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        assert "/groups/a%2Fmembers/members" in request.environ["REQUEST_URI"]
        return Response('{"value": [{"mail": "a@corp.example"}, {"mail": "b@corp.example"}]}', 200)

    outside.web.expect_request("/token", method="POST").respond_with_json({"access_token": TOKEN, "expires_in": 3600})
    outside.web.expect_request("/v1.0/groups/a/members/members").respond_with_handler(members)
    drafts = (step("OAuthRESTRequest", parameters=MEMBERS), step("Email", parameters=MAIL))
    after = await outside.run(*drafts, group="a/members")
    assert after.status is Status.COMPLETE
    (envelope,), (mail,) = outside.received.envelopes, outside.received.mails
    assert envelope.rcpt_tos == ["a@corp.example", "b@corp.example"]
    assert mail["Subject"] == "A request for a/members waits"
    written = await outside.written()
    assert "graph.example" in written
    assert SECRET not in written
    assert TOKEN not in written


async def test_d02_what_a_requester_writes_stays_text_in_a_mail(outside: Outside) -> None:
    hostile = 'x</b><a href="https://evil.example">click</a>\r\nBcc: everybody@corp.example'
    drafts = (step("Email", parameters={**MAIL, "Recipients": ["a@corp.example"]}),)
    assert (await outside.run(*drafts, group=hostile)).status is Status.COMPLETE
    (mail,) = outside.received.mails
    html, plain = mail.get_body(("html",)), mail.get_body(("plain",))
    assert html is not None
    assert plain is not None
    assert "<a" not in html.get_content()
    assert "https://evil.example" in plain.get_content()
    assert (mail["Bcc"], outside.received.envelopes[0].rcpt_tos) == (None, ["a@corp.example"])


async def test_a_busy_service_is_asked_again_when_it_says_and_not_before(outside: Outside) -> None:
    answers = [Response("busy", 503, {"Retry-After": "600"}), Response("[1]", 200)]
    keys: list[str] = []

    def answer(request: Request) -> Response:
        keys.append(request.headers["Idempotency-Key"])
        return answers.pop(0)

    outside.web.expect_request("/order", method="POST").respond_with_handler(answer)
    given = {
        "Verb": "POST",
        "URL": "https://graph.example/order",
        "DataBucketProperty": "Order",
        "RequestContent": "{}",
    }
    asleep = await outside.run(step("RESTRequest", parameters=given))
    assert asleep.wake_at is not None
    assert asleep.wake_at - asleep.modified_at > timedelta(seconds=590)
    after = await woken(outside.world, asleep)
    assert (after.status, after.data["Order"]) == (Status.COMPLETE, "[1]")
    assert len(keys) == 2
    assert len(set(keys)) == 1


async def test_a_refusal_of_a_service_is_not_tried_again(outside: Outside) -> None:
    outside.web.expect_request("/order").respond_with_data("no such order", 404)
    failed = await outside.run(
        step("RESTRequest", parameters={"Verb": "GET", "URL": "https://graph.example/order?k=1"})
    )
    assert failed.status is Status.FAILED
    assert "GET https://graph.example/order answered 404: no such order" in failed.message
    assert len(outside.web.log) == 1


@pytest.mark.parametrize(
    "address", ["http://169.254.169.254/latest/meta-data", "https://127.0.0.1:8443/", "file:///etc/passwd"]
)
async def test_c01_an_address_out_of_the_data_is_judged_like_any_other(outside: Outside, address: str) -> None:
    outside.network.names |= {"169.254.169.254": ("169.254.169.254",), "127.0.0.1": ("127.0.0.1",)}
    failed = await outside.run(
        step("RESTRequest", parameters={"Verb": "GET", "URL": "$(AdditionalAttributes.Group)"}), group=address
    )
    assert failed.status is Status.FAILED
    assert outside.network.connected == []


async def test_a_mail_whose_end_is_unknown_is_sent_again_under_the_same_message_id(outside: Outside) -> None:
    outside.received.at_data = "vanish"
    asleep = await outside.run(step("Email", parameters={**MAIL, "Recipients": ["a@corp.example"]}))
    assert "was lost while it took the mail" in asleep.message
    outside.received.at_data = "250 OK"
    assert (await woken(outside.world, asleep)).status is Status.COMPLETE
    first, second = outside.received.mails
    assert first["Message-ID"] == second["Message-ID"]


async def test_a_mail_about_a_decision_goes_out_through_the_mail_server(outside: Outside) -> None:
    world = outside.world
    given = {"ApprovalEmailSubject": "Yes", "ApprovalEmailMessage": "<p>Yes</p>"}
    recipients = {"ApprovalEmailRecipients": ["a@corp.example;b@corp.example"]}
    waiting = await outside.run(world.approval(parameters={**given, **recipients}))
    outside.received.refuse["b@corp.example"] = "550 no such user"
    await world.vote("bob", waiting)
    await send_due_mails(world.services)
    await send_due_mails(world.services)
    ((envelope,), (mail,)) = (outside.received.envelopes, outside.received.mails)
    assert (envelope.rcpt_tos, mail["Subject"]) == (["a@corp.example"], "Yes")


async def test_d03_a_mail_about_a_decision_whose_recipient_is_none_is_not_sent(outside: Outside) -> None:
    world = outside.world
    given = {
        "ApprovalEmailSubject": "Yes",
        "ApprovalEmailRecipients": ["$(AdditionalAttributes.Group)"],
        "TokenMode": "text",
    }
    waiting = await outside.run(world.approval(parameters=given), group="a@corp.example\r\nBcc: b@corp.example")
    assert (await world.vote("bob", waiting)).status is Status.COMPLETE
    await send_due_mails(world.services)
    assert outside.received.mails == []
    (told,) = await world.audited("send mail", level=2)
    assert "not a mail address" in told.message


async def test_i01_a_post_that_was_interrupted_is_not_sent_again(outside: Outside) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def answer(_request: Request) -> Response:
        entered.set()
        go_on.wait(30)
        return Response("{}", 200)

    outside.web.expect_request("/order").respond_with_handler(answer)
    world = outside.world
    await world.publish(
        step("RESTRequest", parameters={"Verb": "POST", "URL": "https://graph.example/order"}), step("EnrollStep")
    )
    instance = (await world.enroll(wait_seconds=0)).instance
    await asyncio.to_thread(entered.wait, 30)
    await advance(world.services, instance.id)
    go_on.set()
    after = await world.instance(instance.id)
    assert after.status is Status.FAILED
    assert "whether it happened is not known" in after.message
    assert len(outside.network.connected) == 1
