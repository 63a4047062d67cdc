"""A server that is killed around the sending of a mail loses none, and a second one can be recognised as the same."""

import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.operations.conftest import World, make_csr, step, world_of
from tests.outbound.mail_servers import Received, mail_server

from certloom.operations.definition_steps import StepDraft
from certloom.store.instances import journal_of
from certloom.workflow.event import StepStarted
from certloom.workflow.instance import Status

PROGRAM = Path(__file__).with_name("crashing_mailer.py")
TO = ["alice@corp.example"]
EMAIL = step("Email", parameters={"Subject": "A request", "Message": "<p>$(Subject)</p>", "Recipients": TO})
OUTCOME = {"ApprovalEmailSubject": "Yes", "ApprovalEmailMessage": "Yes.", "ApprovalEmailRecipients": TO}


async def crash(data_folder: Path, port: int, point: str) -> None:
    """Enroll and approve in a process of its own, which dies at ``point`` of the first mail."""
    csr = data_folder.parent / "request.pem"
    csr.write_text(make_csr())
    arguments = [str(PROGRAM), str(data_folder), str(port), point, str(csr)]
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stderr=asyncio.subprocess.PIPE)
    _, told = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == -signal.SIGKILL, told.decode()


async def only_instance(world: World) -> str:
    ((instance_id,),) = await world.services.database.fetch_all("SELECT id FROM instance")
    return str(instance_id)


async def every_mail_ended(world: World) -> None:
    async with asyncio.timeout(60):
        while await world.services.database.fetch_all("SELECT id FROM outbox WHERE ended_at IS NULL"):  # noqa: ASYNC110 - rows ring no bell
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(("point", "sent"), [("before sending", 1), ("after sending", 2)])
@pytest.mark.parametrize("kind", ["a mail of a step", "a mail about a decision"])
async def test_i01_a_kill_around_a_mail_loses_none_and_repeats_it_under_its_message_id(
    data_folder: Path, kind: str, point: str, sent: int
) -> None:
    received = Received()
    async with mail_server(received) as port:
        settings: dict[str, Any] = {"mail_host": "127.0.0.1", "mail_port": port, "mail_tls": "none"}
        settings["mail_sender"] = "certloom@corp.example"
        async with world_of(data_folder, **settings) as world:
            await world.publish(*steps_of(world, kind), step("EnrollStep"))
        await crash(data_folder, port, point)
        assert len(received.mails) == sent - 1
        async with world_of(data_folder, **settings) as world:
            instance_id = await only_instance(world)
            await world.services.settle(instance_id, 60)
            await every_mail_ended(world)
            instance = await world.instance(instance_id)
            assert (instance.status, await world.certificates()) == (Status.COMPLETE, 1)
            journal = await journal_of(world.services.database, instance_id)
    assert [mail["To"] for mail in received.mails] == TO * sent
    assert len({mail["Message-ID"] for mail in received.mails}) == 1
    intents = [event.intent for event in journal if isinstance(event, StepStarted) and event.step == "Email1"]
    assert all(intent == intents[0] for intent in intents)


def steps_of(world: World, kind: str) -> tuple[StepDraft, ...]:
    return (world.approval(), EMAIL) if kind == "a mail of a step" else (world.approval(parameters=OUTCOME),)
