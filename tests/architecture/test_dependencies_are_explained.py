import re
import tomllib
from pathlib import Path

import pytest

NAME = re.compile(r"[A-Za-z0-9._-]+")
# | `name` | licence | what for | why it and not something else |
ROW = re.compile(r"^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


@pytest.fixture
def required(repository: Path) -> set[str]:
    project = tomllib.loads((repository / "pyproject.toml").read_text())
    lists = [
        project["build-system"]["requires"],
        project["project"]["dependencies"],
        *project["project"].get("optional-dependencies", {}).values(),
        *project["dependency-groups"].values(),
    ]
    return {name.group() for requirements in lists for item in requirements if (name := NAME.match(item))}


@pytest.fixture
def explained(repository: Path) -> list[str]:
    page = (repository / "docs" / "explanation" / "dependencies.md").read_text()
    return [name for name, *reasons in ROW.findall(page) if all(reason.strip() for reason in reasons)]


def test_every_dependency_is_explained_once_and_nothing_else_is(required: set[str], explained: list[str]) -> None:
    assert sorted(explained) == sorted(required)
