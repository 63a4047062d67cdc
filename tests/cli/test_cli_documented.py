import json
import os
import re
import shutil
import subprocess
import textwrap
from pathlib import Path

import pytest
from tests.cli.conftest import CERTLOOM, PATIENCE, CommandLine, environment, served

from certloom.settings import read_settings
from certloom.steps.custom_powershell import CustomPowerShellStep

DOCS = Path(__file__).parents[2] / "docs"
DEFINITIONS = Path(__file__).parents[1] / "data" / "definitions"


def blocks(page: str, language: str) -> list[str]:
    """The code of a page that is written in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.needs("openssl")
@pytest.mark.needs("curl")
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


def scripted(page: str, folder: Path, data_folder: Path, **variables: str) -> str:
    """What the bash blocks of a page print, run as they stand, one after the other."""
    bin_folder = Path(CERTLOOM[0]).parent
    done = subprocess.run(  # noqa: S603 - our own words
        [shutil.which("bash") or "bash", "-c", "set -eu -o pipefail\n" + "".join(blocks(page, "bash"))],
        cwd=folder,
        env=environment(
            CERTLOOM_DATA_FOLDER=str(data_folder), PATH=f"{bin_folder}{os.pathsep}{os.environ['PATH']}", **variables
        ),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_k02_workflows_move_as_the_guide_says(folder: Path, tmp_path: Path) -> None:
    page = "how-to/move-from-keyfactor-command.md"
    (map_text,) = blocks(page, "toml")
    (tmp_path / "map.toml").write_text(map_text)
    (tmp_path / "directory-secret.txt").write_text("another\n")
    (tmp_path / "intranet.toml").write_text('name = "Intranet"\ndisplay_name = "Servers of the intranet"\n')
    for name in ("approved-web-server", "signed-off-revocation"):
        shutil.copy(DEFINITIONS / f"{name}.json", tmp_path)
    without_ticket = json.loads((tmp_path / "signed-off-revocation.json").read_text())
    without_ticket["Steps"] = [one for one in without_ticket["Steps"] if one["UniqueName"] != "Ticket"]
    for one in without_ticket["Steps"]:
        if one["UniqueName"] == "StartNOOP":
            one["Outputs"] = {"continue": "SignOff"}
    (tmp_path / "signed-off-revocation.json").write_text(json.dumps(without_ticket))

    told = scripted(page, tmp_path, folder, DIRECTORY_SECRET="x")

    assert "Imported Approved web server as a draft of type Enrollment" in told
    assert "Open before" not in told
    assert told.count("the requester's own vote is refused here") == 2
    back = json.loads((tmp_path / "back.json").read_text())
    assert (back["DisplayName"], back["KeyDisplayName"]) == ("Approved web server", "Servers of the intranet")


@pytest.mark.needs("git")
def test_d07_definitions_are_kept_in_git_as_the_guide_says(folder: Path, tmp_path: Path) -> None:
    told = scripted("how-to/keep-definitions-in-git.md", tmp_path, folder).splitlines()

    assert told[0] == "Wrote 2 definitions into definitions."
    assert '    + "Everything that no other definition covers."' in told
    assert told.index("drift: 1") < told.index("Done.")
    assert told[-1] == "Nothing to do."
