"""One process, from its start to its certain end: what it may take, what it said, how it ended."""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import msgspec

__all__ = ["Ended", "Limits", "run_process"]

_CHUNK = 64 * 1024
_REAPED_WITHIN = 5.0


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one run may take.

    ``seconds`` of wall time; ``cpu_seconds``, ``file_bytes`` and ``processes`` (threads count) are the kernel's limits,
    for each process and for all of them together; ``folder_bytes`` is the room in each writable folder, ``heap_bytes``
    what PowerShell's runtime may allocate, ``output_bytes`` what is read of each of the two outputs.
    """

    seconds: float = 60.0
    cpu_seconds: int = 60
    file_bytes: int = 64 * 1024 * 1024
    folder_bytes: int = 128 * 1024 * 1024
    processes: int = 256
    heap_bytes: int = 512 * 1024 * 1024
    output_bytes: int = 1024 * 1024


class Ended(msgspec.Struct, frozen=True):
    """How a process ended. ``code`` is negative for a signal, None where it was killed for taking too long."""

    code: int | None
    output: bytes
    errors: bytes
    overflowed: bool = False


async def run_process(
    command: Sequence[str], environment: Mapping[str, str], given: bytes, limits: Limits, folder: str = "/"
) -> Ended:
    """Run a command with exactly this environment, no descriptors but the three, and ``given`` on standard input.

    It is the leader of a process group of its own, which is killed whole when the time is over, too much comes out, or
    the caller gives up. Raises OSError when the command cannot be started.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=dict(environment),
        cwd=folder,
        start_new_session=True,
    )
    outputs = _Outputs(limits.output_bytes, lambda: _kill(process))
    code: int | None = None
    try:
        async with asyncio.timeout(limits.seconds):
            await asyncio.gather(
                _feed(process.stdin, given),
                outputs.read(process.stdout, outputs.output),
                outputs.read(process.stderr, outputs.errors),
            )
            code = await process.wait()
    except TimeoutError:
        code = None
    finally:
        # Also after an orderly end: what it left running in its group ends with it.
        await _end(process)
    return Ended(code, bytes(outputs.output), bytes(outputs.errors), outputs.overflowed)


class _Outputs:
    """What a process says, up to a length; more than that ends it."""

    def __init__(self, most: int, end: Callable[[], None]) -> None:
        self.output = bytearray()
        self.errors = bytearray()
        self.overflowed = False
        self._most = most
        self._end = end

    async def read(self, stream: asyncio.StreamReader | None, into: bytearray) -> None:
        while stream is not None and (chunk := await stream.read(_CHUNK)):
            into.extend(chunk[: self._most - len(into)])
            if len(into) >= self._most:
                self.overflowed = True
                self._end()


async def _feed(stream: asyncio.StreamWriter | None, given: bytes) -> None:
    if stream is None:
        return
    # A process that ends without reading is no fault of its own.
    with suppress(BrokenPipeError, ConnectionResetError):
        stream.write(given)
        await stream.drain()
        stream.close()
        await stream.wait_closed()


def _kill(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


async def _end(process: asyncio.subprocess.Process) -> None:
    _kill(process)
    with suppress(TimeoutError):
        async with asyncio.timeout(_REAPED_WITHIN):
            await process.wait()
