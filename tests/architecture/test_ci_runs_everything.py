import os
import shutil
import subprocess
from pathlib import Path

import pytest

MAKEFILE = """
check:
\t@echo checked
test:
\t@echo "CI=$$CI"; echo "1 passed, 1 skipped"; exit {status}
"""


@pytest.fixture
def project(tmp_path: Path, repository: Path) -> Path:
    (tmp_path / ".ci").mkdir()
    shutil.copy(repository / ".ci" / "run", tmp_path / ".ci")
    return tmp_path


def run_from_elsewhere(project: Path, status: int) -> subprocess.CompletedProcess[str]:
    (project / "Makefile").write_text(MAKEFILE.format(status=status))
    return subprocess.run(  # noqa: S603  # the script under test
        [project / ".ci" / "run"],
        cwd="/",
        env={"PATH": os.environ["PATH"]},
        check=False,
        capture_output=True,
        text=True,
    )


def test_ci_checks_and_tests_from_anywhere(project: Path) -> None:
    result = run_from_elsewhere(project, status=0)

    assert result.returncode == 0
    assert result.stdout.splitlines() == ["checked", "CI=true", "1 passed, 1 skipped"]


def test_ci_fails_with_the_tests_and_the_runner_has_the_last_word(project: Path) -> None:
    result = run_from_elsewhere(project, status=1)

    assert result.returncode != 0
    assert result.stdout.splitlines()[-1] == "1 passed, 1 skipped"
