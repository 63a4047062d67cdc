import json
import sys
from pathlib import Path

import pytest

from certloom.cli.program import run

SCRIPT = "param($Group) Write-Host 'hello'; return @{ Upper = $Group.ToUpper(); Count = 2 }"


def test_a_script_is_run_with_parameters_and_prints_its_values(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "names.ps1"
    file.write_text(SCRIPT)
    assert run(["script", "run", str(file), "--param", "group=web", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"values": {"Upper": "WEB", "Count": 2}, "messages": ["host: hello"]}
    assert run(["script", "run", str(file), "--param", "group=web"]) == 0
    assert "WEB" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "told"),
    [("Get-Content x", "line 1, column 1"), ("if (", "line 1"), ("throw 'never'", None), ("1 +", "line 1")],
)
def test_a_script_is_checked_without_running_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, told: str | None
) -> None:
    file = tmp_path / "names.ps1"
    file.write_text(text)
    assert run(["script", "check", str(file), "--json"]) == (1 if told else 0)
    captured = capsys.readouterr()
    if told:
        assert told in " ".join(captured.err.split())
    else:
        assert json.loads(captured.out)["usable"] is True


@pytest.mark.parametrize(
    ("arguments", "told"), [(["nowhere.ps1"], "cannot be read"), (["{file}", "--param", "novalue"], "NAME=VALUE")]
)
def test_what_cannot_be_used_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    file = tmp_path / "names.ps1"
    file.write_text(SCRIPT)
    assert run(["script", "run", *(argument.format(file=file) for argument in arguments)]) == 1
    assert told in " ".join(capsys.readouterr().err.split())


PYTHON = "print('hello')\nreturn {'Upper': Group.upper(), 'Count': 2}"


@pytest.mark.parametrize(("name", "language"), [("names.py", ()), ("names.txt", ("--language", "python"))])
def test_a_python_script_is_run_and_checked_in_the_same_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, language: tuple[str, ...]
) -> None:
    file = tmp_path / name
    file.write_text(PYTHON)
    assert run(["script", "run", str(file), "--param", "Group=web", "--json", *language]) == 0
    assert json.loads(capsys.readouterr().out) == {"values": {"Upper": "WEB", "Count": 2}, "messages": ["print: hello"]}
    assert run(["script", "check", str(file), "--json", *language]) == 0
    assert json.loads(capsys.readouterr().out)["usable"] is True


def test_a_python_script_that_cannot_be_read_is_told_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "names.py"
    file.write_text("x = 1\nif x\n")
    assert run(["script", "check", str(file)]) == 1
    assert "line 2, column 5" in " ".join(capsys.readouterr().err.split())


def test_without_its_extra_python_is_told_how_to_get_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "names.py"
    file.write_text(PYTHON)
    monkeypatch.setitem(sys.modules, "pydantic_monty", None)
    assert run(["script", "run", str(file)]) == 1
    assert "pip install 'certloom[scripts]'" in " ".join(capsys.readouterr().err.split())
