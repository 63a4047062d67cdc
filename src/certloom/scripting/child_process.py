"""A process of our own that answers questions about hostile input, as its parent sees it."""

import asyncio
import os
from contextlib import suppress
from typing import Final

__all__ = ["ChildProcess"]

_LENGTH_OCTETS: Final = 4
_LONGEST_ANSWER: Final = 1024 * 1024


class ChildProcess:
    """A process that answers one question at a time, and is started again when it had to be ended.

    Its program writes a line when it is ready, then reads each question as its length and its octets and answers
    with one line.
    """

    def __init__(self, command: tuple[str, ...]) -> None:
        self._command = command
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start the process unless it runs, and wait until it is ready; raises as `ask` does."""
        if self._process is not None:
            return
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            # It reads hostile octets: the server's settings, passwords among them, are none of its business.
            env={name: value for name, value in os.environ.items() if not name.upper().startswith("CERTLOOM_")},
            limit=_LONGEST_ANSWER,
        )
        await self._answer(self._process)

    async def ask(self, question: bytes) -> bytes:
        """The line that answers a question.

        Raises OSError, EOFError or ValueError when the process crashes or talks without end. After that, and when
        the question is given up, call `end`: the late answer must not meet the next question.
        """
        await self.start()
        if self._process is None or self._process.stdin is None:
            raise EOFError("the process ended")
        self._process.stdin.write(len(question).to_bytes(_LENGTH_OCTETS) + question)
        await self._process.stdin.drain()
        return await self._answer(self._process)

    async def end(self) -> None:
        """Kill the process; the next question starts another."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()

    async def _answer(self, process: asyncio.subprocess.Process) -> bytes:
        line = await process.stdout.readline() if process.stdout is not None else b""
        if not line.endswith(b"\n"):
            raise EOFError("the process ended")
        return line
