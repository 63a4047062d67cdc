import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from cyclopts import App
from tests.cli.conftest import CommandLine, started

from certloom import __version__
from certloom.cli.program import program

EXPORTED = Path(__file__).parents[1] / "data" / "definitions" / "approved-web-server.json"
TEMPLATE = 'name = "WebServer"\ndisplay_name = "Web server"\n'
ANSWERING: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("user", "create"): ("CORP\\dora", "--password-file", "-"),
    ("user", "list"): (),
    ("user", "passwd"): ("CORP\\alice", "--password-file", "-"),
    ("role", "create"): ("Auditors",),
    ("role", "list"): (),
    ("role", "assign"): ("Administrators", "CORP\\alice"),
    ("template", "list"): (),
    ("template", "show"): ("WebServer",),
    ("template", "apply"): ("webserver.toml",),
    ("authority", "list"): (),
    ("authority", "crl"): ("certloom Issuing CA", "--publish"),
    ("definition", "list"): (),
    ("definition", "show"): ("Global Enrollment Workflow",),
    ("definition", "export"): ("Global Enrollment Workflow",),
    ("definition", "import"): ("exported.json",),
    ("definition", "diff"): ("definitions",),
    ("definition", "apply"): ("definitions",),
    ("doctor",): (),
    ("audit", "verify"): (),
    ("audit", "checkpoint"): (),
    ("script", "run"): ("names.ps1", "--param", "Name=web"),
    ("script", "check"): ("names.ps1",),
}
"""Every command that answers and ends, with arguments that succeed."""
TELLING = {("serve",), ("demo",)}
"""What goes on; test_cli_serving and test_cli_demo read its JSON."""


def apps(app: App, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], App]]:
    """Every command and group of commands, with its path."""
    yield path, app
    for name in app:
        if not name.startswith("-"):
            yield from apps(app[name], (*path, name))


COMMANDS = [path for path, app in apps(program) if app.default_command is not None]


def test_every_command_is_known_to_these_tests() -> None:
    assert set(COMMANDS) == {*ANSWERING, *TELLING}


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_takes_json(path: tuple[str, ...]) -> None:
    command = dict(apps(program))[path]

    assert any("--json" in argument.names for argument in command.assemble_argument_collection())


@pytest.mark.parametrize("path", ANSWERING, ids=" ".join)
def test_with_json_a_command_prints_exactly_one_document(
    cli: CommandLine, path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(cli.folder.parent)
    (cli.folder.parent / "webserver.toml").write_text(TEMPLATE)
    (cli.folder.parent / "names.ps1").write_text("param($Name) return @{ Upper = $Name.ToUpper() }")
    assert cli.create_user("CORP\\alice").code == 0
    assert cli("template", "apply", "webserver.toml").code == 0
    shutil.copy(EXPORTED, cli.folder.parent / "exported.json")
    assert cli("definition", "export", "--into", "definitions").code == 0

    result = cli(*path, *ANSWERING[path], "--json", stdin=b"another long password\n")

    assert result.code == 0, result.err
    assert isinstance(result.document, list | dict)
    assert not result.err


@pytest.mark.parametrize("path", [path for path, _ in apps(program)], ids=" ".join)
def test_help_at_every_level_shows_an_example(cli: CommandLine, path: tuple[str, ...]) -> None:
    result = cli(*path, "--help")

    assert result.code == 0
    examples = [line for line in result.out.splitlines() if line.startswith(("Example: ", "Try it: "))]
    assert examples
    assert f"certloom {' '.join(path)}" in examples[0]


@pytest.mark.parametrize(
    "arguments",
    [
        ("bogus",),
        ("user", "bogus"),
        ("user", "create"),
        ("user", "list", "--colour"),
        ("serve", "--port", "http"),
        ("serve", "--tls", "manual"),
        ("role", "assign", "Approvers"),
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2_and_says_what_is_wrong(cli: CommandLine, arguments: tuple[str, ...]) -> None:
    result = cli(*arguments)

    assert result.code == 2
    assert not result.out
    assert "Error" in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    ("arguments", "why", "remedy"),
    [
        (("user", "passwd", "nobody", "--password-file", "-"), "no account nobody", "user list"),
        (("user", "create", "dora"), "no terminal", "--password-file"),
        (("user", "create", "dora", "--password-file", "absent"), "absent: No such file", "Correct"),
        (("role", "assign", "Nobodies", "dora"), "no role 'Nobodies'", "Known: Administrators"),
        (("role", "create", "R", "--permission", "/workflow/"), "'/workflow/' is not known", "nearest known"),
        (("template", "show", "Nothing"), "Nothing", "template"),
        (("template", "apply", "absent.toml"), "absent.toml cannot be read", "Correct the file"),
        (("user", "list", "--config", "absent.toml"), "absent.toml cannot be read", "Correct its name"),
        (("user", "list", "--data-folder", "/proc/certloom"), "cannot be created", "--data-folder"),
        (("audit", "verify", "--checkpoint", "absent.json"), "absent.json: No such file", "Correct"),
        (("audit", "verify", "--data-folder", "absent"), "no installation in absent", "--data-folder"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_refusal_ends_with_1_and_says_what_and_what_to_do(
    cli: CommandLine, arguments: tuple[str, ...], why: str, remedy: str
) -> None:
    result = cli(*arguments, "--json", stdin=b"a long enough password")

    assert result.code == 1
    assert not result.out
    assert why in result.err
    assert remedy in result.err
    assert "Traceback" not in result.err


def test_a_misspelled_setting_is_refused_by_every_command(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CERTLOOM_PROT", "1")

    result = cli("user", "list")

    assert (result.code, result.out) == (1, "")
    assert "Did you mean 'CERTLOOM_PORT'" in result.err


def test_a_new_installation_is_announced_so_that_a_misspelled_folder_is_noticed(cli: CommandLine) -> None:
    other = cli.folder.parent / "other"

    first, second = (cli("user", "list", "--json", "--data-folder", str(other)) for _ in range(2))

    assert f"{other} holds no installation yet" in first.err
    assert first.document == second.document == []
    assert not second.err


def test_the_program_tells_its_version_as_a_process_of_its_own() -> None:
    result = started("--version")

    assert (result.code, result.out.strip(), result.err) == (0, __version__, "")


def test_exit_codes_are_those_of_the_process() -> None:
    assert started("bogus").code == 2
    assert started("audit", "verify", "--data-folder", "absent").code == 1
