import asyncio
from pathlib import Path

import pytest
from tests.operations.conftest import step, world_of

from certloom.scripting.child_process import ChildProcess
from certloom.workflow.instance import Status


async def test_what_a_stopping_server_does_not_finish_in_time_is_finished_by_the_next_one(
    data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask, asked = ChildProcess.ask, asyncio.Event()

    async def silent(self: ChildProcess, _der: bytes) -> bytes:
        """Wait for an answer to a question that was never put."""
        asked.set()
        assert self._process is not None
        return await self._answer(self._process)

    monkeypatch.setattr("certloom.app._STOP_WITHIN", 0.05)
    async with world_of(data_folder) as world:
        await world.publish(step("EnrollStep"))
        while await world.rows("crl") < 2:  # noqa: ASYNC110 - the first CRLs are linted by the same process
            await asyncio.sleep(0.01)
        monkeypatch.setattr(ChildProcess, "ask", silent)
        ids = [(await world.enroll(wait_seconds=0)).instance.id for _ in range(2)]
        await asked.wait()
    monkeypatch.setattr(ChildProcess, "ask", ask)
    async with world_of(data_folder) as world:
        for instance_id in ids:
            await world.services.settle(instance_id, 10)
            assert (await world.instance(instance_id)).status is Status.COMPLETE
