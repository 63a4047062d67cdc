import re
from pathlib import Path
from typing import get_args

import pytest

from certloom.workflow.event import Event
from certloom.workflow.instance import Status
from certloom.workflow.journal import IllegalTransition, status_after

# | `event` | may follow | status afterwards |
ROW = re.compile(r"^\| `(\w+)` \| ([\w, ]+) \| (\w+) \|$", re.MULTILINE)


def legal_transitions() -> set[tuple[str, str, str]]:
    """Every event and status that the journal lets meet, with the status afterwards."""
    legal = set()
    for kind in get_args(Event):
        event = kind(**dict.fromkeys(kind.__struct_fields__))
        for before in (None, *Status):
            try:
                after = status_after(before, event)
            except IllegalTransition:
                continue
            legal.add((kind.__name__, before or "nothing", after.value))
    return legal


@pytest.fixture
def page(repository: Path) -> str:
    return (repository / "ARCHITECTURE.md").read_text()


def test_the_table_of_events_is_the_one_the_journal_keeps(page: str) -> None:
    drawn = {(event, name, after) for event, before, after in ROW.findall(page) for name in before.split(", ")}

    assert drawn == legal_transitions()


def test_every_letter_of_the_drawing_has_its_sentence(page: str) -> None:
    drawing = next(block for block in re.findall(r"```text\n(.*?)```", page, re.DOTALL) if "Complete" in block)
    letters = set(re.findall(r"(?<!\w)[a-z](?!\w)", drawing))

    assert letters == set(re.findall(r"^- \*\*([a-z])\*\* ", page, re.MULTILINE))
