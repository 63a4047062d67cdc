import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

CHECK = """
import sys
from importlinter.cli import lint_imports
sys.exit(lint_imports(no_cache=True, no_logo=True))
"""


def check_imports(project: Path, source: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  # the interpreter that runs this test
        [sys.executable, "-c", CHECK],
        cwd=project,
        env={"PYTHONPATH": str(source), "NO_COLOR": "1"},
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def layers(repository: Path) -> list[str]:
    project = tomllib.loads((repository / "pyproject.toml").read_text())
    contract = project["tool"]["importlinter"]["contracts"][0]
    assert contract["exhaustive"]
    found: list[str] = contract["layers"]
    return found


def test_imports_point_down_and_every_module_has_its_layer(repository: Path) -> None:
    result = check_imports(repository, repository / "src")

    assert result.returncode == 0, result.stdout + result.stderr


def test_an_import_that_points_up_is_found(tmp_path: Path) -> None:
    package = tmp_path / "certloom"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "upper.py").write_text("")
    (package / "lower.py").write_text("import certloom.upper\n")
    (tmp_path / "pyproject.toml").write_text(
        '[tool.importlinter]\nroot_package = "certloom"\n'
        '[[tool.importlinter.contracts]]\nname = "down"\ntype = "layers"\n'
        'containers = ["certloom"]\nexhaustive = true\nlayers = ["upper", "lower"]\n'
    )

    result = check_imports(tmp_path, tmp_path)

    assert result.returncode == 1
    assert "certloom.lower -> certloom.upper" in result.stdout


def test_the_architecture_page_draws_the_layers_that_are_checked(repository: Path, layers: list[str]) -> None:
    page = " ".join((repository / "ARCHITECTURE.md").read_text().split())

    assert " → ".join(layers) in page
