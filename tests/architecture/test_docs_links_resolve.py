import re
from pathlib import Path

FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\]\(<?([^)\s>]+)")
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|#|/")


def broken_links(page: Path) -> list[str]:
    """The relative links of a page whose file does not exist; links in code are examples."""
    text = CODE.sub("", FENCE.sub("", page.read_text()))
    targets = [target for target in LINK.findall(text) if not ELSEWHERE.match(target)]
    return [target for target in targets if not (page.parent / target.partition("#")[0]).exists()]


def test_every_relative_link_leads_to_a_file(sources: list[Path]) -> None:
    pages = [source for source in sources if source.suffix == ".md"]

    assert pages
    assert {str(page): broken for page in pages if (broken := broken_links(page))} == {}


def test_every_decision_is_listed(repository: Path) -> None:
    folder = repository / "docs" / "decisions"
    listed = re.findall(r"\]\((\d{4}-[^)]+\.md)\)", (folder / "README.md").read_text())

    assert listed == sorted(record.name for record in folder.glob("[0-9]*.md"))


def test_a_link_into_the_void_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[a](absent.md#part) [b](page.md#part) [c](https://example.org) `[d](x)`\n```\n[e](y)\n```\n")

    assert broken_links(page) == ["absent.md#part"]
