import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import CommandLine, ask, content, served

DEFINITIONS = Path(__file__).parents[1] / "data" / "definitions"
WEB = DEFINITIONS / "approved-web-server.json"
TEMPLATE = 'name = "WebServer"\ndisplay_name = "Intranet server"\n'
MAP = '[roles]\n"PKI team" = "Approvers"\n'


@pytest.fixture
def files(cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a template and a map, and an installation with what they name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "webserver.toml").write_text(TEMPLATE)
    (tmp_path / "map.toml").write_text(MAP)
    assert cli("template", "apply", "webserver.toml").code == 0
    assert cli("role", "create", "Approvers").code == 0
    return tmp_path


def imported(cli: CommandLine, *more: str) -> None:
    assert cli("definition", "import", str(WEB), "--map", "map.toml", *more).code == 0


def changed(file: Path, **fields: Any) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | fields))


def test_importing_prints_the_open_points_and_warnings_with_their_places(cli: CommandLine, files: Path) -> None:
    exported = json.loads((DEFINITIONS / "signed-off-revocation.json").read_text()) | {"Colour": "red"}
    (files / "exported.json").write_text(json.dumps(exported))
    result = cli("definition", "import", "exported.json", "--map", "map.toml")
    assert result.code == 0
    told = result.out.splitlines()
    assert told[0].startswith("Imported Signed-off revocation as a draft of type Revocation, id ")
    assert told[1] == "Open before it can be published:"
    assert [line.split(":")[0] for line in told[2:5]] == [
        "  step SignOff, Signals.ApprovalStatus", "  step SignOff, Signals.ApprovalStatus",
        "  step Ticket, ExtensionName",
    ]  # fmt: skip
    assert told[5] == "Look at:"
    assert told[6].startswith("  step SignOff, ConfigurationParameters: the requester's own vote is refused here")
    assert told[-2] == "  Colour: means nothing here and was left out"
    assert told[-1] == "  map, roles.PKI team: nothing in the file is called so"


@pytest.mark.usefixtures("files")
def test_a_draft_with_nothing_open_is_put_into_use_and_one_with_open_points_stays_a_draft(cli: CommandLine) -> None:
    imported(cli, "--publish")
    (row,) = [one for one in cli("definition", "list", "--json").document if one["name"] == "Approved web server"]
    assert (row["in_use"], row["newest"], row["keys"], row["state"]) == (1, 1, ["Intranet server"], "on")
    result = cli("definition", "import", str(DEFINITIONS / "signed-off-revocation.json"), "--publish")
    assert result.code == 1
    assert "cannot be published yet" in result.err
    (row,) = [one for one in cli("definition", "list", "--json").document if one["name"] == "Signed-off revocation"]
    assert row["in_use"] is None


@pytest.mark.usefixtures("files")
def test_exporting_prints_the_file_in_either_form(cli: CommandLine) -> None:
    imported(cli)
    first = cli("definition", "export", "approved WEB server").document
    second = cli("definition", "export", first["Id"], "--api-version", "2", "--for-command").document
    assert (first["KeyDisplayName"], second["Keys"][0]["DisplayName"]) == ("Intranet server", "Intranet server")
    assert list(second) == list(json.loads(WEB.read_text()))
    (roles,) = [step["Signals"][0]["Roles"] for step in second["Steps"] if step["Signals"]]
    assert roles == [{"RoleId": None, "RoleName": "Approvers"}]


@pytest.mark.usefixtures("files")
def test_showing_prints_what_is_kept_in_git(cli: CommandLine) -> None:
    imported(cli)
    shown = cli("definition", "show", "Approved web server").document
    assert "Id" not in shown
    assert [step["UniqueName"] for step in shown["Steps"]] == ["StartNOOP", "Decide", "Issue", "EndNOOP"]


@pytest.mark.usefixtures("files")
def test_a_folder_is_written_compared_and_applied_until_nothing_differs(cli: CommandLine) -> None:
    imported(cli)
    assert "Wrote 3 definitions" in cli("definition", "export", "--into", "definitions").out
    names = sorted(file.name for file in Path("definitions").iterdir())
    assert names == [
        "Enrollment-Approved-web-server.json",
        "Enrollment-Global-Enrollment-Workflow.json",
        "Revocation-Global-Revocation-Workflow.json",
    ]
    assert cli("definition", "diff", "definitions").out == "Nothing differs.\n"
    changed(Path("definitions") / names[0], Description="Three people", IsPublished=True)

    drift = cli("definition", "diff", "definitions")
    assert drift.code == 1
    assert drift.out.splitlines() == [
        "change and publish  Enrollment: Approved web server  Enrollment-Approved-web-server.json",
        "  Description",
        '    - "Two people of the PKI team agree"',
        '    + "Three people"',
        "  IsPublished",
        "    - false",
        "    + true",
    ]
    assert cli("definition", "apply", "definitions", "--yes").out.endswith("Done.\n")
    again = cli("definition", "apply", "definitions")
    assert (again.code, again.out.splitlines()[-1]) == (0, "Nothing to do.")
    assert cli("definition", "diff", "definitions").code == 0


@pytest.mark.usefixtures("files")
def test_applying_asks_and_does_nothing_without_a_yes(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    imported(cli)
    cli("definition", "export", "--into", "definitions")
    changed(Path("definitions/Enrollment-Approved-web-server.json"), Description="Other")
    before = content(cli.folder)
    unattended = cli("definition", "apply", "definitions")
    assert (unattended.code, content(cli.folder)) == (1, before)
    assert "Use --yes" in unattended.err
    monkeypatch.setattr("certloom.cli.definition_folder._attended", lambda: True)
    for answer, code in ((b"n\n", 1), (b"\n", 1), (b"yes\n", 0)):
        assert content(cli.folder) == before
        assert cli("definition", "apply", "definitions", stdin=answer).code == code
    assert content(cli.folder) != before


@pytest.mark.usefixtures("files")
def test_deleting_is_only_done_when_it_is_asked_for(cli: CommandLine) -> None:
    imported(cli)
    cli("definition", "export", "--into", "definitions")
    Path("definitions/Enrollment-Approved-web-server.json").unlink()
    kept = cli("definition", "apply", "definitions", "--yes")
    assert "has no file         Enrollment: Approved web server" in kept.out
    assert "Nothing to do." in kept.out
    gone = cli("definition", "apply", "definitions", "--yes", "--delete")
    assert "delete              Enrollment: Approved web server" in gone.out
    assert len(cli("definition", "list", "--json").document) == 2


@pytest.mark.usefixtures("files")
def test_the_file_of_a_definition_that_is_gone_is_told_when_a_folder_is_written_again(cli: CommandLine) -> None:
    imported(cli)
    cli("definition", "export", "--into", "definitions")
    shutil.copy("definitions/Enrollment-Approved-web-server.json", "definitions/Enrollment-Old.json")
    assert (
        "Enrollment-Old.json is the file of no definition here"
        in cli("definition", "export", "--into", "definitions").out
    )


HOSTILE: Mapping[str, tuple[bytes, str]] = {
    "nesting": (b'{"Steps":' + b"[" * 200 + b"]" * 200 + b"}", "nested deeper than 32"),
    "size": (b'{"DisplayName":"' + b"x" * 5_000_001 + b'"}', "has at most"),
    "names twice": (b'{"DisplayName":"a","displayname":"b"}', "equal but for case"),
    "two values": (b'{"DisplayName":"A","WorkflowType":"Enrollment"} {"DisplayName":"B"}', "no single JSON value"),
    "no object": (b"[]", "Expected `object`"),
    "yaml": (b"a: &a [x]\nb: *a\n", "not JSON"),
    "no type": (b'{"DisplayName":"A"}', "WorkflowType"),
    "a number for a name": (b'{"DisplayName":1,"WorkflowType":"Enrollment"}', "DisplayName"),
    "not utf-8": (b'{"DisplayName":"\xff"}', "not UTF-8"),
    "a step of the wrong shape": (b'{"DisplayName":"A","WorkflowType":"Enrollment","Steps":[1]}', "Steps[0]"),
    "nothing": (b"", "Expected `object`"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_d07_a_hostile_file_is_refused_with_its_name_and_leaves_nothing(
    cli: CommandLine, files: Path, kind: str
) -> None:
    raw, told = HOSTILE[kind]
    folder = files / "folder"
    folder.mkdir()
    (folder / "hostile.json").write_bytes(raw)
    before = content(cli.folder)
    for command in (("import", "folder/hostile.json"), ("apply", "folder", "--yes"), ("diff", "folder")):
        result = cli("definition", *command)
        assert (result.code, result.out) == (1, "")
        assert "folder/hostile.json" in result.err
        assert told in result.err
        assert "Traceback" not in result.err
    assert content(cli.folder) == before


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_d07_what_is_no_regular_file_is_not_read(cli: CommandLine, files: Path, kind: str) -> None:
    folder = files / "folder"
    folder.mkdir()
    if kind == "pipe":
        os.mkfifo(folder / "hostile.json")
    elif kind == "device":
        (folder / "hostile.json").symlink_to("/dev/zero")
    else:
        (folder / "hostile.json").mkdir()
    result = cli("definition", "apply", "folder", "--yes")
    assert (result.code, result.out) == (1, "")
    assert "folder/hostile.json is no regular file" in result.err


@pytest.mark.usefixtures("files")
def test_d07_links_in_a_folder_do_not_lead_what_is_written_elsewhere(cli: CommandLine) -> None:
    outside = Path("outside.txt")
    outside.write_text("precious")
    folder = Path("definitions")
    folder.mkdir()
    name = "Enrollment-Global-Enrollment-Workflow.json"
    for link in (name, f".{name}.part"):
        (folder / link).symlink_to(outside.resolve())
    assert cli("definition", "export", "--into", "definitions").code == 0
    assert outside.read_text() == "precious"
    assert not (folder / name).is_symlink()
    assert sorted(file.name for file in folder.iterdir()) == [name, "Revocation-Global-Revocation-Workflow.json"]


def test_d07_what_is_printed_of_a_file_steers_no_terminal(cli: CommandLine, files: Path) -> None:
    exported = json.loads(WEB.read_text()) | {"DisplayName": "Red \x1b[31m alert", "\x1b]0;title\x07": 1}
    (files / "exported.json").write_text(json.dumps(exported))
    result = cli("definition", "import", "exported.json")
    assert result.code == 0
    assert "\x1b" not in result.out
    assert "\x07" not in result.out


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[secrets]\n'Decide.b' = { value = 'x', file = 'y' }", "exactly one of"),
        ("[secrets]\n'Decide.b' = { }", "exactly one of"),
        ("[secrets]\n'Decide.b' = { environment = 'NOT_SET_ANYWHERE' }", "is empty"),
        ("[secrets]\n'Decide.b' = { file = 'absent' }", "cannot be read"),
        ("[secrets]\n'Decide.b' = 'plain'", "object"),
        ("[secret]\n'Decide.b' = { value = 'x' }", "secret"),
        ("[keys]\nA = 1", "str"),
        ("[keys", "no import map"),
    ],
)
@pytest.mark.usefixtures("files")
def test_an_import_map_with_a_fault_is_refused_and_nothing_is_imported(cli: CommandLine, text: str, told: str) -> None:
    Path("map.toml").write_text(text)
    before = content(cli.folder)
    result = cli("definition", "import", str(WEB), "--map", "map.toml")
    assert result.code == 1
    assert told in result.err
    assert content(cli.folder) == before


def test_a_secret_of_a_step_that_the_file_does_not_have_is_not_asked_for(cli: CommandLine, files: Path) -> None:
    (files / "map.toml").write_text("[secrets]\n'Elsewhere.key' = { environment = 'NOT_SET_ANYWHERE' }\n")
    result = cli("definition", "import", str(WEB), "--map", "map.toml")
    assert result.code == 0
    assert "map, secrets.Elsewhere.key: nothing in the file is called so" in result.out


def test_an_unknown_name_is_refused_with_the_known_ones(cli: CommandLine) -> None:
    for arguments in (("show", "Nothing"), ("export", "Nothing")):
        result = cli("definition", *arguments)
        assert result.code == 1
        assert "Global Enrollment Workflow (" in result.err
    assert "--into" in cli("definition", "export").err
    assert "Use 1 or 2" in cli("definition", "export", "x", "--api-version", "3").err


@pytest.mark.usefixtures("files")
def test_commands_work_beside_a_running_server_which_takes_what_they_did(cli: CommandLine) -> None:
    assert cli.create_user("CORP\\root", "--role", "Administrators").code == 0
    with served(cli.folder) as server:
        imported(cli, "--publish")
        listed = ask(server.url, "GET", "/Workflow/Definitions", ("CORP\\root", "correct horse battery")).json()
    (found,) = [one for one in listed if one["DisplayName"] == "Approved web server"]
    assert found["PublishedVersion"] == 1
