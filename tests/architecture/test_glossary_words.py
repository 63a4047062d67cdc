import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def words(name: str) -> tuple[str, ...]:
    """An identifier or a phrase as its words: WorkflowRun, workflow_run and "workflow run" are the same."""
    return tuple(word.lower() for word in WORD.findall(name))


def refused_words(glossary: str) -> dict[tuple[str, ...], str]:
    """The words of every table column headed "not", each with the glossary's own word for the thing."""
    refused: dict[tuple[str, ...], str] = {}
    column: int | None = None
    for line in glossary.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            column = None
        elif "not" in cells:
            column = cells.index("not")
        elif column is not None:
            refused |= {words(phrase): cells[0] for phrase in re.findall(r"`([^`]+)`", cells[column])}
    return refused


def defined_names(module: ast.AST) -> Iterator[str]:
    """What the module names itself: what it only uses was named by others."""
    for node in ast.walk(module):
        match node:
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.name
            case ast.arg():
                yield node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr


def holds(name: str, phrase: tuple[str, ...]) -> bool:
    """Whether the words of the phrase, the last one also in the plural, follow each other in the name."""
    *head, last = phrase
    parts, length = words(name), len(phrase)
    runs = (parts[start : start + length] for start in range(len(parts) - length + 1))
    return any(run[:-1] == tuple(head) and run[-1] in {last, f"{last}s"} for run in runs)


def misnamed(module: Path, refused: dict[tuple[str, ...], str]) -> list[str]:
    names = {module.stem, *defined_names(ast.parse(module.read_text()))}
    return [
        f"{module}: {name} says {' '.join(phrase)!r}; our word is {word!r} (docs/glossary.md)"
        for name in sorted(names)
        for phrase, word in refused.items()
        if holds(name, phrase)
    ]


@pytest.fixture
def refused(repository: Path) -> dict[tuple[str, ...], str]:
    return refused_words((repository / "docs" / "glossary.md").read_text())


def test_the_code_uses_the_words_of_the_glossary(repository: Path, refused: dict[tuple[str, ...], str]) -> None:
    package = repository / "src" / "certloom"
    # The shapes on the wire are spelled as the Keyfactor API spells them.
    ours = [module for module in package.rglob("*.py") if package / "api" / "schemas" not in module.parents]

    assert [fault for module in ours for fault in misnamed(module, refused)] == []


def test_the_glossary_refuses_words_and_never_its_own(refused: dict[tuple[str, ...], str]) -> None:
    own = {words(word) for word in refused.values()}

    assert words("workflow run") in refused
    assert own.isdisjoint(refused)


def test_a_refused_word_is_found_in_every_kind_of_name(tmp_path: Path) -> None:
    module = tmp_path / "tickets_of_today.py"
    module.write_text("class WorkflowRun:\n    def ticket(self, workflow_run):\n        self.ticket = run = 1\n")
    refused = refused_words("| word | not |\n|---|---|\n| instance | `workflow run`, `ticket` |\n")

    assert [fault.split(": ")[1].split(" says")[0] for fault in misnamed(module, refused)] == [
        "WorkflowRun",
        "ticket",
        "tickets_of_today",
        "workflow_run",
    ]


def test_names_that_only_contain_the_letters_are_left_alone() -> None:
    assert not holds("overflow_runner", ("flow", "run"))
    assert holds("HTTPTicketId", ("ticket",))
