"""How the interpreter's failures are told: what happened, and in which line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from certloom.errors import Invalid
from certloom.scripting.powershell.faults import ScriptFailed, ScriptLimitReached, ScriptUnreadable
from certloom.scripting.python.limits import PythonLimits

if TYPE_CHECKING:  # the extra may be absent
    from pydantic_monty import MontyRuntimeError, MontySyntaxError

__all__ = ["failed", "unreadable"]

_UNKNOWN = "NotImplementedError: The monty syntax parser does not yet support "


def unreadable(error: MontySyntaxError | MontyRuntimeError, lines_before: int = 0) -> ScriptUnreadable:
    """The text cannot be read; ``lines_before`` are not the script's own."""
    frames = error.traceback()
    message = str(error).replace(_UNKNOWN, "scripts do not have ")
    line, column = (frames[-1].line - lines_before, frames[-1].column) if frames else (1, 1)
    return ScriptUnreadable(_sentence(message), max(line, 1), column)


def failed(error: MontyRuntimeError, limits: PythonLimits) -> Invalid:
    """The script raised an exception, or the interpreter stopped it at a limit or cannot do what it says."""
    message = str(error)
    if message.startswith(_UNKNOWN):
        return unreadable(error)
    told = _limit(message, limits)
    if told is not None:
        return ScriptLimitReached(told)
    frames = error.traceback()
    return ScriptFailed(_sentence(f"line {frames[-1].line}: {message}" if frames else message))


def _limit(message: str, limits: PythonLimits) -> str | None:
    if message.startswith("TimeoutError: feed time limit exceeded"):
        return f"The script ran for more than {limits.seconds} seconds. Look for a loop that does not end."
    if message.startswith("MemoryError: ") and "limit" in message:
        return f"The script held more than {limits.memory} bytes of values. Make it handle less at once."
    if message.startswith("RecursionError: maximum recursion depth"):
        return f"The script called functions more than {limits.depth} levels deep. Use a loop."
    if message.startswith("RuntimeError: suspension limit"):
        return "The script asked again and again for what scripts do not have, such as files."
    return None


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
