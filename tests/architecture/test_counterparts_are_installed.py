import runpy
import subprocess
import sys
from pathlib import Path

import pytest

APT_GET = """#!/bin/sh
echo "$DEBIAN_FRONTEND: $*" >> "$0.log"
exit {status}
"""


@pytest.fixture
def script(repository: Path) -> Path:
    return repository / "tests" / "install_counterparts.py"


def fake_apt_get(folder: Path, status: int = 0) -> Path:
    program = folder / "apt-get"
    program.write_text(APT_GET.format(status=status))
    program.chmod(0o755)
    return program


def test_apt_get_is_asked_once_for_everything_and_without_questions(tmp_path: Path, script: Path) -> None:
    apt_get = fake_apt_get(tmp_path)

    runpy.run_path(str(script))["install"](["openssl", "softhsm2"], str(apt_get))

    assert (tmp_path / "apt-get.log").read_text().splitlines() == [
        "noninteractive: -qq update",
        "noninteractive: -qq install --yes --no-install-recommends openssl softhsm2",
    ]


def test_what_is_still_missing_is_named_and_is_no_failure(tmp_path: Path, script: Path) -> None:
    fake_apt_get(tmp_path, status=100)

    result = subprocess.run(  # noqa: S603  # the interpreter that runs this test
        [sys.executable, script], env={"PATH": str(tmp_path)}, check=False, capture_output=True, text=True
    )

    assert result.returncode == 0
    assert "not installed" in result.stdout
    assert "openssl" in result.stdout


def test_a_machine_without_apt_get_only_hears_what_is_missing(tmp_path: Path, script: Path) -> None:
    result = subprocess.run(  # noqa: S603  # the interpreter that runs this test
        [sys.executable, script], env={"PATH": str(tmp_path)}, check=False, capture_output=True, text=True
    )

    assert result.returncode == 0
    assert result.stderr == ""
    assert "openssl" in result.stdout


def test_an_apt_get_that_cannot_start_is_reported(
    tmp_path: Path, script: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runpy.run_path(str(script))["install"](["openssl"], str(tmp_path / "absent"))

    assert "apt-get update: " in capsys.readouterr().out


def test_npm_packages_are_asked_for_by_their_lock_file_and_run_no_scripts(tmp_path: Path, script: Path) -> None:
    npm = tmp_path / "npm"
    npm.write_text('#!/bin/sh\necho "$PWD: $*" >> "$0.log"\n')
    npm.chmod(0o755)

    runpy.run_path(str(script))["fill"](tmp_path, str(npm))

    assert (tmp_path / "npm.log").read_text() == f"{tmp_path}: ci --ignore-scripts --no-audit --no-fund\n"


def test_a_folder_without_its_npm_packages_is_found(script: Path, repository: Path) -> None:
    names = runpy.run_path(str(script))
    folders = {lock.parent for lock in names["FOLDERS"].glob("*/package-lock.json")}

    assert repository / "tests" / "counterparts" / "openid" in folders
    assert {folder for folder in folders if not (folder / "node_modules").exists()} <= set(names["unfilled"]())
