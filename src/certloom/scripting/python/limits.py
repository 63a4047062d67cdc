"""What one run of a script in Python may use, and the count of what it printed."""

from typing import Final, Literal

import msgspec

from certloom.scripting.powershell.faults import ScriptLimitReached

__all__ = ["Printed", "PythonLimits"]


class PythonLimits(msgspec.Struct, frozen=True):
    """What one run may use: seconds it computes, bytes it holds, calls inside calls, and what it puts out.

    ``output`` counts characters, of the result and of what is printed each; ``lines`` those printed.
    """

    seconds: float = 2.0
    memory: int = 64 * 1024 * 1024
    depth: int = 200
    output: int = 1024 * 1024
    lines: int = 1000


_STREAMS: Final = {"stdout": "print", "stderr": "error"}


class Printed:
    """What a script printed, as far as it may; anything beyond is dropped at once and told at the end."""

    def __init__(self, limits: PythonLimits) -> None:
        self._limits = limits
        self._left = limits.output
        self._pieces: list[tuple[str, str]] = []

    def take(self, stream: Literal["stdout", "stderr"], text: str) -> None:
        """Called with every piece of output; a piece may hold several lines, or part of one."""
        self._left -= len(text)
        if self._left >= 0:
            self._pieces.append((_STREAMS[stream], text))

    def lines(self) -> tuple[str, ...]:
        """Every line with the stream it came from. Raises ScriptLimitReached where there was too much."""
        if self._left < 0:
            raise ScriptLimitReached(
                f"The script printed more than {self._limits.output} characters. Print only what people should read."
            )
        lines: list[str] = []
        for stream in _STREAMS.values():
            text = "".join(piece for kind, piece in self._pieces if kind == stream)
            lines.extend(f"{stream}: {line}" for line in text.splitlines())
        if len(lines) > self._limits.lines:
            raise ScriptLimitReached(
                f"The script printed more than {self._limits.lines} lines. Print only what people should read."
            )
        return tuple(lines)
