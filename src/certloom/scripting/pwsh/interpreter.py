"""A PowerShell 7 that was installed beside certloom: whether it can be used, and one run of a script in it."""

import asyncio
import math
import shutil
import signal
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from certloom.errors import Conflict
from certloom.scripting.powershell.faults import ScriptLimitReached
from certloom.scripting.powershell.run import Result
from certloom.scripting.pwsh.contract import ARGUMENTS, AnswerMissing, read_answer, request
from certloom.scripting.pwsh.fence import FOLDER, fence_fault, fenced, limited
from certloom.scripting.pwsh.process import Ended, Limits, run_process
from certloom.scripting.values import refuse_protected
from certloom.settings import Settings

__all__ = ["HOW_TO_GET_PWSH", "Mode", "Pwsh", "PwshUnusable", "configured_pwsh"]

Mode = Literal["off", "fenced", "unfenced"]

HOW_TO_GET_PWSH = (
    "Install PowerShell 7 from Microsoft's packages "
    "(https://learn.microsoft.com/powershell/scripting/install/installing-powershell-on-linux), and name it in the "
    "setting scripts_pwsh_path where it is not on the path"
)
_AT_ONCE = 4
"""How many may run at the same time: each takes a hundred megabytes and more."""
_SIGNALLED = 128
"""What a shell and the fence add to the number of the signal that ended a command."""
_ENDED_BY_LIMIT = {
    signal.SIGXCPU: "it took more time of the processor than scripts may",
    signal.SIGXFSZ: "it wrote a file longer than scripts may",
    signal.SIGKILL: "it was killed, for its limit of processor time or for want of memory",
}


class PwshUnusable(Conflict):
    """Library scripts are switched off, or PowerShell 7 or its fence is missing. It does not pass by itself."""


def configured_pwsh(settings: Settings, *, trial: bool = False) -> "Pwsh":
    """PowerShell 7 as the settings allow it; a ``trial`` on the command line needs no setting, but the fence."""
    mode: Mode = "fenced" if trial and settings.scripts_pwsh == "off" else settings.scripts_pwsh
    seconds = settings.scripts_pwsh_seconds
    limits = Limits(seconds=seconds, cpu_seconds=math.ceil(seconds))
    return Pwsh(mode, settings.scripts_pwsh_path, Path(settings.data_folder), limits)


class Pwsh:
    """PowerShell 7, where an administrator switched it on.

    ``path`` empty: the program named pwsh on the path. ``data_folder`` must not lie where scripts can read.
    """

    def __init__(self, mode: Mode, path: str, data_folder: Path, limits: Limits) -> None:
        self.mode = mode
        self._path = path
        self._data_folder = data_folder
        self._limits = limits
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._fence_works = False

    def program(self) -> Path | None:
        """Where PowerShell really is, or None. What is on the path is most often a link to it."""
        found = shutil.which(self._path or "pwsh")
        return Path(found).resolve() if found else None

    async def fault(self) -> str:
        """Why no library script can run, and what to do about it; empty where they can."""
        if self.mode == "off":
            return "library scripts are switched off: an administrator sets scripts_pwsh to fenced"
        program = self.program()
        if program is None:
            return f"PowerShell 7 was not found. {HOW_TO_GET_PWSH}"
        return await self._fence_fault(program) if self.mode == "fenced" else ""

    async def _fence_fault(self, program: Path) -> str:
        data_folder = self._data_folder.resolve()
        if any(data_folder.is_relative_to(seen) for seen in (program.parent, Path("/usr"))):
            return (
                f"the data folder {data_folder} lies where scripts can read (/usr, or the folder of {program}): "
                "move one of the two"
            )
        if Path(FOLDER).is_relative_to(program.parent):
            return f"{program} must have a folder of its own: all that lies beside it is seen by scripts"
        # What worked once keeps working; what did not may have been mended since.
        if not self._fence_works:
            fault = await fence_fault()
            if fault:
                return f"{fault}; or accept the risk and set scripts_pwsh to unfenced"
            self._fence_works = True
        return ""

    async def run(self, script: str, parameters: Mapping[str, Any], protected: Iterable[str] = ()) -> Result:
        """Run a script and give back the hashtable it returns.

        Raises PwshUnusable, ScriptFailed (with the script's own message where it threw), ScriptLimitReached, and
        ProtectedValue when a key of the result is one of ``protected``, ignoring case.
        """
        fault = await self.fault()
        program = self.program()
        if fault or program is None:
            raise PwshUnusable(f"The script was not run: {fault or HOW_TO_GET_PWSH}.")
        async with self._turns:
            ended = await self._started(program, request(script, parameters))
        result = self._read(ended)
        refuse_protected(result.values, protected)
        return result

    async def _started(self, program: Path, given: bytes) -> Ended:
        command = (str(program), *ARGUMENTS)
        try:
            if self.mode == "fenced":
                bubblewrap = shutil.which("bwrap") or "bwrap"
                whole = fenced(command, program, _environment(FOLDER, self._limits), self._limits, bubblewrap)
                # Empty: whatever the fence itself is started with could be read inside, in /proc/1/environ.
                return await run_process(whole, {}, given, self._limits)
            return await self._unfenced(command, given)
        except OSError as error:
            raise PwshUnusable(f"The script was not run: {program} cannot be started ({error.strerror}).") from error

    async def _unfenced(self, command: tuple[str, ...], given: bytes) -> Ended:
        folder = tempfile.mkdtemp(prefix="certloom-script-")
        try:
            whole = limited(command, self._limits, processes=False)
            return await run_process(whole, _environment(folder, self._limits), given, self._limits, folder)
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    def _read(self, ended: Ended) -> Result:
        if ended.overflowed:
            raise ScriptLimitReached(
                f"The script put out more than {self._limits.output_bytes} bytes. Return only what later steps need."
            )
        if ended.code is None:
            raise ScriptLimitReached(
                f"The script ran for more than {self._limits.seconds:g} seconds. Make it do less, or raise the setting "
                "scripts_pwsh_seconds."
            )
        try:
            return read_answer(ended.output)
        except AnswerMissing as error:
            raise _explained(ended) from error


def _environment(folder: str, limits: Limits) -> dict[str, str]:
    """All that a script finds in its environment: nothing of the server's.

    Sources: about_Environment_Variables; .NET runtime configuration settings.
    """
    return {
        "HOME": folder,
        "TMPDIR": folder,
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "NO_COLOR": "1",
        "POWERSHELL_TELEMETRY_OPTOUT": "1",
        "POWERSHELL_UPDATECHECK": "Off",
        # Without it, PowerShell does not start where ICU is absent, and texts would differ from machine to machine.
        "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1",
        "DOTNET_EnableDiagnostics": "0",
        # The runtime would begin with a file of two terabytes, which the limit on files ends (dotnet/runtime 117819).
        "DOTNET_EnableWriteXorExecute": "0",
        # A limit on address space would not do: the runtime reserves far more than it uses.
        "DOTNET_GCHeapHardLimit": f"{limits.heap_bytes:x}",
    }


def _explained(ended: Ended) -> Exception:
    code = ended.code or 0
    number = -code if code < 0 else code - _SIGNALLED
    for ending, why in _ENDED_BY_LIMIT.items():
        if number == ending:
            return ScriptLimitReached(f"The script was ended: {why}. Make it do less.")
    said = ended.errors.decode(errors="replace").strip()[-_TOLD:]
    return AnswerMissing(f"PowerShell ended with {code} and without an answer. It said: {said or 'nothing'}")


_TOLD = 500
