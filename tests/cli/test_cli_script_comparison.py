import json
from pathlib import Path

import pytest
from tests.cli.conftest import CommandLine
from tests.scripting.pwsh.conftest import stand_in

from certloom.cli.script_comparison import Difference, differences

POWERSHELL = "param($Name) Write-Host 'a stand-in ran'; return @{ Told = $Name.ToUpper() }"
"""What the stand-in makes of it is decided by ``SHELL``: both languages in one file are too much for either."""
SHELL = """#!/bin/sh
read -r request
printf '\\n{"items": [{"table": %s}], "messages": [{"kind": "host", "text": "a stand-in ran"}]}\\n' '{"told": "WEB"}'
"""


@pytest.fixture
def answering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for PowerShell whose answer is always the same."""
    program = stand_in(tmp_path)
    program.write_text(SHELL)
    monkeypatch.setenv("CERTLOOM_SCRIPTS_PWSH", "unfenced")
    monkeypatch.setenv("CERTLOOM_SCRIPTS_PWSH_PATH", str(program))
    return program


@pytest.fixture
def script(tmp_path: Path) -> Path:
    file = tmp_path / "names.ps1"
    file.write_text(POWERSHELL)
    return file


def test_a_script_that_does_the_same_in_both_ends_with_0(cli: CommandLine, answering: Path, script: Path) -> None:
    result = cli("script", "check", "--pwsh", str(script), "--param", "Name=web")

    assert (result.code, result.err) == (0, "")
    assert result.out == f"{script} does the same in restricted PowerShell and in {answering}.\n"


@pytest.mark.usefixtures("answering")
def test_what_differs_is_printed_and_ends_with_1(cli: CommandLine, script: Path) -> None:
    shown = cli("script", "check", "--pwsh", str(script), "--param", "Name=mail")
    told = cli("script", "check", "--pwsh", str(script), "--param", "Name=mail", "--json")

    assert (shown.code, told.code) == (1, 1)
    assert [line.split() for line in shown.out.splitlines()][1:] == [["value", "Told", '"MAIL"', '"WEB"']]
    (difference,) = told.document["differences"]
    assert difference == {"what": "value Told", "ours": '"MAIL"', "pwsh": '"WEB"'}


@pytest.mark.usefixtures("answering")
def test_a_script_that_only_one_of_them_runs_is_a_difference(cli: CommandLine, script: Path) -> None:
    script.write_text("throw 'never'")

    found = json.loads(cli("script", "check", "--pwsh", str(script), "--json").out)["differences"]

    assert {"what": "failure", "ours": "never", "pwsh": None} in found
    assert {"what": "value told", "ours": None, "pwsh": '"WEB"'} in found


def test_without_powershell_nothing_is_compared_and_that_is_said(
    cli: CommandLine, script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CERTLOOM_SCRIPTS_PWSH_PATH", str(tmp_path / "absent"))

    result = cli("script", "check", "--pwsh", str(script), "--param", "Name=web")

    assert (result.code, result.out) == (1, "")
    assert "PowerShell 7 was not found. Install PowerShell 7 from Microsoft's packages" in result.err


def test_a_number_is_not_its_text_and_names_are_found_in_any_case() -> None:
    assert differences({"value A": "1", "value B": "2"}, {"value a": "1", "value B": '"2"'}) == (
        Difference("value B", "2", '"2"'),
    )
    assert differences({}, {}) == ()
