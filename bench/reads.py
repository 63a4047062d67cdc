"""Reads of one instance per second, beside a bare ASGI application that reads the same row.

Server and load run in processes of their own, as they would; the load is bounded in count.
"""

import asyncio
import base64
import multiprocessing
import socket
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import uvicorn
import uvloop

from bench.installation import five_step_installation
from certloom.api.application import application
from certloom.clock import uuid7
from certloom.identity.actor import system_actor
from certloom.logs import set_up_logs
from certloom.operations.access import Operation
from certloom.operations.accounts import create_account
from certloom.operations.roles import ADMINISTRATORS, assign_role
from certloom.operations.triggers import Start, begin
from certloom.store.sqlite import connect

__all__ = ["measure_reads"]

_PASSWORD = "correct horse battery"  # noqa: S105 - of an account that lives for seconds
_CONTEXT = {"Template": "none", "Padding": "x" * 3000}
_REQUESTS = 6000
_CONNECTIONS = 32


def measure_reads() -> list[tuple[str, str, str, str]]:
    """Rows of (figure, measured, limit, ratio)."""
    with tempfile.TemporaryDirectory() as folder:
        ours = _measured(_serve_certloom, folder)
        bare = _measured(_serve_bare, folder)
    return [("reads/s of one instance", f"{ours:,.0f}", f"{bare:,.0f} bare ASGI, same row", f"{ours / bare:.2f}")]


def _measured(server: Any, folder: str) -> float:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=server, args=(folder, there))
    process.start()
    try:
        port, path = here.recv()
        uvloop.run(_load(port, path, _REQUESTS // 4))
        began = time.perf_counter()
        uvloop.run(_load(port, path, _REQUESTS))
        return _REQUESTS / (time.perf_counter() - began)
    finally:
        process.terminate()
        process.join()


async def _load(port: int, path: str, requests: int) -> None:
    token = base64.b64encode(f"admin:{_PASSWORD}".encode()).decode()
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {token}\r\n\r\n".encode()
    await asyncio.gather(*(_ask(port, request, requests // _CONNECTIONS) for _ in range(_CONNECTIONS)))


async def _ask(port: int, request: bytes, times: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(times):
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
        await reader.readexactly(int(length.split(b":")[1]))
    writer.close()
    await writer.wait_closed()


def _serve_certloom(folder: str, there: Connection) -> None:
    set_up_logs("json", "info", Path(folder, "log").open("w"))  # noqa: SIM115 - open as long as the process lives

    async def serve() -> None:
        async with five_step_installation(folder) as certloom:
            services, system = certloom.services, system_actor("bench")
            await create_account(services, system, "admin", _PASSWORD)
            await assign_role(services, system, ADMINISTRATORS, "admin")
            now = services.clock()
            start = Start(at=now, operation=Operation.ENROLL_CSR, workflow_type="FiveSteps", key="1", data=_CONTEXT)
            instance_id = str(uuid7(now))
            await begin(services, system, start, instance_id)
            await services.settle(instance_id, 10)
            bound = _bound()
            there.send((bound.getsockname()[1], f"/KeyfactorAPI/Workflow/Instances/{instance_id}"))
            await _listen(application(services, certloom.authenticator), bound)

    uvloop.run(serve())


def _serve_bare(folder: str, there: Connection) -> None:
    connection = connect(Path(folder) / "data" / "certloom.db")
    identity = connection.execute("SELECT id FROM instance LIMIT 1").fetchone()[0]

    async def bare(_scope: Any, _receive: Any, send: Any) -> None:
        row = connection.execute(
            "SELECT initial_data, data, message, title FROM instance WHERE id = ?", (identity,)
        ).fetchone()
        body = b"".join(column.encode() for column in row)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    bound = _bound()
    there.send((bound.getsockname()[1], "/"))
    uvloop.run(_listen(bare, bound))


def _bound() -> socket.socket:
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    bound.listen(_CONNECTIONS)
    return bound


async def _listen(app: Any, bound: socket.socket) -> None:
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", server_header=False)
    await uvicorn.Server(config).serve(sockets=[bound])
