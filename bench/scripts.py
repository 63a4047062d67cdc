"""A script of a workflow step, its program cached, beside the same computation in Python."""

import json
import random
import time
from collections.abc import Callable
from typing import Any

from certloom.clock import system_clock
from certloom.scripting.powershell.limits import Limits
from certloom.scripting.powershell.run import run

__all__ = ["measure_scripts"]

_SCRIPT = """param($Members)
$people = ($Members | ConvertFrom-Json).value
$mails = @()
foreach ($person in $people) {
    if ($person.mail -and $person.mail -notlike '*@old.corp.example') { $mails += $person.mail.ToLower() }
}
return @{ Emails = $mails -join ';' }"""
_MEMBERS = json.dumps({"value": [{"mail": f"Person{number}@corp.example"} for number in range(10)]})
_TIMES = 500


def measure_scripts() -> list[tuple[str, str, str, str]]:
    """Rows of (figure, measured, limit, ratio)."""
    ours, python = _seconds(_run_script), _seconds(_run_python)
    measured, limit = f"{ours * 1000:.3f}", f"{python * 1000:.3f} the same in Python"
    return [("ms a script of six lines, 10 people", measured, limit, f"{ours / python:.0f} times")]


def _seconds(act: Callable[[], dict[str, Any]]) -> float:
    expected = {"Emails": ";".join(f"person{number}@corp.example" for number in range(10))}
    if act() != expected:
        raise RuntimeError("the two do not compute the same")
    began = time.perf_counter()
    for _ in range(_TIMES):
        act()
    return (time.perf_counter() - began) / _TIMES


def _run_script() -> dict[str, Any]:
    return run(_SCRIPT, {"Members": _MEMBERS}, Limits(), system_clock, random.random).values


def _run_python() -> dict[str, Any]:
    people = json.loads(_MEMBERS)["value"]
    mails = [person["mail"].lower() for person in people if not person["mail"].lower().endswith("@old.corp.example")]
    return {"Emails": ";".join(mails)}
