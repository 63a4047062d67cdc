import os
import shutil
from pathlib import Path

import pytest

from certloom.scripting.pwsh.fence import fence_fault
from certloom.scripting.pwsh.interpreter import Mode, Pwsh
from certloom.scripting.pwsh.process import Limits

QUICK = Limits(seconds=30.0)


def stand_in(folder: Path) -> Path:
    """A program named pwsh that speaks the same contract, in a folder of its own."""
    program = folder / "installed" / "pwsh"
    program.parent.mkdir()
    shutil.copy(Path(__file__).parent / "stand_in.sh", program)
    program.chmod(0o755)
    return program


def is_there(path: Path | str) -> bool:
    """Whether there is something of that name on this machine."""
    return os.path.lexists(path)


class Runner:
    """Runs shell scripts through the interpreter, with a stand-in for PowerShell."""

    def __init__(self, folder: Path) -> None:
        self.program = stand_in(folder)
        self.data_folder = folder / "data"
        self.data_folder.mkdir()

    def pwsh(self, mode: Mode, limits: Limits = QUICK) -> Pwsh:
        return Pwsh(mode, str(self.program), self.data_folder, limits)

    async def told(self, script: str, mode: Mode = "fenced", limits: Limits = QUICK) -> str:
        """What the script wrote, its lines joined by a stroke."""
        result = await self.pwsh(mode, limits).run(f'returns Told "$(exec 2>&1; {script})"', {})
        return str(result.values["Told"])


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


@pytest.fixture
async def fence(runner: Runner) -> Runner:
    """The runner, where the fence works; bubblewrap is of no use where user namespaces are forbidden."""
    fault = await fence_fault()
    if fault:
        pytest.skip(fault)
    return runner
