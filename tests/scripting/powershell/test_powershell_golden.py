import json
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from certloom.scripting.powershell.faults import ScriptFailed, ScriptUnreadable
from certloom.scripting.powershell.limits import Limits
from certloom.scripting.powershell.run import run

GOLDEN = Path(__file__).parent / "golden"
ENOUGH = 2_100


def cases() -> Iterator[Any]:
    """Every line of every table: a script, an arrow, and the JSON it gives or ``!`` and part of its error."""
    for group in sorted(GOLDEN.glob("*.toml")):
        for rule in tomllib.loads(group.read_text())["rule"]:
            for line in rule["cases"].strip().splitlines():
                script, expected = line.rsplit(" => ", 1)
                yield pytest.param(rule["says"], script, expected.strip(), id=f"{group.stem}: {line}")


def clock() -> datetime:
    return datetime(2026, 3, 14, 15, 9, 26, 535000, tzinfo=UTC)


def outcome(script: str) -> Any:
    text = "@{ r = & { " + script.replace("\u21b5", "\n") + "\n} }"
    return run(text, {}, Limits(), clock, lambda: 0.5).values["r"]


def same(left: Any, right: Any) -> bool:
    """Equal as JSON: true is not 1, and a double may be written as a whole number."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return bool(left == right)


@pytest.mark.parametrize(("rule", "script", "expected"), list(cases()))
def test_a_script_does_what_the_language_documentation_says(rule: str, script: str, expected: str) -> None:
    if expected.startswith("!"):
        with pytest.raises((ScriptFailed, ScriptUnreadable)) as error:
            outcome(script)
        assert expected[1:].strip() in str(error.value), rule
    else:
        assert same(outcome(script), json.loads(expected)), rule


def test_there_are_enough_cases_and_no_two_are_the_same() -> None:
    scripts = [str(case.id) for case in cases()]

    assert len(scripts) >= ENOUGH
    assert len(set(scripts)) == len(scripts)
