import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from certloom.scripting.powershell.checks import check
from certloom.scripting.powershell.faults import ScriptFailed
from certloom.scripting.powershell.limits import Limits
from certloom.scripting.powershell.parser import parse
from certloom.scripting.powershell.run import run

EXPORTS = Path(os.environ.get("CERTLOOM_EXPORTS", Path(__file__).parents[4] / "shared" / "data" / "exports"))
GROUP = json.dumps({"value": [{"id": "grp-42", "displayName": "Team A"}]})
MEMBERS = json.dumps(
    {
        "value": [
            {"userType": "Member", "mail": " A@Corp.example "},
            {"userType": "Guest", "mail": "guest@corp.example"},
            {"userType": "Member", "mail": None},
            {"userType": "Member", "mail": "b@corp.example"},
            {"userType": "Member", "mail": "a@corp.example"},
        ]
    }
)
EXPECTED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"METADATA": "Team A"}, {"displayname": "Team A"}),
    ({"group": GROUP}, {"GroupId": "grp-42"}),
    ({"Members": MEMBERS}, {"Emails": "a@corp.example;b@corp.example"}),
]


def exported_scripts(name: str) -> list[str]:
    export = EXPORTS / name
    if not export.exists():
        pytest.skip(f"exported workflows are not here: {export}")
    steps = json.loads(export.read_text(encoding="utf-8-sig"))["Steps"]
    parameters = [step["ConfigurationParameters"] for step in steps]
    return [given["ScriptContent"] for given in parameters if "ScriptContent" in given]


def test_the_scripts_of_an_exported_workflow_give_what_its_next_steps_need() -> None:
    scripts = exported_scripts("entra-group-emails.json")

    results = [
        run(script, parameters, Limits(), lambda: datetime.now(UTC), lambda: 0.5).values
        for script, (parameters, _) in zip(scripts, EXPECTED, strict=True)
    ]

    assert results == [values for _, values in EXPECTED]


def test_the_scripts_of_an_exported_workflow_have_nothing_to_complain_about() -> None:
    assert [check(parse(script)) for script in exported_scripts("entra-group-emails.json")] == [(), (), ()]


def test_an_exported_script_without_the_group_throws_its_own_message() -> None:
    script = exported_scripts("entra-group-emails.json")[1]

    with pytest.raises(ScriptFailed, match=r"No group found with displayName ''\."):
        run(script, {}, Limits(), lambda: datetime.now(UTC), lambda: 0.5)
