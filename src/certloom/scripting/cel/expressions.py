"""Expressions as the server sees them: it asks a process of its own, which is killed when it takes too long.

The library holds the interpreter lock while it computes and cannot be interrupted: a list of ten thousand elements
keeps one comprehension busy for three seconds (`make bench` measures the usual case). In the server that would stop
everybody; in a thread as well.
"""

import asyncio
import sys
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from certloom.scripting.cel.faults import ExpressionFailed, ExpressionsUnavailable, ExpressionUnreadable
from certloom.scripting.cel.questions import Answer, Question
from certloom.scripting.child_process import ChildProcess

__all__ = ["Expressions"]

_COMMAND: Final = (sys.executable, "-m", "certloom.scripting.cel.worker")
_START_SECONDS: Final = 30.0
_ANSWER: Final = msgspec.json.Decoder(Answer)


class Expressions:
    """Reads and evaluates expressions, one after the other. The process starts with the first of them."""

    def __init__(self, seconds: float = 2.0, command: tuple[str, ...] = _COMMAND) -> None:
        self._seconds = seconds
        self._process = ChildProcess(command)
        self._turn = asyncio.Lock()

    async def check(self, text: str) -> None:
        """Raises ExpressionUnreadable, with the place, for a text that is no expression."""
        await self._ask(Question(text))

    async def evaluate(self, text: str, data: Mapping[str, Any]) -> Any:
        """The value over ``data``, as JSON. Raises ExpressionUnreadable, ExpressionFailed, ExpressionsUnavailable."""
        return await self._ask(Question(text, dict(data)))

    async def close(self) -> None:
        """End the process."""
        await self._process.end()

    async def _ask(self, question: Question) -> Any:
        asked = msgspec.json.encode(question)
        async with self._turn:
            answer = await self._answer(asked)
        if answer.unreadable is not None:
            raise ExpressionUnreadable(answer.unreadable, answer.line, answer.column)
        if answer.failed is not None:
            raise ExpressionFailed(answer.failed)
        return answer.value

    async def _answer(self, asked: bytes) -> Answer:
        await self._start()
        answered = False
        try:
            async with asyncio.timeout(self._seconds):
                answer = _ANSWER.decode(await self._process.ask(asked))
            answered = True
        except TimeoutError as error:
            raise ExpressionFailed(f"it computed for more than {self._seconds} seconds. Make it do less.") from error
        except (OSError, EOFError, ValueError) as error:
            raise ExpressionFailed("it ended the process that evaluates expressions. Make it do less.") from error
        finally:
            # Also when the caller gave up: a late answer must not meet the next question.
            if not answered:
                await self._process.end()
        return answer

    async def _start(self) -> None:
        try:
            async with asyncio.timeout(_START_SECONDS):
                await self._process.start()
        except (TimeoutError, OSError, EOFError, ValueError) as error:
            await self._process.end()
            raise ExpressionsUnavailable(
                f"The process that evaluates expressions does not start ({type(error).__name__}). Try again."
            ) from error
