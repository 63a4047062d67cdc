"""The processes that run scripts in Python: a small pool, a process for each script.

A process that crashes or is killed fails the script it ran and nothing else; the next script gets a new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import msgspec

from certloom.errors import Unavailable
from certloom.scripting.powershell.faults import ScriptFailed, ScriptUnreadable
from certloom.scripting.python.failures import failed, unreadable
from certloom.scripting.python.interpreter import started
from certloom.scripting.python.limits import Printed, PythonLimits
from certloom.scripting.values import json_value, refuse_protected

if TYPE_CHECKING:  # the extra may be absent
    from pydantic_monty import Monty, MontySession

__all__ = ["PythonResult", "PythonScripts", "PythonUnavailable"]

_SUSPENSIONS: Final = 100
_RETURN: Final = "return\n"


class PythonUnavailable(Unavailable):
    """No process for a script could be had."""


class PythonResult(msgspec.Struct, frozen=True):
    """What a script leaves: values for the data, as plain JSON, and the lines it printed."""

    values: dict[str, Any]
    lines: tuple[str, ...]


class PythonScripts:
    """Runs at most ``processes`` scripts at once. Nothing is started before the first script."""

    def __init__(self, processes: int = 2, limits: PythonLimits = PythonLimits()) -> None:  # noqa: B008 - immutable
        self._processes = processes
        self._limits = limits
        self._lock = Lock()
        self._pool: Monty | None = None

    def check(self, script: str) -> None:
        """Read a script without running it; blocks. Raises ScriptUnreadable, PythonMissing, PythonUnavailable."""
        with self._session() as session:
            from pydantic_monty import MontyError, MontyRuntimeError, MontySyntaxError  # noqa: PLC0415 - it is there

            # The whole text is read before its first line runs, and this first line ends it.
            try:
                session.feed_run(_RETURN + _text(script), print_callback=Printed(self._limits).take)
            except (MontySyntaxError, MontyRuntimeError) as error:
                raise unreadable(error, lines_before=1) from error
            except MontyError as error:
                raise ScriptUnreadable(f"reading ended the interpreter ({error}).", 1, 1) from error

    def run(self, script: str, parameters: Mapping[str, Any], protected: Iterable[str] = ()) -> PythonResult:
        """Run a script with its parameters as variables, and give back the dictionary it returns; blocks.

        Raises ScriptUnreadable, ScriptFailed (with the script's own message and line), ScriptLimitReached,
        ProtectedValue, PythonMissing and PythonUnavailable.
        """
        printed = Printed(self._limits)
        returned = self._returned(_text(script), dict(parameters), printed)
        lines = printed.lines()
        if returned is not None and not isinstance(returned, dict):
            raise ScriptFailed(
                f"The script returned {type(returned).__name__}, but a step takes a dictionary: "
                'return {"name": value}.'
            )
        values: dict[str, Any] = json_value(returned or {}, self._limits.output)
        refuse_protected(values, protected)
        return PythonResult(values, lines)

    def close(self) -> None:
        """Let the processes go. A script that runs still ends within its limits."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.__exit__(None, None, None)

    def _returned(self, script: str, parameters: dict[str, Any], printed: Printed) -> object:
        with self._session() as session:
            from pydantic_monty import (  # noqa: PLC0415 - it is there
                MontyCrashedError,
                MontyError,
                MontyRuntimeError,
                MontySyntaxError,
            )

            try:
                return session.feed_run(script, inputs=parameters, print_callback=printed.take)
            except MontySyntaxError as error:
                raise unreadable(error) from error
            except MontyRuntimeError as error:
                printed.lines()  # a flood is told as one, whatever stopped it in the end
                raise failed(error, self._limits) from error
            except MontyCrashedError as error:
                raise ScriptFailed(f"The process that ran the script ended before the script: {error}.") from error
            except MontyError as error:
                raise ScriptFailed(f"The script could not be given its parameters: {error}.") from error

    @contextmanager
    def _session(self) -> Iterator[MontySession]:
        pool, limits = self._started(), self._limits
        from pydantic_monty import MontyError  # noqa: PLC0415 - it is there

        with ExitStack() as stack:
            try:
                session = stack.enter_context(
                    pool.checkout(
                        limits={
                            "max_feed_duration_secs": limits.seconds,
                            "max_memory": limits.memory,
                            "max_recursion_depth": limits.depth,
                            "max_suspensions": _SUSPENSIONS,
                        },
                        os_policy={"sleep": "zero"},
                        assert_message_annotations=False,
                    )
                )
            except (OSError, RuntimeError, MontyError) as error:
                raise PythonUnavailable(
                    f"No process could be had for the script ({error}). Try again when fewer scripts run."
                ) from error
            yield session

    def _started(self) -> Monty:
        with self._lock:
            if self._pool is None:
                self._pool = started(self._processes, self._limits.seconds)
            return self._pool


def _text(script: str) -> str:
    """The script without the mark that some editors put in front of a text."""
    return script.removeprefix("\ufeff")
