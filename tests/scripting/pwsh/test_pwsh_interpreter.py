from pathlib import Path

import pytest
from tests.scripting.pwsh.conftest import Runner, is_there

from certloom.scripting.powershell.faults import ProtectedValue, ScriptFailed, ScriptLimitReached
from certloom.scripting.powershell.runtime.session import Message
from certloom.scripting.pwsh.interpreter import Pwsh, PwshUnusable
from certloom.scripting.pwsh.process import Limits

SCRIPT = 'returns Group "$(given Group | tr a-z A-Z)"; returns Size 2'


async def test_parameters_go_in_and_the_hashtable_comes_out(runner: Runner) -> None:
    result = await runner.pwsh("unfenced").run(SCRIPT, {"Group": "web"})
    assert result.values == {"Group": "WEB", "Size": "2"}
    assert result.messages == (Message("host", "a stand-in ran"),)


async def test_switched_off_nothing_is_started_and_the_setting_is_named(runner: Runner, tmp_path: Path) -> None:
    with pytest.raises(PwshUnusable, match="scripts_pwsh"):
        await runner.pwsh("off").run(f"touch {tmp_path}/started", {})
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize("mode", ["fenced", "unfenced"])
async def test_without_powershell_the_refusal_says_how_to_get_it(tmp_path: Path, mode: str) -> None:
    absent = Pwsh(mode, str(tmp_path / "pwsh"), tmp_path / "data", Limits())  # type: ignore[arg-type]  # a mode
    with pytest.raises(
        PwshUnusable, match=r"PowerShell 7 was not found\. Install .*learn\.microsoft\.com.*scripts_pwsh_path"
    ):
        await absent.run("", {})


async def test_without_bubblewrap_nothing_runs_unless_the_setting_accepts_it(
    runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PwshUnusable, match=r"Install the package bubblewrap.*set scripts_pwsh to unfenced"):
        await runner.pwsh("fenced").run(f"touch {tmp_path}/started", {})
    assert not (tmp_path / "started").exists()
    assert (await runner.pwsh("unfenced").run(SCRIPT, {"Group": "web"})).values["Group"] == "WEB"


async def test_without_a_fence_the_environment_is_empty_all_the_same(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CERTLOOM_BOOTSTRAP_ADMIN_PASSWORD", "hunter2")
    told = await runner.told("cat /proc/self/environ | tr '\\000' '\\n'", "unfenced")
    assert "POWERSHELL_TELEMETRY_OPTOUT=1" in told
    assert "hunter2" not in told


async def test_without_a_fence_a_script_has_a_folder_of_its_own_that_is_removed(runner: Runner) -> None:
    told = await runner.told("pwd; echo $HOME; touch kept; stat --format=%a $HOME", "unfenced")
    folder, home, rights = told.split("|")
    assert folder == home
    assert rights == "700"
    assert not is_there(home)


async def test_without_a_fence_the_limits_hold_too(runner: Runner) -> None:
    with pytest.raises(ScriptLimitReached, match="processor"):
        await runner.pwsh("unfenced", Limits(cpu_seconds=1)).run("while :; do :; done", {})
    with pytest.raises(ScriptLimitReached, match=r"more than 0\.5 seconds"):
        await runner.pwsh("unfenced", Limits(seconds=0.5)).run("sleep 86400", {})
    with pytest.raises(ScriptLimitReached, match="put out more"):
        await runner.pwsh("unfenced", Limits(output_bytes=1000)).run("yes", {})
    with pytest.raises(ScriptLimitReached, match="a file longer"):
        await runner.pwsh("unfenced", Limits(file_bytes=1024)).run("exec head --bytes=1M /dev/zero > x", {})


async def test_the_whole_group_of_a_script_is_killed(runner: Runner, tmp_path: Path) -> None:
    script = f"sleep 86400 & echo $! > {tmp_path}/pid; sleep 86400"
    with pytest.raises(ScriptLimitReached):
        await runner.pwsh("unfenced", Limits(seconds=1.0)).run(script, {})
    process = Path("/proc") / (tmp_path / "pid").read_text().strip()
    assert not process.exists() or "State:\tZ" in (process / "status").read_text()


async def test_d06_a_protected_value_cannot_be_returned_whatever_its_case(runner: Runner) -> None:
    with pytest.raises(ProtectedValue, match="'requester'"):
        await runner.pwsh("unfenced").run("returns requester x", {}, {"Requester"})


async def test_the_data_folder_may_not_lie_beside_powershell(runner: Runner) -> None:
    beside = Pwsh("fenced", str(runner.program), runner.program.parent / "data", Limits())
    with pytest.raises(PwshUnusable, match="lies where scripts can read"):
        await beside.run("", {})


async def test_a_program_that_is_not_one_is_told(tmp_path: Path) -> None:
    program = tmp_path / "pwsh"
    program.write_bytes(b"\x7fELF but not really")
    program.chmod(0o755)
    with pytest.raises(ScriptFailed, match="without an answer"):
        await Pwsh("unfenced", str(program), tmp_path / "data", Limits()).run("", {})
