"""A real server on a loopback port, in a thread of its own, so that blocking clients can ask it."""

import asyncio
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from tests.api.conftest import opened

from certloom.api.application import application


async def serve(folder: Path, opened_at: Callable[[int], None], stopped: threading.Event, **settings: Any) -> None:
    async with opened(folder, **settings) as site:
        app: Any = application(site.services, site.certloom.authenticator)
        config = uvicorn.Config(
            app, host="127.0.0.1", port=0, log_level="error", access_log=False, lifespan="off", backlog=512
        )
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - the server offers nothing to wait for
            await asyncio.sleep(0.01)
        opened_at(server.servers[0].sockets[0].getsockname()[1])
        await asyncio.to_thread(stopped.wait)
        server.should_exit = True
        await running


@contextmanager
def served(furnished: Path, folder: Path, **settings: Any) -> Iterator[int]:
    """The port of a server on a copy of a furnished data folder."""
    copied = Path(shutil.copytree(furnished, folder / "data"))
    ports: list[int] = []
    ready, stopped = threading.Event(), threading.Event()

    def opened_at(port: int) -> None:
        ports.append(port)
        ready.set()

    thread = threading.Thread(target=lambda: asyncio.run(serve(copied, opened_at, stopped, **settings)))
    thread.start()
    try:
        assert ready.wait(30)
        yield ports[0]
    finally:
        stopped.set()
        thread.join(30)
