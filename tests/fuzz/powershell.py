"""make fuzz: looks for scripts that crash or hang the reader or the interpreter of restricted PowerShell.

A crash is any exception that has no name in ``scripting.powershell.faults``, and any that the interpreter only wrapped
because it did not expect it. A hang is a script that computes for several times its limit.
"""

import argparse
import random
import signal
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from tests.fuzz.powershell_scripts import Maker

from certloom.scripting.powershell.checks import check
from certloom.scripting.powershell.faults import ScriptFailed, ScriptLimitReached, ScriptUnreadable
from certloom.scripting.powershell.limits import Limits
from certloom.scripting.powershell.parser import parse
from certloom.scripting.powershell.run import run

__all__ = ["Finding", "look", "main"]

LIMITS = Limits(steps=3_000, memory=2_000_000, output=100_000, depth=12, seconds=0.3)
HANG = 5 * LIMITS.seconds
"""Seconds of computing, not of waiting: how busy the machine is must not matter."""


class Hanging(BaseException):
    """The script runs far beyond its limit. Not an Exception: nothing inside may take it for one of its own."""


@dataclass(frozen=True)
class Finding:
    """A script and what is wrong with how it was carried out."""

    script: str
    what: str


def look(script: str) -> Finding | None:
    """Read, check and run a script. The finding, or None when all went as it should."""
    began = time.process_time()
    try:
        check(parse(script))
        run(script, {"x": [1, "a", None, {"k": 1.5}]}, LIMITS, lambda: datetime.now(UTC), lambda: 0.5)
    except (ScriptUnreadable, ScriptLimitReached):
        pass
    except ScriptFailed as error:
        # Where nothing else was expected the interpreter says so itself; in the product that beats a crash.
        if "could not carry out the script" in error.message:
            return Finding(script, f"unexpected inside: {error.__cause__!r}")
    except Hanging:
        return Finding(script, "hangs")
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return Finding(script, f"crash: {error!r}")
    took = time.process_time() - began
    return Finding(script, f"computed for {took:.1f} s") if took > HANG else None


def main() -> None:
    """Look until the time is up; exit code 1, and a file with the script, at the first finding."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--seconds", type=float, default=120.0)
    given.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    given.add_argument("--count", type=int, help="stop after so many scripts, whatever the time")
    given.add_argument("--save", type=Path, default=Path("fuzz-finding.ps1"))
    arguments = given.parse_args()
    signal.signal(signal.SIGVTALRM, _hang)
    maker, ends, count = Maker(arguments.seed), time.monotonic() + arguments.seconds, 0
    while time.monotonic() < ends and count != arguments.count:
        count += 1
        signal.setitimer(signal.ITIMER_VIRTUAL, 2 * HANG)
        finding = look(maker.script())
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        if finding is not None:
            arguments.save.write_text(finding.script, encoding="utf-8", errors="surrogatepass")
            print(f"seed {arguments.seed}, script {count}: {finding.what}; saved as {arguments.save}")
            sys.exit(1)
    print(f"seed {arguments.seed}: {count} scripts, nothing found")


def _hang(_number: int, _frame: FrameType | None) -> None:
    raise Hanging


if __name__ == "__main__":
    main()
