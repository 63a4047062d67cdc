import html
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from tests.cli.conftest import PASSWORD, CommandLine, Served, ask, content, served

HOSTILE = "\"><script>alert('x')</script>"


@pytest.fixture
def server(folder: Path) -> Iterator[Served]:
    with served(folder) as running:
        yield running


def link(server: Served) -> tuple[str, str]:
    """The printed link without its token, and the token."""
    address, _, token = str(server.banner["first_administrator"]).partition("?token=")
    assert address == f"{server.url}/Certloom/FirstAdministrator"
    return address, token


def sent(address: str, **form: str) -> httpx.Response:
    return httpx.post(address, data=form, trust_env=False)


def people(folder: Path) -> list[str]:
    return [line for line in content(folder) if re.match(r'INSERT INTO "(account|token|audit)', line)]


def test_looking_at_the_link_changes_nothing(server: Served, folder: Path) -> None:
    address, token = link(server)
    before = people(folder)

    pages = [httpx.get(address, params={"token": token}, trust_env=False) for _ in range(2)]

    assert [page.status_code for page in pages] == [200, 200]
    assert 'method="post"' in pages[0].text
    assert pages[0].headers["cache-control"] == "no-store"
    assert pages[0].headers["referrer-policy"] == "no-referrer"
    assert "script" not in pages[0].headers["content-security-policy"]
    assert people(folder) == before


def test_the_link_creates_one_administrator_and_works_no_more(server: Served, folder: Path) -> None:
    address, token = link(server)

    done = sent(address, token=token, user="ada", password=PASSWORD)
    again = sent(address, token=token, user="eve", password=PASSWORD)

    assert done.status_code == 200
    assert "ada is administrator now" in done.text
    assert ask(server.url, "GET", "/Security/Roles", ("ada", PASSWORD)).status_code == 200
    assert again.status_code == 400
    assert "unknown, used or expired" in again.text
    assert ask(server.url, "GET", "/Security/Roles", ("eve", PASSWORD)).status_code == 401
    written = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
    assert token.encode() not in written
    assert PASSWORD.encode() not in written
    assert token not in server.log.read_text()


def test_a_bad_password_leaves_the_link_as_it_is(server: Served) -> None:
    address, token = link(server)

    assert sent(address, token=token, user="ada", password="short").status_code == 400
    assert sent(address, token=token, user="ada", password=PASSWORD).status_code == 200


def test_a_wrong_token_is_refused_with_a_page_that_escapes(server: Served, folder: Path) -> None:
    address, _ = link(server)
    before = people(folder)

    for page in (
        sent(address, token=HOSTILE, user=HOSTILE, password=PASSWORD),
        httpx.get(address, params={"token": HOSTILE}, trust_env=False),
    ):
        assert page.headers["content-type"].startswith("text/html")
        assert "<script" not in page.text
        assert html.escape(HOSTILE) in page.text
    assert sent(address, token="", user="ada", password=PASSWORD).status_code == 400
    assert sent(address).status_code == 400
    assert people(folder) == before


def test_an_expired_link_is_refused(server: Served, folder: Path) -> None:
    address, token = link(server)
    with closing(sqlite3.connect(folder / "certloom.db")) as connection, connection:
        assert connection.execute("UPDATE token SET expires_at = '2020-01-01T00:00:00.000Z'").rowcount == 1

    refused = sent(address, token=token, user="ada", password=PASSWORD)

    assert refused.status_code == 400
    assert "Restart the server to get a new one" in refused.text


@pytest.mark.parametrize("variable", ["CERTLOOM_BOOTSTRAP_ADMIN_PASSWORD", "CERTLOOM_BOOTSTRAP_ADMIN_PASSWORD_FILE"])
def test_a_bootstrap_password_takes_the_links_place_once(folder: Path, tmp_path: Path, variable: str) -> None:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    by_file = variable.endswith("_FILE")
    with served(folder, **{variable: str(file) if by_file else PASSWORD}) as first:
        assert first.banner["first_administrator"] is None
        assert ask(first.url, "GET", "/Security/Roles", ("admin", PASSWORD)).status_code == 200
        assert PASSWORD not in first.log.read_text()
    before = content(folder)
    file.write_text("a later password\n")
    with served(folder, **{variable: str(file) if by_file else "a later password"}) as later:
        assert later.banner["first_administrator"] is None
        assert ask(later.url, "GET", "/Security/Roles", ("admin", PASSWORD)).status_code == 200
        assert ask(later.url, "GET", "/Security/Roles", ("admin", "a later password")).status_code == 401

    assert [line for line in before if 'INTO "account"' in line] == [
        line for line in content(folder) if 'INTO "account"' in line
    ]


def test_with_somebody_there_no_link_is_printed(cli: CommandLine) -> None:
    cli.create_user("ada", "--role", "Administrators")

    with served(cli.folder) as server:
        assert server.banner["first_administrator"] is None
