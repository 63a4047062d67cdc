import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.operations.conftest import World, make_csr, step, world_of

from certloom.operations.checkpoints import verify_audit
from certloom.store.instances import instance_of, journal_of, read_row
from certloom.store.sqlite import connect
from certloom.workflow.event import StepStarted
from certloom.workflow.instance import Status
from certloom.workflow.journal import fold

PROGRAM = Path(__file__).with_name("crashing_process.py")
POINTS = ("before intent", "after intent", "after signing", "before result", "after result")


def crash(data_folder: Path, point: str) -> str:
    """Enroll in a process of its own that dies at ``point``; returns the request it made."""
    csr = data_folder.parent / "request.pem"
    csr.write_text(make_csr())
    command = [sys.executable, str(PROGRAM), str(data_folder), point, str(csr)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 - our own code
    assert finished.returncode == -signal.SIGKILL, finished.stderr
    return csr.read_text()


async def only_instance(world: World) -> str:
    ((instance_id,),) = await world.services.database.fetch_all("SELECT id FROM instance")
    return str(instance_id)


async def without_approval(data_folder: Path) -> None:
    async with world_of(data_folder) as world:
        await world.publish(step("EnrollStep"))


async def intents_of(world: World, instance_id: str) -> list[dict[str, Any]]:
    journal = await journal_of(world.services.database, instance_id)
    return [event.intent for event in journal if isinstance(event, StepStarted)]


async def assert_consistent(world: World, instance_id: str) -> None:
    database = world.services.database
    found = await read_row(database, instance_id)
    assert found is not None
    assert fold(await journal_of(database, instance_id)) == instance_of(found[0])
    report = await verify_audit(database, world.services.seal.audit_key().public_key())
    assert report.fault is None
    assert await database.fetch_one("PRAGMA integrity_check") == ("ok",)


@pytest.mark.parametrize("point", POINTS)
async def test_f02_i01_a_killed_enrollment_completes_by_itself_with_one_certificate(
    data_folder: Path, point: str
) -> None:
    await without_approval(data_folder)
    csr = crash(data_folder, point)
    planned = serials_planned(data_folder)
    assert len(planned) == (0 if point == "before intent" else 1)
    async with world_of(data_folder) as world:
        instance_id = await only_instance(world)
        await world.services.settle(instance_id, 20)
        instance = await world.instance(instance_id)
        assert instance.status is Status.COMPLETE
        database = world.services.database
        issuance = await database.fetch_all("SELECT certificate_id, serial FROM issuance")
        certificates = await database.fetch_all("SELECT id, serial_number, late FROM certificate")
        assert certificates == [(*issuance[0], 0)]
        assert len(issuance) == 1
        intents = await intents_of(world, instance_id)
        assert all(intent == intents[0] for intent in intents)
        assert (intents[0]["certificate_id"], intents[0]["plan"]["serial"]) == issuance[0]
        if planned:
            assert [issuance[0][1]] == planned
        await assert_consistent(world, instance_id)
        again = await world.enroll(csr=csr)
        assert again.instance.id == instance_id
        assert again.certificate is not None


def serials_planned(data_folder: Path) -> list[str]:
    """The serial numbers of the intents that outlived the crash, read before anything goes on."""
    connection = connect(data_folder / "certloom.db")
    rows = connection.execute("SELECT body FROM journal WHERE kind = 'StepStarted'").fetchall()
    connection.close()
    return [msgspec.json.decode(body)["intent"]["plan"]["serial"] for (body,) in rows]


async def test_i01_a_kill_while_it_waits_loses_nothing(data_folder: Path) -> None:
    csr = crash(data_folder, "while suspended")
    async with world_of(data_folder) as world:
        instance_id = await only_instance(world)
        instance = await world.instance(instance_id)
        assert instance.status is Status.SUSPENDED
        assert (await world.enroll(csr=csr)).instance == instance
        after = await world.vote("bob", instance)
        assert (after.status, await world.certificates()) == (Status.COMPLETE, 1)
        await assert_consistent(world, instance_id)


async def test_i01_an_acknowledged_vote_outlives_a_restart(data_folder: Path) -> None:
    async with world_of(data_folder) as world:
        await world.person("dave", "Approvers")
        await world.publish(world.approval(2))
        before = await world.vote("bob", (await world.enroll()).instance)
    async with world_of(data_folder) as world:
        assert await world.instance(before.id) == before
        assert (await world.vote("dave", before)).status is Status.COMPLETE
