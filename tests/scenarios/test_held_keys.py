import signal
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest
from tests.operations.conftest import ROOT, world_of
from tests.operations.keys import ask, opened_file, recover

from certloom.operations.certificates import CertificateChoice, download_certificate
from certloom.operations.held_keys import KeyNotHeld
from certloom.operations.restarting import restart_instance
from certloom.pki.certificate import load_certificate
from certloom.store.sqlite import connect
from certloom.workflow.instance import Status

PROGRAM = "tests.scenarios.crashing_key_request"


async def test_a_key_asked_for_before_a_stop_is_collected_after_it(data_folder: Path) -> None:
    async with world_of(data_folder) as world:
        waiting = (await ask(world, key_algorithm="RSA")).enrolled.instance
    async with world_of(data_folder) as world:
        after = await world.vote("bob", waiting)
        assert after.status is Status.COMPLETE
    async with world_of(data_folder) as world:
        certificate_id = after.data["KeyfactorId"]
        file = opened_file(await recover(world, "alice", certificate_id))
        choice = CertificateChoice(certificate_id=certificate_id)
        row, _ = await download_certificate(world.services, await world.actor("alice"), choice)
        assert file.key is not None
        assert file.key.public_key() == load_certificate(row.der).public_key()
        with pytest.raises(KeyNotHeld):
            await recover(world, "alice", certificate_id)


async def test_a_restart_of_the_request_and_one_of_the_server_lose_no_key(data_folder: Path) -> None:
    async with world_of(data_folder) as world:
        waiting = (await ask(world)).enrolled.instance
        new_id = await restart_instance(world.services, ROOT, UUID(waiting.id))
        await world.services.settle(new_id, 10)
    async with world_of(data_folder) as world:
        after = await world.vote("bob", new_id)
        assert opened_file(await recover(world, "alice", after.data["KeyfactorId"])).key is not None


def test_i01_a_server_killed_while_a_request_waits_has_its_key_and_it_is_collected(data_folder: Path) -> None:
    asked = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-m", PROGRAM, str(data_folder), "ask"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=Path(__file__).parents[2],
    )
    assert asked.returncode == -signal.SIGKILL, asked.stderr
    assert connect(data_folder / "certloom.db").execute("SELECT count(*) FROM held_key").fetchone() == (1,)
    collected = subprocess.run(  # noqa: S603 - same
        [sys.executable, "-m", PROGRAM, str(data_folder), "collect"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=Path(__file__).parents[2],
    )
    assert collected.returncode == 0, collected.stderr
    assert collected.stdout.strip() == "collected"
