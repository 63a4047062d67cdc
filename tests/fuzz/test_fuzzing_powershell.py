import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.fuzz import powershell
from tests.fuzz.powershell import Finding, look
from tests.fuzz.powershell_scripts import Maker

from certloom.scripting.powershell.faults import ScriptUnreadable
from certloom.scripting.powershell.parser import parse

ROOT = Path(__file__).parents[2]
SEED, COUNT = 20260314, 2500


def fuzz(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-m", "tests.fuzz.powershell", *arguments)
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own words


def test_mixed_up_scripts_neither_crash_nor_hang_the_interpreter() -> None:
    maker = Maker(SEED)
    assert [finding for _ in range(COUNT) if (finding := look(maker.script()))] == []


def test_a_seed_makes_the_same_scripts_again_and_another_seed_others() -> None:
    first, again, other = Maker(1), Maker(1), Maker(2)
    scripts = [first.script() for _ in range(50)]
    assert scripts == [again.script() for _ in range(50)]
    assert scripts != [other.script() for _ in range(50)]


def test_many_of_the_scripts_are_read_and_many_are_not() -> None:
    maker = Maker(SEED)
    unread = 0
    for _ in range(500):
        try:
            parse(maker.script())
        except ScriptUnreadable:
            unread += 1
    assert 100 < unread < 400


def test_the_command_says_seed_and_count(tmp_path: Path) -> None:
    done = fuzz("--seed", "1", "--count", "20", "--save", str(tmp_path / "finding.ps1"))
    assert done.returncode == 0, done.stderr
    assert done.stdout == "seed 1: 20 scripts, nothing found\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [ValueError("bug"), RecursionError("deep"), SystemExit(0), powershell.Hanging()])
def test_a_crash_and_a_hang_are_findings(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def broken(_script: str) -> None:
        raise error

    monkeypatch.setattr(powershell, "parse", broken)
    finding = look("1")
    assert isinstance(finding, Finding)
    assert finding.script == "1"


def test_what_the_interpreter_did_not_expect_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise TypeError("bug")

    monkeypatch.setattr("certloom.scripting.powershell.run.returned", broken)
    finding = look("1")
    assert finding is not None
    assert "TypeError" in finding.what


def test_a_finding_is_saved_and_fails_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = tmp_path / "finding.ps1"
    monkeypatch.setattr(sys, "argv", ["fuzz", "--seed", "3", "--save", str(saved)])
    monkeypatch.setattr(powershell, "look", lambda script: Finding(script, "crash"))
    with pytest.raises(SystemExit) as ended:
        powershell.main()
    assert ended.value.code == 1
    assert saved.read_text() == Maker(3).script()
    assert re.fullmatch(r"seed 3, script 1: crash; saved as .*\n", capsys.readouterr().out)
