from dataclasses import replace
from typing import Any

import pytest
from tests.steps.conftest import FakeContext, FakeMailbox, view

from certloom.authorities.embedded.authority import EmbeddedAuthority
from certloom.steps.email import Email
from certloom.workflow.outcome import Continue, Outcome
from certloom.workflow.outgoing import Mail
from certloom.workflow.parameters import TOKEN_MODE
from certloom.workflow.recipients import RecipientsInvalid
from certloom.workflow.step import Retries

GIVEN = {"Subject": "Waits", "Message": "<p>x</p>", "Recipients": ["a@corp.example; b@corp.example"]}


async def sent(issuing: EmbeddedAuthority, mailbox: FakeMailbox, **parameters: Any) -> Outcome:
    context = FakeContext(view({}, parameters={**GIVEN, **parameters}), issuing, mail=mailbox)
    step = Email()
    prepared = await step.prepare(context)
    return await step.perform(replace(context, view=view({})), prepared.intent)


async def test_the_mail_that_was_recorded_is_the_one_that_is_sent(issuing: EmbeddedAuthority) -> None:
    mailbox = FakeMailbox()
    assert await sent(issuing, mailbox) == Continue()
    recipients = ("a@corp.example", "b@corp.example")
    assert mailbox.sent == [Mail(subject="Waits", message="<p>x</p>", recipients=recipients, key="i:S:1")]


async def test_recipients_the_server_refused_are_remarked(issuing: EmbeddedAuthority) -> None:
    outcome = await sent(issuing, FakeMailbox(refused=("b@corp.example: no such user",)))
    assert outcome == Continue(messages=("Not delivered to b@corp.example: no such user",))


@pytest.mark.parametrize("recipients", [[], ["", " "], ["nobody"], ["a@corp.example", "Bcc: x"]])
async def test_without_valid_recipients_nothing_is_sent(issuing: EmbeddedAuthority, recipients: list[str]) -> None:
    mailbox = FakeMailbox()
    with pytest.raises(RecipientsInvalid):
        await sent(issuing, mailbox, Recipients=recipients)
    assert mailbox.sent == []


def test_a_mail_may_be_sent_a_second_time_under_the_same_key() -> None:
    assert Email().again({}) is Retries.TWICE
    assert TOKEN_MODE in Email.parameters
