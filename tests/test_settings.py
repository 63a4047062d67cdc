from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from certloom.settings import (
    Origin,
    SettingInvalid,
    Settings,
    SettingsFileUnreadable,
    SettingUnknown,
    read_settings,
)


def write(folder: Path, text: str) -> Path:
    path = folder / "certloom.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_anything_the_defaults_hold() -> None:
    configuration = read_settings({})

    assert configuration.settings == Settings()
    assert set(configuration.origins.values()) == {Origin("default")}


def test_each_layer_wins_over_the_one_below_and_says_where_it_came_from(tmp_path: Path) -> None:
    file = write(tmp_path, 'port = 1\nhost = "192.0.2.1"\ndefault_domain = "corp"\n')

    configuration = read_settings(
        {"CERTLOOM_PORT": "2", "CERTLOOM_HOST": "192.0.2.2", "PATH": "/bin"}, {"port": 3}, file
    )

    settings, origins = configuration.settings, configuration.origins
    assert (settings.port, settings.host, settings.default_domain) == (3, "192.0.2.2", "corp")
    assert origins["port"] == Origin("option", "port")
    assert origins["host"] == Origin("environment", "CERTLOOM_HOST")
    assert origins["default_domain"] == Origin("file", str(file))
    assert origins["log_level"] == Origin("default")


def test_the_environment_may_name_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, "port = 1234")

    assert read_settings({"CERTLOOM_CONFIG": str(file)}).settings.port == 1234


def test_what_is_empty_or_none_is_not_given() -> None:
    configuration = read_settings({"CERTLOOM_PORT": ""}, {"host": None})

    assert configuration.settings == Settings()
    assert configuration.origins["host"] == Origin("default")


def test_the_environment_is_read_by_type() -> None:
    settings = read_settings(
        {
            "CERTLOOM_TLS_AUTO": "true",
            "CERTLOOM_ENROLL_WAIT_SECONDS": "1.5",
            "CERTLOOM_BASE_PATHS": "/api, /sdk=numbers",
        }
    ).settings

    assert settings.tls_auto is True
    assert settings.enroll_wait_seconds == 1.5
    assert settings.base_paths == {"/api": "names", "/sdk": "numbers"}


def test_base_paths_are_a_table_in_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, '[base_paths]\n"/Keyfactor/API" = "numbers"\n')

    assert read_settings({}, file=file).settings.base_paths == {"/Keyfactor/API": "numbers"}


@pytest.mark.parametrize(
    ("environment", "options", "text", "nearest"),
    [
        ({"CERTLOOM_PROT": "1"}, {}, "", "CERTLOOM_PORT"),
        ({"CERTLOOM_PORT_FILE": "/x"}, {}, "", "CERTLOOM_PORT"),
        ({}, {"hots": "x"}, "", "host"),
        ({}, {}, "aprovals_self = 'allow'", "approvals_self"),
    ],
)
def test_a_misspelled_setting_is_an_error_that_names_the_nearest(
    tmp_path: Path, environment: dict[str, str], options: dict[str, object], text: str, nearest: str
) -> None:
    with pytest.raises(SettingUnknown, match=f"Did you mean '{nearest}'"):
        read_settings(environment, options, write(tmp_path, text))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "70000"),
        ("port", "http"),
        ("approvals_self", "yes"),
        ("base_paths", ""),
        ("base_paths", "api"),
        ("base_paths", "/api/"),
        ("base_paths", {}),
        ("base_paths", "/api,/API"),
        ("base_paths", "/api=letters"),
        ("log_level", "loud"),
        ("max_body_bytes", 0),
        ("host", 7),
        ("enroll_wait_seconds", "nan"),
    ],
)
def test_a_value_out_of_range_is_refused_with_the_name_of_the_setting(name: str, value: object) -> None:
    with pytest.raises(SettingInvalid, match=name):
        read_settings({}, {name: value})


@pytest.mark.parametrize(
    "options", [{"tls_cert": "a.pem"}, {"tls_key": "a.key"}, {"tls_cert": "a", "tls_key": "b", "tls_auto": True}]
)
def test_contradicting_tls_settings_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(SettingInvalid, match="tls_cert"):
        read_settings({}, options)


def test_a_secret_may_come_from_a_file_of_its_own(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("canary password\n", encoding="utf-8")
    variable = "CERTLOOM_BOOTSTRAP_ADMIN_PASSWORD_FILE"

    configuration = read_settings({variable: str(secret)})

    assert configuration.settings.bootstrap_admin_password == "canary password"
    assert configuration.origins["bootstrap_admin_password"] == Origin("environment", variable)


def test_a_secret_set_twice_is_refused_without_showing_it(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("canary-one", encoding="utf-8")
    environment = {
        "CERTLOOM_BOOTSTRAP_ADMIN_PASSWORD": "canary-two",
        "CERTLOOM_BOOTSTRAP_ADMIN_PASSWORD_FILE": str(secret),
    }

    with pytest.raises(SettingInvalid, match="both set") as refusal:
        read_settings(environment)

    assert "canary" not in refusal.value.message


@pytest.mark.parametrize("content", [b"port = ", b"\xff\xfe", None])
def test_an_unreadable_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "certloom.toml"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(SettingsFileUnreadable, match=r"certloom\.toml"):
        read_settings({}, file=path)


def test_b09_no_way_of_printing_the_settings_shows_a_secret() -> None:
    configuration = read_settings({}, {"bootstrap_admin_password": "canary"})
    console = Console(file=StringIO(), width=200)
    console.print(configuration.settings, configuration)
    printed = console.file.getvalue() if isinstance(console.file, StringIO) else ""

    assert "bootstrap_admin_password" in printed
    assert "canary" not in printed
    assert "canary" not in f"{configuration!r} {configuration.settings!r} {configuration.settings}"
    assert "bootstrap_admin_password='(hidden)'" in repr(configuration.settings)


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"CERTLOOM_MAIL_HOST": "mail.corp.example"}, "mail_sender"),
        ({"CERTLOOM_MAIL_HOST": "mail.corp.example", "CERTLOOM_MAIL_SENDER": "a b@corp.example"}, "mail_sender"),
        ({"CERTLOOM_MAIL_HOST": "m.example", "CERTLOOM_MAIL_SENDER": "a@b.example\r\nBcc: c"}, "mail_sender"),
        ({"CERTLOOM_MAIL_USER": "certloom", "CERTLOOM_MAIL_TLS": "none"}, "readable"),
    ],
)
def test_settings_for_mail_that_cannot_work_or_give_the_password_away_are_refused(
    environment: dict[str, str], told: str
) -> None:
    with pytest.raises(SettingInvalid, match=told):
        read_settings(environment)


def test_the_password_of_the_mail_server_may_stand_in_a_file_and_is_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("open sesame\n")
    settings = read_settings({"CERTLOOM_MAIL_PASSWORD_FILE": str(file)}).settings
    assert settings.mail_password == "open sesame"
    assert "sesame" not in repr(settings)


@pytest.mark.parametrize(
    "url", ["https://pki.corp.example", "pki.corp.example", "http://", "http://a b", "http://pki.corp.example?x=1"]
)
def test_pki_url_must_be_plain_http(url: str) -> None:
    with pytest.raises(SettingInvalid, match="pki_url"):
        read_settings({"CERTLOOM_PKI_URL": url})
    assert read_settings({"CERTLOOM_PKI_URL": "http://pki.corp.example/ca"}).settings.pki_url.endswith("/ca")
