"""Linting before signing, in processes of its own (CA/B Forum BR 4.3.1.2).

They are processes of our own, not a pool of `concurrent.futures`: one that hangs can be killed and replaced
alone, and none imports the program that started it.
"""

import asyncio
import sys
from typing import Final

import msgspec

from certloom.authorities.embedded.finding import CERTIFICATE, CRL, Finding
from certloom.errors import Unavailable
from certloom.scripting.child_process import ChildProcess

__all__ = ["COMMAND", "LintUnavailable", "Linter"]

COMMAND: Final = (sys.executable, "-W", "ignore", "-m", "certloom.authorities.embedded.lint_worker")
"""What is started; the worker imports the linter and nothing of the server."""

_ANSWER: Final = msgspec.json.Decoder(tuple[Finding, ...])


class LintUnavailable(Unavailable):
    """The linter did not answer, so nothing may be signed."""


class Linter:
    """A few linting processes, each with one certificate at a time.

    ``processes`` is their number, ``seconds`` how long one may take for a certificate, its start included.
    """

    def __init__(self, processes: int = 1, seconds: float = 20.0) -> None:
        self._seconds = seconds
        self._all = tuple(ChildProcess(COMMAND) for _ in range(processes))
        self._free: asyncio.Queue[ChildProcess] | None = None

    async def start(self) -> None:
        """Start every process and wait until all are ready; raises `LintUnavailable`."""
        try:
            async with asyncio.timeout(self._seconds):
                await asyncio.gather(*(process.start() for process in self._all))
        except (TimeoutError, OSError, EOFError, ValueError) as error:
            await self.close()
            raise _unavailable(error) from error
        self._free = asyncio.Queue()
        for process in self._all:
            self._free.put_nowait(process)

    async def findings(self, der: bytes) -> tuple[Finding, ...]:
        """Return what is wrong with a certificate in DER, WARNING and worse; waits for a free process.

        Raises `LintUnavailable` when the linter crashes, does not answer in time or was not started. The
        process is killed then, and another is started for the next certificate.
        """
        return await self._findings(CERTIFICATE + der)

    async def crl_findings(self, der: bytes) -> tuple[Finding, ...]:
        """Return what is wrong with a CRL in DER, as `findings` does for a certificate."""
        return await self._findings(CRL + der)

    async def _findings(self, question: bytes) -> tuple[Finding, ...]:
        if self._free is None:
            raise _stopped()
        free = self._free
        process = await free.get()
        try:
            if self._free is not free:
                raise _stopped()
            return await self._ask(process, question)
        finally:
            free.put_nowait(process)

    async def close(self) -> None:
        """End every process."""
        self._free = None
        await asyncio.gather(*(process.end() for process in self._all))

    async def _ask(self, process: ChildProcess, question: bytes) -> tuple[Finding, ...]:
        answered = False
        try:
            async with asyncio.timeout(self._seconds):
                found = _ANSWER.decode(await process.ask(question))
            answered = True
        except (TimeoutError, OSError, EOFError, ValueError, msgspec.MsgspecError) as error:
            raise _unavailable(error) from error
        finally:
            # Also when the caller was cancelled: a late answer must not meet the next question.
            if not answered:
                await process.end()
        return found


def _stopped() -> LintUnavailable:
    return LintUnavailable("The linter does not run, so nothing can be signed. Start it first.")


def _unavailable(error: BaseException) -> LintUnavailable:
    return LintUnavailable(
        f"The linter gave no answer ({type(error).__name__}), so nothing was signed. Try again; if it stays so, "
        "check that pkilint is installed and that the machine is not overloaded.",
    )
