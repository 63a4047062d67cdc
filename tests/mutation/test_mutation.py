import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.mutation.session import guarded


@pytest.mark.timeout(600)
@pytest.mark.parametrize("module", guarded())
def test_a20_no_mutant_of_a_guard_survives(module: str, tmp_path: Path) -> None:
    found = tmp_path / "found.json"
    command = [sys.executable, "-m", "tests.mutation.session", module, str(found)]
    ran = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)  # noqa: S603 - ourselves
    assert ran.returncode == 0, ran.stdout + ran.stderr
    result = json.loads(found.read_text())
    assert (result["status"], result["count"] > 0) == (0, True), ran.stdout
    told = [
        f"{one['function']}, line {one['line']}: {one['before']}  ->  {one['after']}" for one in result["survivors"]
    ]
    assert told == []
    assert result["unmet"] == [], "these were said to be equivalent, but a test tells them apart or they are gone"
