"""Scripts of workflow steps, their programs cached: each beside its limit of a millisecond, or the same in Python.

The scripts of `bench/export_like` are our own, of the kind and size that exported definitions hold. Where a folder of
exported definitions is given in ``CERTLOOM_EXPORTS``, their scripts are measured as well.
"""

import asyncio
import json
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from certloom.clock import system_clock
from certloom.errors import CertloomError
from certloom.scripting.cel.expressions import Expressions
from certloom.scripting.powershell.limits import Limits
from certloom.scripting.powershell.run import run
from certloom.scripting.python.scripts import PythonScripts

__all__ = ["measure_scripts"]

_LIKE = Path(__file__).parent / "export_like"
_LIMIT_MS = 1.0
_TIMES = 500
_MEMBERS = json.dumps({"value": [{"mail": f"Person{number}@corp.example"} for number in range(10)]})
_GROUPS = json.dumps({"value": [{"id": f"grp-{number}", "displayName": f"Team {number}"} for number in range(10)]})
_PARAMETERS = {
    "group_of_a_team": {"Groups": _GROUPS, "Team": " Team 7 "},
    "mails_of_members": {"Members": _MEMBERS},
    "owner_from_metadata": {"Owner": "", "Fallback": "ops@corp.example"},
}
_PYTHON = "import json\nreturn {'Emails': ';'.join(one['mail'].lower() for one in json.loads(Members)['value'])}"
_EXPRESSION = "data.SANs.dns.all(name, name.endsWith('.corp.example')) && data.Days > 20"
_DATA = {"SANs": {"dns": [f"web{number}.corp.example" for number in range(10)]}, "Days": 30}

Row = tuple[str, str, str, str]


def measure_scripts() -> list[Row]:
    """Rows of (figure, measured, limit, ratio)."""
    rows = [_powershell(name, script, parameters) for name, script, parameters in _all_scripts()]
    mails = _seconds(_mails_in_python)
    with closing(PythonScripts()) as python:
        step = _seconds(lambda: python.run(_PYTHON, {"Members": _MEMBERS}), 100)
    rows.append(_beside("ms a Python step, process included", step, mails))
    rows.append(_beside("ms an expression, process included", asyncio.run(_expression()), _seconds(_expected)))
    return rows


def _all_scripts() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for file in sorted(_LIKE.glob("*.ps1")):
        yield file.stem, file.read_text(), _PARAMETERS[file.stem]
    folder = os.environ.get("CERTLOOM_EXPORTS")
    for file in sorted(Path(folder).glob("*.json")) if folder else ():
        for number, given in enumerate(_script_parameters(json.loads(file.read_text())), start=1):
            yield f"{file.stem} {number}", given["ScriptContent"], given.get("ScriptParameters") or {}


def _script_parameters(document: Any) -> Iterator[dict[str, Any]]:
    """The parameters of every step with a script, wherever the document keeps them."""
    if isinstance(document, dict):
        if isinstance(document.get("ScriptContent"), str):
            yield document
        for value in document.values():
            yield from _script_parameters(value)
    elif isinstance(document, list):
        for value in document:
            yield from _script_parameters(value)


def _powershell(name: str, script: str, parameters: dict[str, Any]) -> Row:
    def act() -> None:
        try:
            run(script, parameters, Limits(), system_clock, random.random)
        except CertloomError:
            # Given tokens for parameters, an exported script may find nothing and say so; ours find what they seek.
            if name in _PARAMETERS:
                raise

    measured = _seconds(act) * 1000
    return f"ms {name}", f"{measured:.3f}", f"{_LIMIT_MS:.1f} ms", f"{measured / _LIMIT_MS:.2f}"


def _beside(what: str, ours: float, python: float) -> Row:
    return what, f"{ours * 1000:.3f}", f"{python * 1000:.3f} the same in our Python", f"{ours / python:.0f} times"


def _seconds(act: Callable[[], object], times: int = _TIMES) -> float:
    act()
    began = time.perf_counter()
    for _ in range(times):
        act()
    return (time.perf_counter() - began) / times


async def _expression() -> float:
    expressions = Expressions()
    try:
        if not await expressions.evaluate(_EXPRESSION, _DATA):
            raise RuntimeError("the two do not compute the same")
        began = time.perf_counter()
        for _ in range(_TIMES):
            await expressions.evaluate(_EXPRESSION, _DATA)
        return (time.perf_counter() - began) / _TIMES
    finally:
        await expressions.close()


def _expected() -> bool:
    names: list[str] = _DATA["SANs"]["dns"]  # type: ignore[index]  # a literal of this module
    return all(name.endswith(".corp.example") for name in names) and _DATA["Days"] == 30


def _mails_in_python() -> dict[str, str]:
    return {"Emails": ";".join(one["mail"].lower() for one in json.loads(_MEMBERS)["value"])}
