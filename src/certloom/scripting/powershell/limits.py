"""What one run may use, and the count of what it used."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from certloom.clock import Clock
from certloom.scripting.powershell.faults import ScriptLimitReached

__all__ = ["Budget", "Limits"]

_LOOK_AT_CLOCK = 64


class Limits(msgspec.Struct, frozen=True):
    """What one run may use.

    Steps and items handled; bytes made in total (an estimate); bytes of the result and of messages together; calls
    inside calls; seconds of wall time.
    """

    steps: int = 1_000_000
    memory: int = 128 * 1024 * 1024
    output: int = 1024 * 1024
    depth: int = 40
    seconds: float = 2.0


class Budget:
    """Counts against limits; raises ScriptLimitReached, which no script can catch."""

    __slots__ = ("_clock", "_deadline", "_look", "_steps", "depth", "limits", "memory", "output")

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self.limits = limits
        self.memory = limits.memory
        self.output = limits.output
        self.depth = 0
        self._steps = limits.steps
        self._clock = clock
        self._deadline: datetime = clock() + timedelta(seconds=limits.seconds)
        self._look = _LOOK_AT_CLOCK

    def step(self, count: int = 1) -> None:
        """Pay for one step, or for handling that many items."""
        self._steps -= count
        self._look -= count
        if self._look < 0:
            self._look = _LOOK_AT_CLOCK
            self._check()

    def _check(self) -> None:
        if self._steps < 0:
            raise ScriptLimitReached(
                f"The script took more than {self.limits.steps} steps. Look for a loop that does not end."
            )
        if self._clock() > self._deadline:
            raise ScriptLimitReached(f"The script ran for more than {self.limits.seconds} seconds. Make it do less.")

    def made(self, value: object) -> None:
        """Pay for the memory of a value that an operation made."""
        kind = type(value)
        if kind is str:
            self.spend(len(value) + 50)  # type: ignore[arg-type]
        elif isinstance(value, list):
            self.spend(len(value) * 16 + 60)

    def spend(self, size: int) -> None:
        """Pay for bytes."""
        self.memory -= size
        if self.memory < 0:
            raise ScriptLimitReached(
                f"The script made more than {self.limits.memory} bytes of values. Make it handle less at once."
            )

    def put_out(self, size: int) -> None:
        """Pay for bytes that leave the script."""
        self.output -= size
        if self.output < 0:
            raise ScriptLimitReached(
                f"The script put out more than {self.limits.output} bytes. Return only what later steps need."
            )

    def enter(self) -> None:
        """Go one call deeper."""
        self.step()
        self.depth += 1
        if self.depth > self.limits.depth:
            raise ScriptLimitReached(
                f"The script called functions or blocks more than {self.limits.depth} levels deep. Use a loop."
            )

    def leave(self) -> None:
        """Come back from a call."""
        self.depth -= 1
