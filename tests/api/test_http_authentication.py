import base64
import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.api.conftest import BASE, PASSWORD, ROOT, Site, opened

from certloom.api.application import application
from certloom.operations.accounts import change_password, create_account
from certloom.store.accounts import security_rev
from certloom.store.change import Change
from certloom.store.meta import MetaRow
from certloom.store.rows import Put

pytestmark = pytest.mark.asyncio(loop_scope="module")

ENDPOINTS = f"{BASE}/Status/Endpoints"


@pytest.fixture
def later(site: Site) -> Site:
    """The installation so much later that no failure counts any more."""
    site.clock.moved += timedelta(seconds=site.services.settings.lockout_window_seconds)
    return site


def basic(user_and_password: str, encoding: str = "utf-8") -> str:
    return "Basic " + base64.b64encode(user_and_password.encode(encoding)).decode()


async def asked(
    site: Site, authorization: str | None, *, address: str = "127.0.0.1", scheme: str = "http"
) -> tuple[int, dict[str, str], Any]:
    """Status, headers and body of the login probe, asked by an ASGI scope made by hand."""
    headers = [(b"host", b"testserver")]
    if authorization is not None:
        headers.append((b"authorization", authorization.encode("latin-1")))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": scheme,
        "path": ENDPOINTS,
        "raw_path": ENDPOINTS.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": (address, 40000),
        "server": ("testserver", 80),
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    app: Any = application(site.services, site.certloom.authenticator)
    await app(scope, receive, send)
    body = b"".join(message.get("body", b"") for message in sent[1:])
    fields = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], fields, json.loads(body)


UNREADABLE = {
    "no header": (None, "Send an Authorization header"),
    "an empty header": ("", "Send an Authorization header"),
    "a blank header": ("  ", "Send an Authorization header"),
    "another scheme": ("Negotiate abc.def.ghi", "is not offered. Use Basic or Bearer."),
    "the scheme alone": ("Basic", "no colon"),
    "what is not base64": ("Basic !!!", "not base64"),
    "base64 of another alphabet": ("Basic YTpi-_", "not base64"),
    "no colon": (basic("alice"), "no colon"),
    "two values": (f"{basic('a:b')}, {basic('c:d')}", "not base64"),
}


@pytest.mark.parametrize("case", UNREADABLE)
async def test_credentials_that_cannot_be_read_are_a_401_that_says_how_to_send_them(site: Site, case: str) -> None:
    header, told = UNREADABLE[case]
    status, headers, body = await asked(site, header)
    assert (status, body["ErrorCode"]) == (401, "0xA0140001")
    assert told in body["Message"]
    assert headers["www-authenticate"] == 'Basic realm="certloom", charset="UTF-8"'


WRONG = {
    "a wrong password": f"CORP\\alice:{PASSWORD}x",
    "no password": "CORP\\alice:",
    "a password in another case": f"CORP\\alice:{PASSWORD.upper()}",
    "an unknown account": f"CORP\\mallory:{PASSWORD}",
    "another domain": f"OTHER\\alice:{PASSWORD}",
    "no domain": f"alice:{PASSWORD}",
    "an empty name": f":{PASSWORD}",
    "a name with a NUL": f"CORP\\alice\x00:{PASSWORD}",
    "a name that ends with a blank": f"CORP\\alice :{PASSWORD}",
}


@pytest.mark.parametrize("case", WRONG)
async def test_every_wrong_pair_of_name_and_password_gets_the_same_answer(later: Site, case: str) -> None:
    status, headers, body = await asked(later, basic(WRONG[case]))
    assert (status, body) == (
        401,
        {"ErrorCode": "0xA0140001", "Message": "The user name or the password is wrong."},
    )
    assert "www-authenticate" in headers


@pytest.mark.parametrize("name", ["CORP\\alice", "corp\\ALICE", "alice@corp", "Alice@CORP"])
async def test_an_account_has_several_spellings_and_one_identity(later: Site, name: str) -> None:
    mine = await later.client.get(
        f"http://testserver{BASE}/Workflow/Instances/My", headers={"authorization": basic(f"{name}:{PASSWORD}")}
    )
    assert mine.json() == (await later.get("alice", "/Workflow/Instances/My")).json()
    assert (await asked(later, f"bAsIc   {basic(f'{name}:{PASSWORD}')[6:]}"))[0] == 200


async def test_a_plain_name_stands_for_the_default_domain(furnished_site: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(furnished_site, tmp_path / "data"))
    async with opened(folder, default_domain="CORP") as site:
        assert (await asked(site, basic(f"alice:{PASSWORD}")))[0] == 200


async def test_passwords_may_hold_colons_and_letters_of_any_alphabet(later: Site) -> None:
    await create_account(later.services, ROOT, "CORP\\erin", "pa:ss:wörd-λόγος")
    assert (await asked(later, basic("CORP\\erin:pa:ss:wörd-λόγος")))[0] == 200
    await create_account(later.services, ROOT, "CORP\\finn", "pass:wörd-ohne-Griechisch")
    assert (await asked(later, basic("CORP\\finn:pass:wörd-ohne-Griechisch", "latin-1")))[0] == 200


async def refusals(site: Site) -> int:
    sql = "SELECT count(*) FROM audit WHERE operation = 'authenticate'"
    found = await site.services.database.fetch_one(sql)
    assert found is not None
    return int(found[0])


async def test_a_flood_of_wrong_passwords_locks_the_account_and_writes_one_row(later: Site) -> None:
    wrong, right = basic("CORP\\alice:wrong"), basic(f"CORP\\alice:{PASSWORD}")
    before = await refusals(later)
    statuses = [(await asked(later, wrong))[0] for _ in range(30)]
    assert statuses == [401] * 10 + [403] * 20
    status, _, body = await asked(later, right)
    assert (status, body["ErrorCode"]) == (403, "0xA0140002")
    assert "Wait a few minutes" in body["Message"]
    assert await refusals(later) == before + 1


async def test_an_account_is_locked_where_it_was_guessed_at_and_its_owner_works_on_elsewhere(later: Site) -> None:
    for _ in range(10):
        await asked(later, basic("CORP\\alice:wrong"), address="192.0.2.1", scheme="https")
    there = await asked(later, basic(f"CORP\\alice:{PASSWORD}"), address="192.0.2.1", scheme="https")
    elsewhere = await asked(later, basic(f"CORP\\alice:{PASSWORD}"), address="192.0.2.2", scheme="https")
    somebody = await asked(later, basic(f"CORP\\bob:{PASSWORD}"), address="192.0.2.1", scheme="https")
    assert (there[0], elsewhere[0], somebody[0]) == (403, 200, 200)


async def test_b02_two_authorization_headers_are_refused_though_both_are_right(later: Site) -> None:
    right = ("authorization", basic(f"CORP\\admin:{PASSWORD}"))
    answer = await later.client.get(f"http://testserver{ENDPOINTS}", headers=[right, right])
    assert answer.status_code == 401
    assert "several Authorization headers" in answer.json()["Message"]


async def test_the_lock_opens_when_its_window_is_over(later: Site) -> None:
    for _ in range(11):
        await asked(later, basic("CORP\\alice:wrong"))
    later.clock.moved += timedelta(seconds=later.services.settings.lockout_window_seconds)
    assert (await asked(later, basic(f"CORP\\alice:{PASSWORD}")))[0] == 200


async def test_a_changed_password_counts_at_once_though_the_old_one_was_remembered(later: Site) -> None:
    await create_account(later.services, ROOT, "CORP\\gina", PASSWORD)
    old, new = basic(f"CORP\\gina:{PASSWORD}"), basic("CORP\\gina:another horse battery")
    assert (await asked(later, old))[0] == 200
    await change_password(later.services, ROOT, "CORP\\gina", "another horse battery")
    assert ((await asked(later, old))[0], (await asked(later, new))[0]) == (401, 200)


async def test_a_disabled_account_is_nobody_at_once(later: Site) -> None:
    row = await create_account(later.services, ROOT, "CORP\\hugo", PASSWORD)
    right = basic(f"CORP\\hugo:{PASSWORD}")
    assert (await asked(later, right))[0] == 200
    database = later.services.database
    raised = MetaRow(name="security_rev", value=str(int(await security_rev(database)) + 1))
    await database.commit(Change(writes=(Put(msgspec.structs.replace(row, disabled=1)), Put(raised))))
    status, _, body = await asked(later, right)
    assert (status, body["Message"]) == (401, "The user name or the password is wrong.")


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "10.0.0.1", "not-an-address"])
async def test_a_password_over_plain_http_from_elsewhere_is_refused_right_or_wrong(later: Site, address: str) -> None:
    for password in (PASSWORD, "wrong"):
        status, _, body = await asked(later, basic(f"CORP\\alice:{password}"), address=address)
        assert (status, body["ErrorCode"]) == (403, "0xA0140002")
        assert "plain HTTP" in body["Message"]
        assert "Change it, and use HTTPS" in body["Message"]


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "::1"])
async def test_plain_http_that_never_leaves_the_machine_is_fine(later: Site, address: str) -> None:
    assert (await asked(later, basic(f"CORP\\alice:{PASSWORD}"), address=address))[0] == 200


async def test_https_is_fine_from_everywhere(later: Site) -> None:
    found = await asked(later, basic(f"CORP\\alice:{PASSWORD}"), address="192.0.2.1", scheme="https")
    assert found[0] == 200


async def test_plain_http_is_fine_where_the_operator_accepts_it(furnished_site: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(furnished_site, tmp_path / "data"))
    async with opened(folder, insecure_http=True) as site:
        assert (await asked(site, basic(f"CORP\\alice:{PASSWORD}"), address="192.0.2.1"))[0] == 200


async def test_j05_behind_a_proxy_each_client_has_a_lockout_of_its_own_and_is_named_in_the_audit_log(
    furnished_site: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(furnished_site, tmp_path / "data"))
    async with opened(folder, trusted_proxies=("127.0.0.1",)) as site:

        async def ask(address: str, password: str) -> int:
            fields = {"x-forwarded-for": address, "x-forwarded-proto": "https"}
            answer = await site.call("alice", "GET", "/Status/Endpoints", headers=fields, password=password)
            return answer.status_code

        assert [await ask("192.0.2.1", "wrong") for _ in range(11)] == [401] * 10 + [403]
        assert (await ask("192.0.2.1", PASSWORD), await ask("192.0.2.2", PASSWORD)) == (403, 200)
        (row,) = await site.services.database.fetch_all("SELECT body FROM audit WHERE operation = 'authenticate'")
        assert json.loads(row[0])["message"] == "Failed from 192.0.2.1."


async def test_no_answer_to_a_refused_login_repeats_what_was_sent(later: Site) -> None:
    for user, password in (("CORP\\alice", "Canary-71"), ("Canary-72", "x"), ("Canary-73@x\x00", "Canary-74")):
        status, headers, body = await asked(later, basic(f"{user}:{password}"))
        assert status == 401
        assert "Canary" not in str(headers) + str(body)
