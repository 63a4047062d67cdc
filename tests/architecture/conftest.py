import shutil
import subprocess
from pathlib import Path

import pytest

NOT_SOURCES = {".git", ".venv", "__pycache__", "node_modules", "dist", "certloom-data", ".hypothesis"}


@pytest.fixture(scope="session")
def repository() -> Path:
    return Path(__file__).parents[2]


@pytest.fixture(scope="session")
def sources(repository: Path) -> list[Path]:
    """The tracked files; in an unpacked archive, which has no index, all but those of builds and caches."""
    if (repository / ".git").exists() and shutil.which("git"):
        listed = subprocess.run(
            ["git", "ls-files", "-z"],  # noqa: S607  # whichever git the developer uses
            cwd=repository,
            check=True,
            capture_output=True,
            text=True,
        )
        files = [repository / name for name in listed.stdout.split("\0") if name]
        return [file for file in files if file.is_file()]
    return [file for file in repository.rglob("*") if file.is_file() and _is_source(file.relative_to(repository))]


def _is_source(path: Path) -> bool:
    return NOT_SOURCES.isdisjoint(path.parts) and not any(part.endswith("_cache") for part in path.parts)
