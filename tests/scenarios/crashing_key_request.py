"""A server that dies once a request for a key waits, and one that goes on: ``... <data folder> ask|collect``."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from tests.operations.conftest import world_of
from tests.operations.keys import ask, opened_file, recover


async def main(data_folder: str, part: str) -> None:
    async with world_of(Path(data_folder)) as world:
        if part == "ask":
            await ask(world)
            os.kill(os.getpid(), signal.SIGKILL)
        ((instance_id,),) = await world.services.database.fetch_all("SELECT id FROM instance")
        after = await world.vote("bob", instance_id)
        file = opened_file(await recover(world, "alice", after.data["KeyfactorId"]))
        print("collected" if file.key is not None else "lost")  # noqa: T201 - what the test reads


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
