import runpy
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def generated(repository: Path) -> dict[str, str]:
    pages: Callable[[], dict[str, str]] = runpy.run_path(str(repository / "docs" / "generate.py"))["pages"]
    return pages()


def test_the_reference_is_what_the_code_says(repository: Path, generated: dict[str, str]) -> None:
    folder = repository / "docs" / "reference"
    written = {page.name: page.read_text(encoding="utf-8") for page in folder.glob("*.md")}
    outdated = [name for name in {*written, *generated} if written.get(name) != generated.get(name)]

    assert not outdated, f"{sorted(outdated)} differ from the code: run make docs"


def test_every_page_of_the_reference_is_listed(repository: Path, generated: dict[str, str]) -> None:
    index = (repository / "docs" / "index.md").read_text(encoding="utf-8")

    assert [name for name in generated if f"(reference/{name})" not in index] == []


def test_no_cell_of_the_reference_is_without_its_meaning(generated: dict[str, str]) -> None:
    settings = [line for line in generated["settings.md"].splitlines() if line.startswith("| `")]

    assert settings
    assert [line for line in settings if line.rstrip(" |").endswith("`")] == []
