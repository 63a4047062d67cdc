import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from tests.operations.conftest import World, step, world_of

from certloom.errors import Unavailable
from certloom.operations.outbox import send_due_mails
from certloom.operations.retention import forget_outdated
from certloom.workflow.instance import Instance, Status
from certloom.workflow.outgoing import Mail

MAILS = {
    "ApprovalEmailSubject": "Approved: $(Subject)",
    "ApprovalEmailMessage": "$(approvalsignalcmnts)",
    "ApprovalEmailRecipients": ["alice@corp.example"],
    "DeniedEmailSubject": "Denied",
    "DeniedEmailMessage": "No.",
    "DeniedEmailRecipients": ["alice@corp.example;audit@corp.example"],
}


@dataclass
class RecordingMailer:
    """Keeps what it is handed, and refuses as often as it is told to."""

    refusals: int = 0
    refused: tuple[str, ...] = ()
    ids: list[str] = field(default_factory=list)
    sent: list[tuple[tuple[str, ...], str, str]] = field(default_factory=list)

    async def send(self, mail: Mail) -> tuple[str, ...]:
        self.ids.append(mail.key)
        if self.refusals:
            self.refusals -= 1
            raise Unavailable("The mail server does not answer.")
        self.sent.append((mail.recipients, mail.subject, mail.message))
        return self.refused


@pytest.fixture
async def world(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """The outbox looks when a test says so."""
    monkeypatch.setattr("certloom.worker.outbox._LOOK_EVERY", 3600.0)
    async with world_of(data_folder) as opened_world:
        yield opened_world


async def waiting(world: World, **parameters: object) -> Instance:
    await world.publish(world.approval(parameters=parameters or MAILS), step("EnrollStep"))
    return (await world.enroll()).instance


async def sent(world: World, refusals: int = 0) -> RecordingMailer:
    world.services.mail = mailer = RecordingMailer(refusals)
    await send_due_mails(world.services)
    return mailer


async def test_an_approval_is_mailed_once_with_its_comment(world: World) -> None:
    await world.vote("bob", await waiting(world), {"Approved": "True", "Comment": "fine"})
    mailer = await sent(world)
    ((recipients, subject, message),) = mailer.sent
    assert (recipients, subject) == (("alice@corp.example",), "Approved: CN=web01.corp.example")
    assert "fine" in message
    await send_due_mails(world.services)
    assert len(mailer.sent) == 1


async def test_a_denial_is_mailed_to_everybody_it_names_in_a_near_spelling(world: World) -> None:
    assert (await world.deny("bob", await waiting(world))).status is Status.REJECTED
    mailer = await sent(world)
    assert mailer.sent == [(("alice@corp.example", "audit@corp.example"), "Denied", "No.")]


async def test_d02_d03_a_hostile_comment_stays_text_and_adds_no_header(world: World) -> None:
    parameters = MAILS | {
        "DeniedEmailSubject": "$(approvalsignalcmnts[0].Comment)",
        "DeniedEmailMessage": "$(approvalsignalcmnts[0].Comment)",
    }
    comment = "x\r\nBcc: evil@elsewhere.example\r\n\r\n<a href='http://evil'>$(CSR)</a>"
    await world.vote("bob", await waiting(world, **parameters), {"Approved": "False", "Comment": comment})
    ((recipients, subject, message),) = (await sent(world)).sent
    assert recipients == ("alice@corp.example", "audit@corp.example")
    assert not {"\r", "\n"} & set(subject)
    assert "<" not in message
    assert "$(CSR)" in message


async def test_a_vote_that_decides_nothing_is_not_mailed(world: World) -> None:
    await world.publish(world.approval(2, parameters=MAILS))
    await world.vote("bob", (await world.enroll()).instance)
    assert (await sent(world)).sent == []


@pytest.mark.parametrize("recipients", [[], ["$(nobody)"], [" ; "]])
async def test_without_recipients_there_is_no_mail(world: World, recipients: list[str]) -> None:
    before = await waiting(world, **(MAILS | {"ApprovalEmailRecipients": recipients}))
    assert (await world.vote("bob", before)).status is Status.COMPLETE
    assert await world.rows("outbox") == 0


async def test_a08_a_mail_server_that_does_not_answer_changes_no_decision_and_is_tried_again(world: World) -> None:
    after = await world.vote("bob", await waiting(world))
    mailer = await sent(world, refusals=2)
    await send_due_mails(world.services)
    assert len(mailer.ids) == 1
    for _ in range(2):
        world.clock.moved += timedelta(minutes=3)
        await send_due_mails(world.services)
    assert len(mailer.sent) == 1
    assert len(mailer.ids) == len({*mailer.ids}) + 2
    (told,) = await world.audited("send mail", level=2)
    assert told.entity == after.id
    assert "ApprovalEmail to alice@corp.example could not be sent: The mail server does not answer." in told.message
    assert await world.instance(after.id) == after


async def test_a_mail_that_cannot_be_sent_is_given_up_in_the_end_and_audited(world: World) -> None:
    after = await world.vote("bob", await waiting(world))
    for _ in range(12):
        await send_due_mails(world.services)
        world.clock.moved += timedelta(days=1)
    first, last = await world.audited("send mail", level=2)
    assert "No mail server is set." in first.message
    assert last.message.endswith("It is not tried again.")
    assert (await sent(world)).ids == []
    assert await world.instance(after.id) == after


async def test_a_fault_with_one_mail_leaves_the_next_one_alone(world: World) -> None:
    class Breaking(RecordingMailer):
        async def send(self, mail: Mail) -> tuple[str, ...]:
            if not self.ids:
                self.ids.append(mail.key)
                raise ValueError("no header")
            return await super().send(mail)

    await waiting(world)
    for csr_of in range(2):
        instance = (await world.enroll(idempotency_key=str(csr_of))).instance
        await world.deny("bob", instance)
    world.services.mail = mailer = Breaking()
    await send_due_mails(world.services)
    assert (len(mailer.ids), len(mailer.sent)) == (2, 1)


@pytest.mark.parametrize("recipient", ["nobody", "a@b.example Bcc: c@d.example"])
async def test_an_address_that_is_none_is_given_up_at_once_and_audited(world: World, recipient: str) -> None:
    await world.vote("bob", await waiting(world, **(MAILS | {"ApprovalEmailRecipients": [recipient]})))
    mailer = await sent(world)
    (told,) = await world.audited("send mail", level=2)
    assert "is not a mail address" in told.message
    assert told.message.endswith("It is not tried again.")
    world.clock.moved += timedelta(days=1)
    await send_due_mails(world.services)
    assert mailer.ids == []


async def test_a_recipient_the_mail_server_refuses_is_audited_and_the_others_get_the_mail_once(world: World) -> None:
    await world.deny("bob", await waiting(world))
    world.services.mail = mailer = RecordingMailer(refused=("audit@corp.example: no such box",))
    await send_due_mails(world.services)
    (told,) = await world.audited("send mail", level=2)
    assert "Not delivered to audit@corp.example: no such box." in told.message
    world.clock.moved += timedelta(days=1)
    await send_due_mails(world.services)
    assert len(mailer.sent) == 1


async def test_mails_are_forgotten_a_month_after_their_end_and_never_before(world: World) -> None:
    await world.vote("bob", await waiting(world))
    world.clock.moved += timedelta(days=40)
    await forget_outdated(world.services)
    assert await world.rows("outbox") == 1
    await sent(world)
    world.clock.moved += timedelta(days=31)
    await forget_outdated(world.services)
    assert await world.rows("outbox") == 0


async def test_the_outbox_is_looked_at_by_itself(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("certloom.worker.outbox._LOOK_EVERY", 0.01)
    async with world_of(data_folder) as running_world:
        running_world.services.mail = mailer = RecordingMailer()
        await running_world.vote("bob", await waiting(running_world))
        await eventually(mailer)
    assert len(mailer.sent) == 1


async def eventually(mailer: RecordingMailer) -> None:
    async with asyncio.timeout(10):
        while not mailer.sent:  # noqa: ASYNC110 - a mail announces itself to nobody
            await asyncio.sleep(0.01)
