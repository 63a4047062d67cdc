"""Names of steps that people, signal keys and secrets could take for one another."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certloom.workflow.definition import Step
from certloom.workflow.faults import structural_faults


def rules_of(*names: str) -> list[str]:
    followed = {name: {"continue": after} for name, after in pairwise(names)}
    steps = [
        Step(
            id=str(number), unique_name=name, display_name="", extension_name="NOOPStep", outputs=followed.get(name, {})
        )
        for number, name in enumerate(names)
    ]
    return [fault.rule for fault in structural_faults(steps, "Enrollment", {}) if fault.field == "UniqueName"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Approve", "approve"),
        ("\u00c9cole", "E\u0301cole"),
        ("Stra\u00dfe", "STRASSE"),
        ("\uff21sk", "Ask"),
        ("\u2163", "iv"),
    ],
)
def test_two_names_that_look_alike_are_one_name(one: str, other: str) -> None:
    assert rules_of("Start", one, other, "End") == ["unique-name-taken"] * 2


@pytest.mark.parametrize(
    "name", [" A", "A ", "A\u200b", "A\nB", "A\tB", "\u202eA", "A\u00a0B", "A\x00", "A\ufeff", "x" * 201, "A\ud800"]
)
def test_a_name_with_something_nobody_sees_is_refused(name: str) -> None:
    assert rules_of("Start", name, "End") == ["unique-name-unclear"]


@pytest.mark.parametrize(
    "name", ["30DayExpirationNotification", "Ask twice", "\u00c9cole", "\u627f\u8a8d", "A-B_(1)", "x" * 200]
)
def test_a_name_people_can_read_is_taken(name: str) -> None:
    assert rules_of("Start", name, "End") == []


@given(st.text())
def test_any_name_is_judged(name: str) -> None:
    assert len(rules_of("Start", name, "End")) <= 2
