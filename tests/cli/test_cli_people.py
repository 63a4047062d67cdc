from pathlib import Path

import pytest
from tests.cli.conftest import PASSWORD, CommandLine, content

CANARY = "canary-in-a-password"


def test_a_user_is_created_with_roles_and_listed(cli: CommandLine) -> None:
    cli("role", "create", "Approvers")

    created = cli.create_user("CORP\\alice", "--role", "approvers", "--role", "Administrators", "--json")

    assert created.document == {"name": "CORP\\alice", "roles": ["approvers", "Administrators"]}
    assert cli("user", "list", "--json").document == [
        {"name": "CORP\\alice", "roles": ["Administrators", "Approvers"], "state": "active"}
    ]
    table = cli("user", "list").out.splitlines()
    assert [line.split() for line in table] == [
        ["name", "roles", "state"],
        ["CORP\\alice", "Administrators,", "Approvers", "active"],
    ]


def test_three_spellings_are_one_account(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CERTLOOM_DEFAULT_DOMAIN", "corp")
    assert cli.create_user("CORP\\alice").code == 0

    for spelling in ("corp\\ALICE", "alice@corp", "alice"):
        again = cli.create_user(spelling)
        assert again.code == 1
        assert "There is an account" in again.err
        assert cli("user", "passwd", spelling, "--password-file", "-", stdin=b"another long one").code == 0
    assert len(cli("user", "list", "--json").document) == 1


@pytest.mark.parametrize("password", ["", "tiny-one", "nine-char", "CORP\\dora-the-user", "y" * 1025])
def test_a_password_that_can_be_guessed_is_refused_without_showing_it(cli: CommandLine, password: str) -> None:
    result = cli.create_user("CORP\\dora-the-user", password=password)

    assert result.code == 1
    assert "The password is" in result.err
    assert not password or password not in result.err
    assert cli("user", "list", "--json").document == []


def test_a_password_comes_from_a_file_without_the_end_of_its_line(cli: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_bytes(b"exactly 10\r\n")
    assert cli("user", "create", "dora", "--password-file", str(file)).code == 0

    file.write_bytes(b"nine char\r\n")
    assert "too short" in cli("user", "passwd", "dora", "--password-file", str(file)).err


@pytest.mark.parametrize("source", ["-", "password"])
def test_a_password_that_is_no_text_is_refused_without_showing_it(
    cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("password").write_bytes(b"canary \xff\xfe canary")

    result = cli("user", "create", "dora", "--password-file", source, stdin=Path("password").read_bytes())

    assert result.code == 1
    assert "not UTF-8" in result.err
    assert "canary" not in result.out + result.err


def test_an_unknown_role_leaves_no_half_made_account(cli: CommandLine) -> None:
    before = content(cli.folder)

    result = cli.create_user("dora", "--role", "Administrators", "--role", "Nobodies")

    assert result.code == 1
    assert "There is no role 'Nobodies'" in result.err
    assert content(cli.folder) == before


def test_b09_a_password_is_in_no_output_and_in_no_file(cli: CommandLine) -> None:
    said = [
        cli.create_user("dora", password=CANARY),
        cli.create_user("dora", password=CANARY),
        cli("user", "passwd", "dora", "--password-file", "-", stdin=CANARY.encode()),
        cli("user", "list"),
        cli("user", "list", "--json"),
        cli("doctor"),
    ]

    assert [result.code for result in said] == [0, 1, 0, 0, 0, 0]
    assert CANARY not in "".join(result.out + result.err for result in said)
    files = [file for file in cli.folder.rglob("*") if file.is_file()]
    assert files
    assert not [file for file in files if CANARY.encode() in file.read_bytes()]


def test_a_role_is_created_in_either_spelling_of_its_permissions_given_and_taken(cli: CommandLine) -> None:
    cli.create_user("dora")
    created = cli(
        "role", "create", "Readers", "--permission", "WorkflowInstances:ReadAll", "--permission", "/auditing/read"
    )
    assert created.code == 0

    given = cli("role", "assign", "readers", "DORA", "--json")

    assert given.document == {"role": "readers", "account": "DORA", "assigned": True}
    assert readers(cli) == {
        "name": "Readers",
        "permissions": ["/auditing/read/", "/workflows/instances/read/"],
        "held_by": ["dora"],
    }
    assert cli("role", "assign", "Readers", "dora", "--remove").out == "Taken away.\n"
    assert readers(cli)["held_by"] == []


def readers(cli: CommandLine) -> dict[str, object]:
    (role,) = [role for role in cli("role", "list", "--json").document if role["name"] == "Readers"]
    return {name: role[name] for name in ("name", "permissions", "held_by")}


def test_two_roles_do_not_differ_in_case_only(cli: CommandLine) -> None:
    result = cli("role", "create", "administrators")

    assert (result.code, result.out) == (1, "")
    assert "There is a role" in result.err


@pytest.mark.parametrize("name", ["[red]stop[/red]", "[/]", "\x1b[31mred", "bell\x07", ":warning:"])
def test_a_hostile_name_is_shown_as_text_and_steers_no_terminal(cli: CommandLine, name: str) -> None:
    created = cli("role", "create", name)
    shown = cli("role", "list")

    assert shown.code == 0
    assert name.replace("\x1b", "\ufffd").replace("\x07", "\ufffd") in shown.out or created.code == 1
    assert not {"\x1b", "\x07"} & set(shown.out)


def test_a_table_that_no_terminal_shows_has_one_line_per_row(cli: CommandLine) -> None:
    name = "a role whose name is longer than any terminal is wide " * 2
    cli("role", "create", name)

    assert any(name.strip() in line for line in cli("role", "list").out.splitlines())


def test_what_the_command_line_did_is_audited_under_the_operators_name(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "ada")
    cli.create_user("dora", password=PASSWORD)

    entries = [line for line in content(cli.folder) if line.startswith('INSERT INTO "audit"')]
    assert any("create account" in line and "ada" in line and "dora" in line for line in entries)
