import json
import re
import shutil
import subprocess
import textwrap
from pathlib import Path

import pytest
from tests.cli.conftest import PATIENCE, CommandLine, environment, served

from certloom.settings import read_settings
from certloom.steps.custom_powershell import CustomPowerShellStep

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page: str, language: str) -> list[str]:
    """The code of a page that is written in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.needs("openssl")
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_tutorial_and_the_approving_guide_work_as_written(tmp_path: Path) -> None:
    """Every block is run as it stands, but for the one with the address and the passwords."""
    given, *tutorial = blocks("tutorial/first-certificate.md", "bash")
    own, *approving = blocks("how-to/approve-with-curl.md", "bash")
    assert all(block.startswith("URL=") for block in (given, own))
    again = [block for block in tutorial if "openssl req" in block or "/Enrollment/CSR" in block]
    with served(tmp_path / "data", "--demo") as server:
        passwords = {user["name"].rpartition("\\")[2]: user["password"] for user in server.banner["users"]}
        people = [f"{name.upper()}='CORP\\{name}:{password}'\n" for name, password in passwords.items()]
        after = 'api "$ALICE" GET "/Workflow/Instances/$INSTANCE" | field \'["Status"]\'\n'
        script = "".join(
            [f"set -eu -o pipefail\nURL={server.banner['api']}\n", *people, *tutorial, *again, *approving, after]
        )
        done = subprocess.run(  # noqa: S603 - our own words
            [shutil.which("bash") or "bash", "-c", script],
            cwd=tmp_path,
            env=environment(no_proxy="*"),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    assert done.returncode == 0, done.stdout + done.stderr
    told = done.stdout.splitlines()
    assert told[0] == "True"
    assert told[1] == "Suspended"
    assert "self-approval" in told[2]
    assert told[3] == "CORP\\alice is enrolling for a certificate with CN=web01.corp.example."
    assert told[4:7] == ["Complete", "certificate1.pem: OK", "Suspended"]
    assert told[-1] == "Complete"


def test_the_template_of_the_guide_can_be_applied(cli: CommandLine, tmp_path: Path) -> None:
    (text,) = blocks("how-to/define-a-template.md", "toml")
    file = tmp_path / "webserver.toml"
    file.write_text(text)

    assert cli("template", "apply", str(file)).out == "Applied template WebServer (id 1).\n"


def test_the_script_of_the_python_guide_can_be_checked_and_run(
    cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (text,) = blocks("how-to/run-python-in-a-step.md", "python")
    (commands,) = blocks("how-to/run-python-in-a-step.md", "bash")
    (tmp_path / "team.py").write_text(text)
    monkeypatch.chdir(tmp_path)

    check, trial = (line.split()[1:] for line in commands.splitlines())

    assert cli(*check).out == "team.py can be used.\n"
    values = {"Team": "web", "NeedsApproval": False}
    assert cli(*trial, "--json").document == {"values": values, "messages": ["print: the team is web"]}


@pytest.mark.needs("curl")
def test_the_library_guide_works_as_written(cli: CommandLine, tmp_path: Path) -> None:
    (text,) = blocks("how-to/run-library-scripts.md", "powershell")
    given, upload = blocks("how-to/run-library-scripts.md", "bash")
    (step,) = blocks("how-to/run-library-scripts.md", "json")
    assert given.startswith("URL=")
    (tmp_path / "tag.ps1").write_text(text)

    trial = cli("script", "run", str(tmp_path / "tag.ps1"), "--param", "Name=web01.corp.example", "--json")
    with served(tmp_path / "data", "--demo") as server:
        passwords = {user["name"].rpartition("\\")[2]: user["password"] for user in server.banner["users"]}
        made = subprocess.run(  # noqa: S603 - our own words
            [shutil.which("bash") or "bash", "-eu", "-c", upload],
            cwd=tmp_path,
            env=environment(no_proxy="*", URL=server.banner["api"], ADMIN=f"CORP\\admin:{passwords['admin']}"),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    assert trial.document == {"values": {"Tag": "web-web01", "Length": 5}, "messages": ["host: tagging web01"]}
    assert made.returncode == 0, made.stdout + made.stderr
    script = json.loads(made.stdout)
    assert (script["Name"], script["Contents"], script["Categories"]) == ("Tag", text, [6])
    declared = {parameter.name for parameter in CustomPowerShellStep.parameters}
    assert set(json.loads(step)["ConfigurationParameters"]) <= declared


def test_the_settings_of_the_library_guide_are_read(tmp_path: Path) -> None:
    page = (DOCS / "how-to/run-library-scripts.md").read_text()
    (lines,) = re.findall(r"^   ```toml\n(.*?)^   ```$", page, re.MULTILINE | re.DOTALL)
    file = tmp_path / "certloom.toml"
    file.write_text(textwrap.dedent(lines))

    settings = read_settings({}, {}, file).settings

    assert (settings.scripts_pwsh, settings.scripts_pwsh_seconds) == ("fenced", 60.0)
