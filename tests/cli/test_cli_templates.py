from pathlib import Path

import pytest
from tests.cli.conftest import CommandLine, Result, content

WEB_SERVER = """
name = "WebServer"
display_name = "Web server"
key_types = ["P-256"]
validity_days = 90

[san_rules]
dns = '[a-z0-9.-]+\\.corp\\.example'
"""


def applied(cli: CommandLine, text: str) -> Result:
    file = cli.folder.parent / "template.toml"
    file.write_text(text, encoding="utf-8")
    return cli("template", "apply", str(file), "--json")


def test_a_template_is_applied_listed_and_shown(cli: CommandLine) -> None:
    made = applied(cli, WEB_SERVER).document

    assert (made["name"], made["validity_days"]) == ("WebServer", 90)
    assert cli("template", "list", "--json").document == [
        {"id": made["id"], "name": "WebServer", "display_name": "Web server", "key_types": ["P-256"], "days": 90}
    ]
    assert cli("template", "show", "webserver", "--json").document == made
    assert "validity_days          90" in cli("template", "show", "WebServer").out.splitlines()


def test_applying_a_name_again_replaces_the_template_and_keeps_its_id(cli: CommandLine) -> None:
    first = applied(cli, WEB_SERVER).document

    second = applied(cli, WEB_SERVER.replace("90", "30").replace('"WebServer"', '"WEBSERVER"')).document

    assert (second["id"], second["validity_days"]) == (first["id"], 30)
    assert len(cli("template", "list", "--json").document) == 1


def test_every_fault_of_a_template_is_named_with_its_place(cli: CommandLine) -> None:
    before = content(cli.folder)

    result = applied(
        cli, 'name = "W"\nvalidity_days = "long"\nkey_typos = []\nsan_kinds = 3\n[san_rules]\ndns = ["a"]\n'
    )

    assert (result.code, result.out) == (1, "")
    for place in ("key_typos: ", "display_name: is missing", "validity_days: ", "san_kinds: ", "san_rules: "):
        assert place in result.err
    assert content(cli.folder) == before


def test_every_broken_rule_of_a_template_is_named_with_its_place(cli: CommandLine) -> None:
    result = applied(
        cli,
        'name = "W"\ndisplay_name = "W"\nkey_types = ["DSA-1024"]\nvalidity_days = 0\nmax_sans = -1\n'
        'key_usages = ["keyCertSign"]\nextended_key_usages = ["anyExtendedKeyUsage"]\n[san_rules]\ndns = "("\n',
    )

    assert (result.code, result.out) == (1, "")
    for place in ("key_types: ", "validity_days: ", "max_sans: ", "key_usages: ", "extended_key_usages: "):
        assert place in result.err
    assert "san_rules.dns: '(' is no regular expression" in result.err


@pytest.mark.parametrize("text", ["name = ", "\ufffe = 1", "[[[", 'a = "1\n'])
def test_what_is_no_toml_is_refused_with_the_place(cli: CommandLine, text: str) -> None:
    result = applied(cli, text)

    assert (result.code, result.out) == (1, "")
    assert "template.toml cannot be read as TOML" in result.err
    assert "(at " in result.err


def test_a_folder_is_no_template(cli: CommandLine, tmp_path: Path) -> None:
    assert "cannot be read as TOML" in cli("template", "apply", str(tmp_path)).err
