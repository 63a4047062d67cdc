import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.conftest import CommandLine, content
from tests.conftest import Install
from tests.scripting.pwsh.conftest import stand_in


def findings(cli: CommandLine, *arguments: str) -> tuple[int, dict[str, tuple[str, str]]]:
    """Exit code, and for each thing that was looked at its state and remedy."""
    result = cli("doctor", "--json", *arguments)
    return result.code, {row["what"]: (row["state"], row["remedy"]) for row in result.document}


def change(folder: Path, sql: str) -> None:
    with closing(sqlite3.connect(folder / "certloom.db")) as connection, connection:
        connection.execute(sql)


def test_the_authorities_are_listed_parents_first(cli: CommandLine) -> None:
    root, issuing = cli("authority", "list", "--json").document

    assert (root["name"], root["parent"], root["key"]) == ("certloom Root CA", None, "P-384")
    assert (issuing["name"], issuing["parent"]) == ("certloom Issuing CA", "certloom Root CA")
    assert root["valid_until"] > issuing["valid_until"]


def test_the_newest_crl_is_printed_and_a_new_one_published_with_a_higher_number(cli: CommandLine) -> None:
    first = cli("authority", "crl", "certloom Issuing CA", "--publish", "--json").document
    second = cli("authority", "crl", "certloom Issuing CA", "--publish", "--json").document
    assert second["number"] > first["number"]
    assert cli("authority", "crl", "certloom issuing ca").out == second["pem"]
    assert second["pem"].startswith("-----BEGIN X509 CRL-----")
    assert cli("authority", "crl", "Nonsense").code == 1


def test_the_doctor_says_that_certificates_name_no_address_to_check_them_at(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, remedy = findings(cli)[1]["revocation"]
    assert state.startswith("warning: certificates name no CRL")
    assert "pki_url" in remedy
    monkeypatch.setenv("CERTLOOM_PKI_URL", "http://pki.corp.example")
    assert findings(cli)[1]["revocation"] == ("ok: certificates name http://pki.corp.example", "")


def test_the_doctor_says_until_when_a_crl_may_be_used(cli: CommandLine) -> None:
    cli("authority", "crl", "certloom Issuing CA", "--publish")
    assert findings(cli)[1]["CRL of certloom Issuing CA"][0].startswith("ok until")
    change(cli.folder, "UPDATE crl SET next_update = '2026-01-01T00:00:00.000Z'")
    state, remedy = findings(cli)[1]["CRL of certloom Issuing CA"]
    assert state == "warning: ends at 2026-01-01T00:00:00.000Z"
    assert "its log says why" in remedy


def test_the_doctor_finds_a_fresh_folder_in_order_and_creates_nothing(cli: CommandLine, tmp_path: Path) -> None:
    absent = tmp_path / "not" / "yet"

    code, found = findings(cli, "--data-folder", str(absent))

    assert code == 0
    assert found["data folder"][0] == found["database"][0] == "not there yet"
    assert not absent.parent.exists()


def test_the_doctor_finds_an_installation_in_order(cli: CommandLine) -> None:
    before = content(cli.folder)

    code, found = findings(cli)

    assert code == 0
    assert found["data folder"][0] == found["clock"][0] == found["database and key"][0] == "ok"
    assert found["authority certloom Issuing CA"][0].startswith("ok until")
    assert found["TLS"] == ("off", "certloom serve --tls auto, before anybody but you uses it")
    assert content(cli.folder) == before


def test_the_doctor_says_whether_python_scripts_can_run_and_what_to_do(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert findings(cli)[1]["Python scripts"] == ("ok", "")
    monkeypatch.setitem(sys.modules, "pydantic_monty", None)

    code, found = findings(cli)

    assert code == 0
    assert found["Python scripts"] == (
        "off: the extra 'scripts' is not installed",
        "pip install 'certloom[scripts]'",
    )


def test_the_doctor_says_how_to_get_what_library_scripts_need(cli: CommandLine) -> None:
    code, found = findings(cli)

    assert code == 0
    assert found["library scripts"] == ("off", "set scripts_pwsh to fenced, if a workflow shall run them")
    assert {"PowerShell 7", "bubblewrap"} < set(found)


def test_the_doctor_finds_a_setting_that_promises_what_is_not_there(
    cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CERTLOOM_SCRIPTS_PWSH", "fenced")
    monkeypatch.setenv("CERTLOOM_SCRIPTS_PWSH_PATH", str(tmp_path / "absent"))
    monkeypatch.setenv("PATH", str(tmp_path))

    code, found = findings(cli)

    assert code == 1
    assert found["library scripts"][0] == "broken: PowerShell 7 was not found"
    assert found["PowerShell 7"][0].startswith("not found")
    assert "Install PowerShell 7 from Microsoft's packages" in found["PowerShell 7"][1]
    assert "scripts_pwsh_path" in found["library scripts"][1]
    assert found["bubblewrap"][0] == "bubblewrap was not found"
    assert found["bubblewrap"][1].startswith("Install the package bubblewrap")


def test_the_doctor_names_the_program_and_warns_of_scripts_without_a_fence(
    cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = stand_in(tmp_path)
    monkeypatch.setenv("CERTLOOM_SCRIPTS_PWSH", "unfenced")
    monkeypatch.setenv("CERTLOOM_SCRIPTS_PWSH_PATH", str(program))

    code, found = findings(cli)

    assert code == 0
    assert found["PowerShell 7"] == (f"found: {program}", "")
    assert found["library scripts"] == (
        "warning: they may do all that the server may",
        "set scripts_pwsh to fenced",
    )


def test_the_doctor_warns_of_a_folder_that_others_may_read(cli: CommandLine) -> None:
    cli.folder.chmod(0o755)

    code, found = findings(cli)

    assert code == 0
    assert found["data folder"] == ("warning: readable by others", f"chmod 700 {cli.folder}")


def test_the_doctor_names_the_remedy_for_a_wrong_key_file(cli: CommandLine) -> None:
    (cli.folder / "certloom.key").write_text("5a" * 32 + "\n")

    code, found = findings(cli)

    assert code == 1
    assert found["database and key"][0].startswith("broken: The key file has fingerprint")
    assert "Put the right key file back" in found["database and key"][0]


def test_the_doctor_names_the_remedy_for_a_missing_key_file_and_creates_none(cli: CommandLine) -> None:
    (cli.folder / "certloom.key").unlink()

    code, found = findings(cli)

    assert code == 1
    assert "Put the key file back from its backup" in found["database and key"][0]
    assert not (cli.folder / "certloom.key").exists()


def test_the_doctor_refuses_a_key_file_that_others_may_read(cli: CommandLine) -> None:
    (cli.folder / "certloom.key").chmod(0o644)

    code, found = findings(cli)

    assert code == 1
    assert f"chmod 600 {cli.folder}" in found["database and key"][0]


def test_a_whole_audit_log_is_verified_with_its_number_of_entries(cli: CommandLine) -> None:
    cli("role", "create", "Auditors")

    report = cli("audit", "verify", "--json")

    assert report.code == 0
    assert report.document["fault"] is None
    assert report.document["entries"] > 1
    assert "is whole" in cli("audit", "verify").out


def test_an_edited_audit_entry_is_named_and_ends_with_1(cli: CommandLine) -> None:
    cli("role", "create", "Auditors")
    change(cli.folder, "UPDATE audit SET body = replace(body, 'Created', 'Crested') WHERE seq = 2")

    report = cli("audit", "verify", "--json")

    assert report.code == 1
    assert report.document["fault"].startswith("entry 2 ")
    shown = cli("audit", "verify")
    assert (shown.code, shown.out.startswith("The audit log was tampered with: entry 2 ")) == (1, True)


def test_a_removed_audit_entry_is_named_and_ends_with_1(cli: CommandLine) -> None:
    cli("role", "create", "Auditors")
    change(cli.folder, "DELETE FROM audit WHERE seq = 2")

    report = cli("audit", "verify", "--json")

    assert report.code == 1
    assert "entry 2 is missing" in report.document["fault"]


def test_a_saved_checkpoint_shows_a_log_that_was_cut_off_with_its_checkpoints(cli: CommandLine) -> None:
    cli("role", "create", "Auditors")
    saved = cli.folder.parent / "checkpoint.json"
    saved.write_text(cli("audit", "checkpoint", "--json").out)
    assert "is whole" in cli("audit", "verify", "--checkpoint", str(saved)).out
    change(cli.folder, "DELETE FROM audit_checkpoint")
    change(cli.folder, "DELETE FROM audit WHERE seq > 1")

    assert cli("audit", "verify").code == 0
    report = cli("audit", "verify", "--checkpoint", str(saved))

    assert report.code == 1
    assert "but the saved checkpoint covers entry" in report.out


def test_verifying_needs_the_key_file_and_changes_nothing(cli: CommandLine) -> None:
    key = cli.folder / "certloom.key"
    key.rename(key.with_suffix(".away"))
    before = content(cli.folder)

    result = cli("audit", "verify")

    assert (result.code, result.out) == (1, "")
    assert "Put the key file back" in result.err
    assert content(cli.folder) == before
    assert not key.exists()


def test_the_doctor_names_the_step_types_of_other_packages(install: Install, cli: CommandLine) -> None:
    install(broken="acme_steps:Absent", ticket="acme_steps:Ticket")

    code, found = findings(cli)

    assert code == 1
    assert found["step type AcmeTicket"] == ("ok, from acme-steps 1.2", "")
    assert found["step type broken of acme-steps 1.2"][0].startswith("broken: AttributeError")
