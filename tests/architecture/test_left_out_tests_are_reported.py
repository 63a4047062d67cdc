import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest

@pytest.mark.needs("absent-package")
def test_one(): pass

@pytest.mark.needs("absent-package")
def test_two(): pass

@pytest.mark.needs("present-package")
def test_three(): pass
"""
SKIPPED = """
import pytest

def test_one(): pytest.skip("the moon is full")
"""
UNLISTED = """
import pytest

@pytest.mark.needs("nobody-listed-this")
def test_one(): pass
"""

UNNEEDED = [f"-pno:{plugin}" for plugin in ("cacheprovider", "schemathesis", "hypothesispytest")]


@pytest.fixture
def project(tmp_path: Path, repository: Path) -> Path:
    """This project's test configuration around a folder without tests, and a package that does not exist."""
    tests = tmp_path / "tests"
    tests.mkdir()
    shutil.copy(repository / "pyproject.toml", tmp_path)
    shutil.copy(repository / "tests" / "conftest.py", tests)
    (tests / "counterparts.toml").write_text('no-such-binary = "absent-package"\nsh = "present-package"\n')
    return tmp_path


def run(project: Path, tests: str, *options: str, ci: str = "") -> subprocess.CompletedProcess[str]:
    (project / "tests" / "test_sample.py").write_text(tests)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(  # noqa: S603  # the interpreter that runs this test
        [sys.executable, "-m", "pytest", *UNNEEDED, *options],
        cwd=project,
        env=environment | {"CI": ci},
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("workers", ["0", "2"])
def test_an_absent_package_is_named_last_with_its_count_and_fails_ci(project: Path, workers: str) -> None:
    result = run(project, TESTS, "-n", workers, ci="true")

    assert result.returncode == pytest.ExitCode.TESTS_FAILED
    *_, before_last, last = result.stdout.splitlines()
    assert before_last == "left out: absent-package: 2 tests (install it with apt install absent-package)"
    assert "1 passed, 2 skipped" in last


def test_outside_ci_a_run_that_left_tests_out_passes(project: Path) -> None:
    assert run(project, TESTS).returncode == 0


def test_in_ci_any_other_skip_counts_as_left_out(project: Path) -> None:
    result = run(project, SKIPPED, ci="true")

    assert result.returncode == pytest.ExitCode.TESTS_FAILED
    assert "left out: the moon is full: 1 test\n" in result.stdout


def test_in_ci_a_run_that_left_nothing_out_passes(project: Path) -> None:
    assert run(project, "def test_one(): pass", ci="true").returncode == 0


def test_a_package_that_is_not_listed_is_an_error_and_not_a_skip(project: Path) -> None:
    result = run(project, UNLISTED)

    assert result.returncode == pytest.ExitCode.TESTS_FAILED
    assert "list its binary in tests/counterparts.toml" in result.stdout
