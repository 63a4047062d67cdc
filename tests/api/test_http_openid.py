"""Signing in through a real OpenID Connect provider: browsers with a code, programs with client credentials."""

import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import pytest
import pytest_asyncio
from tests.api.conftest import ROOT, Site, assert_problem, opened
from typing_extensions import override

from certloom.api.application import application
from certloom.operations import browser_login
from certloom.operations.accounts import create_account
from certloom.operations.roles import assign_role

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.needs("nodejs"),
    pytest.mark.needs_npm("openid"),
]
HERE = "https://certloom.test"
AUDIENCE = f"{HERE}/api"
CALLBACK = f"{HERE}/Certloom/Login/Callback"
FOLDER = Path(__file__).parents[1] / "counterparts" / "openid"
WITH_HEADER = {"x-keyfactor-requested-with": "XMLHttpRequest"}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    node = shutil.which("node")
    assert node is not None
    process = subprocess.Popen(  # noqa: S603 - our own script
        [node, "provider.mjs", str(port), CALLBACK],
        cwd=FOLDER,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    for line in process.stdout:
        if line.startswith("ready "):
            break
    yield f"http://127.0.0.1:{port}"
    process.stdin.close()
    process.stdout.close()
    process.wait(30)


@pytest_asyncio.fixture(loop_scope="module")
async def signing_in(issuer: str, furnished_site: Path, tmp_path: Path) -> AsyncIterator[Site]:
    """An installation that knows the provider, with roles for two groups and one program."""
    folder = Path(shutil.copytree(furnished_site, tmp_path / "data"))
    settings: dict[str, Any] = {
        "oidc_issuer": issuer,
        "oidc_scheme": "Test-IdP",
        "oidc_client_id": "certloom",
        "oidc_client_secret": "the secret of the web client",
        "oidc_audience": AUDIENCE,
        "public_url": HERE,
    }
    async with opened(folder, **settings) as site:
        for role, claim_type, value in (
            ("Requesters", 4, "certificate-requesters"),
            ("Approvers", 4, "certificate-approvers"),
            ("Readers", 6, "pipeline"),
        ):
            await give(site, role, claim_type, value)
        yield site


async def give(site: Site, name: str, claim_type: int, value: str) -> None:
    (row,) = (await site.get("admin", f'/Security/Roles?QueryString=Name -eq "{name}"')).json()
    version = {"x-keyfactor-api-version": "2"}
    role = (await site.get("admin", f"/Security/Roles/{row['Id']}", headers=version)).json()
    claim = {"ClaimType": claim_type, "ClaimValue": value, "ProviderAuthenticationScheme": "Test-IdP"}
    body = {**role, "Claims": [*({"Id": one["Id"]} for one in role["Claims"]), claim]}
    answer = await site.call("admin", "PUT", "/Security/Roles", body, headers=version)
    assert answer.status_code == 200, answer.text


class Form(HTMLParser):
    """Where the form of a page leads, and what it holds."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action, self.fields = "", dict[str, str]()
        self.feed(page)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = given.get("action", "")
        if tag == "input" and given.get("name"):
            self.fields[given["name"]] = given.get("value", "")


class Browser:
    """Follows redirects between certloom, in this process, and the provider, and keeps the cookies of both."""

    def __init__(self, site: Site) -> None:
        app: Any = application(site.services, site.certloom.authenticator)
        self.client = httpx.AsyncClient(
            mounts={HERE: httpx.ASGITransport(app=app), "http://127.0.0.1": httpx.AsyncHTTPTransport()}
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()

    @property
    def session(self) -> str:
        return next(str(one.value) for one in self.client.cookies.jar if one.name == "__Host-certloom-session")

    async def until(self, answer: httpx.Response, place: str) -> httpx.Response:
        """Follow redirects and fill in the provider's forms until an answer leads to ``place``."""
        for _ in range(20):
            location = answer.headers.get("location")
            if location is None:
                form = Form(answer.text)
                assert form.action, answer.text
                filled = {**form.fields, **({"login": self.name, "password": "x"} if "login" in form.fields else {})}
                answer = await self.client.post(urljoin(str(answer.url), form.action), data=filled)
                continue
            target = urljoin(str(answer.url), location)
            if target.startswith(place):
                return answer
            answer = await self.client.get(target)
        raise AssertionError(f"never came to {place}")

    async def departs(self, name: str, return_to: str = "/docs") -> str:
        """Sign in at the provider; the address to which it sends back."""
        self.name = name
        begun = await self.client.get(f"{HERE}/Certloom/Login", params={"ReturnTo": return_to})
        assert begun.status_code == 302, begun.text
        return str((await self.until(begun, CALLBACK)).headers["location"])

    async def signs_in(self, name: str, return_to: str = "/docs") -> httpx.Response:
        return await self.client.get(await self.departs(name, return_to))

    async def call(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        return await self.client.request(method, f"{HERE}/KeyfactorAPI{path}", headers=dict(headers or {}), **more)


async def access_token(issuer: str, resource: str = AUDIENCE) -> str:
    async with httpx.AsyncClient() as client:
        form = {"grant_type": "client_credentials", "resource": resource}
        auth = ("pipeline", "the%20secret%20of%20the%20pipeline")
        answer = await client.post(f"{issuer}/token", data=form, auth=auth)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


async def test_a_browser_signs_in_and_has_the_roles_of_its_groups(signing_in: Site) -> None:
    async with Browser(signing_in) as browser:
        back = await browser.signs_in("alice")
        assert (back.status_code, back.headers["location"]) == (303, "/docs")
        session = next(cookie for cookie in back.headers.get_list("set-cookie") if "session=" in cookie)
        assert session.startswith("__Host-certloom-session=")
        assert all(word in session.lower() for word in ("secure", "httponly", "samesite=lax", "path=/"))
        assert "domain" not in session.lower()
        mine = (await browser.call("GET", "/Security/My")).json()
        assert mine["Roles"] == ["Requesters"]
        assert (await browser.call("GET", "/Workflow/Instances")).status_code == 403
    (row,) = (await signing_in.get("admin", '/Certloom/Users?QueryString=Name -contains "TEST-IDP"')).json()
    assert (row["Name"], row["HasPassword"], row["Roles"]) == ("TEST-IDP\\alice", False, ["Requesters"])


async def test_b08_with_a_session_nothing_is_changed_without_our_header(signing_in: Site) -> None:
    async with Browser(signing_in) as browser:
        await browser.signs_in("alice")
        body = {"Name": "from a browser"}
        forged = await browser.call("POST", "/Certloom/Tokens", json=body)
        assert_problem(forged, 403, "x-keyfactor-requested-with")
        assert (await browser.call("POST", "/Certloom/Tokens", WITH_HEADER, json=body)).status_code == 200


async def test_people_of_the_provider_vote_and_a_group_they_lost_counts_no_more(signing_in: Site) -> None:
    instance = await signing_in.started("alice", "TwoEyes")
    async with Browser(signing_in) as browser:
        await browser.signs_in("bob")
        path = f"/Workflow/Instances/{instance}/Signals"
        body = {"SignalKey": "RequireApproval1.ApprovalStatus", "Data": {"Approved": "True"}}
        assert (await browser.call("POST", path, WITH_HEADER, json=body)).status_code == 204
    claims = (await signing_in.get("admin", "/Security/Claims?ReturnLimit=99")).json()
    (approvers,) = [one for one in claims if one["ClaimValue"] == "certificate-approvers"]
    await signing_in.call("admin", "DELETE", f"/Security/Claims/{approvers['Id']}")
    assert (await signing_in.signal("bob", instance)).status_code == 204
    assert (await signing_in.instance(instance))["Status"] == "Suspended"
    assert (await signing_in.signal("dora", instance)).status_code == 204
    assert (await signing_in.instance(instance))["Status"] == "Complete"


async def test_a_program_calls_with_client_credentials(signing_in: Site, issuer: str) -> None:
    fields = {"authorization": f"Bearer {await access_token(issuer)}"}
    for _ in range(2):
        answer = await signing_in.call(None, "GET", "/Security/My", headers=fields)
        assert answer.status_code == 200, answer.text
    assert answer.json()["Roles"] == ["Readers"]
    assert (await signing_in.call(None, "GET", "/Workflow/Instances", headers=fields)).status_code == 200
    wrong = {"authorization": f"Bearer {await access_token(issuer, 'https://elsewhere.test/api')}"}
    assert_problem(await signing_in.call(None, "GET", "/Security/My", headers=wrong), 401, "cannot be relied on")


async def test_an_expired_access_token_is_nobody(signing_in: Site, issuer: str) -> None:
    fields = {"authorization": f"Bearer {await access_token(issuer)}"}
    signing_in.clock.moved += timedelta(minutes=12)
    assert (await signing_in.call(None, "GET", "/Security/My", headers=fields)).status_code == 401


async def test_somebody_for_whom_no_claim_gives_a_role_is_refused_and_gets_no_account(signing_in: Site) -> None:
    before = await signing_in.rows("account")
    async with Browser(signing_in) as browser:
        assert_problem(await browser.signs_in("nobody"), 403, "none of what it says of you gives a role")
        assert (await browser.call("GET", "/Security/My")).status_code == 401
    assert await signing_in.rows("account") == before


async def test_b08_groups_in_another_shape(signing_in: Site) -> None:
    async with Browser(signing_in) as browser:
        assert (await browser.signs_in("texty")).status_code == 303
        assert (await browser.call("GET", "/Security/My")).json()["Roles"] == ["Requesters"]
    async with Browser(signing_in) as browser:
        assert_problem(await browser.signs_in("mixed"), 403, "no list of texts")


async def test_b08_a_return_is_good_once_and_in_the_browser_that_departed(signing_in: Site) -> None:
    async with Browser(signing_in) as browser, Browser(signing_in) as victim:
        address = await browser.departs("alice")
        assert_problem(await victim.client.get(address), 403, "not begun in this browser")
        assert (await browser.client.get(address)).status_code == 303
        assert_problem(await browser.client.get(address), 403, "not begun in this browser")


async def test_b08_a_return_with_an_invented_state_another_issuer_or_an_error_makes_no_session(
    signing_in: Site,
) -> None:
    async with Browser(signing_in) as browser:
        address = await browser.departs("alice")
        (state,) = parse_qs(urlsplit(address).query)["state"]
        for changed in (address.replace(state, "invented"), address.replace("iss=http", "iss=https")):
            assert (await browser.client.get(changed)).status_code == 403
        assert_problem(await browser.client.get(f"{CALLBACK}?error=access_denied&state={state}"), 400, "did not sign")
        assert (await browser.call("GET", "/Security/My")).status_code == 401


async def test_b08_a_code_of_another_login_is_refused_by_its_verifier(signing_in: Site) -> None:
    async with Browser(signing_in) as browser, Browser(signing_in) as other:
        mine, stolen = await browser.departs("alice"), await other.departs("bob")
        code, theirs = (parse_qs(urlsplit(each).query)["code"][0] for each in (mine, stolen))
        assert_problem(await browser.client.get(mine.replace(code, theirs)), 403, "does not know this login")


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "evil", "/a\r\nb: c"])
async def test_nobody_but_us_chooses_where_a_login_ends(signing_in: Site, wanted: str) -> None:
    async with Browser(signing_in) as browser:
        assert (await browser.signs_in("alice", wanted)).headers["location"] == "/"


async def test_a_session_ends_here_and_at_the_provider(signing_in: Site, issuer: str) -> None:
    async with Browser(signing_in) as browser:
        await browser.signs_in("alice")
        kept = browser.session
        out = await browser.client.post(f"{HERE}/Certloom/Logout")
        assert out.status_code == 303
        assert out.headers["location"].startswith(f"{issuer}/session/end?id_token_hint=")
        there = await browser.client.get(out.headers["location"])
        assert there.status_code == 200
        assert (await browser.call("GET", "/Security/My")).status_code == 401
        cookie = {"cookie": f"__Host-certloom-session={kept}"}
        assert (await browser.call("GET", "/Security/My", cookie)).status_code == 401


async def test_a_session_ends_by_itself(signing_in: Site) -> None:
    async with Browser(signing_in) as browser:
        await browser.signs_in("alice")
        for _ in range(9):
            signing_in.clock.moved += timedelta(minutes=50)
            assert (await browser.call("GET", "/Security/My")).status_code == 200
        signing_in.clock.moved += timedelta(minutes=50)
        assert (await browser.call("GET", "/Security/My")).status_code == 401


async def test_an_idle_session_ends_within_the_hour(signing_in: Site) -> None:
    async with Browser(signing_in) as browser:
        await browser.signs_in("alice")
        signing_in.clock.moved += timedelta(minutes=61)
        assert (await browser.call("GET", "/Security/My")).status_code == 401


async def test_somebody_who_is_switched_off_is_signed_out_at_once_and_cannot_come_back(signing_in: Site) -> None:
    async with Browser(signing_in) as browser:
        await browser.signs_in("alice")
        (row,) = (await signing_in.get("admin", '/Certloom/Users?QueryString=Name -contains "TEST-IDP"')).json()
        await signing_in.call("admin", "PUT", f"/Certloom/Users/{row['Id']}", {"Disabled": True})
        assert (await browser.call("GET", "/Security/My")).status_code == 401
    async with Browser(signing_in) as again:
        assert_problem(await again.signs_in("alice"), 403, "switched off")


async def test_b09_no_session_code_or_token_is_in_the_database_or_the_log(
    signing_in: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    async with Browser(signing_in) as browser:
        address = await browser.departs("alice")
        await browser.client.get(address)
        (code,) = parse_qs(urlsplit(address).query)["code"]
        session = browser.session
        rows = await signing_in.services.database.fetch_all("SELECT * FROM session")
        audit = await signing_in.services.database.fetch_all("SELECT body FROM audit")
    told = capsys.readouterr()
    for secret in (code, session, "the secret of the web client", "eyJ"):
        assert secret not in str(rows) + str(audit) + told.out + told.err


async def test_an_account_of_the_provider_cannot_take_a_name_that_is_taken(signing_in: Site) -> None:
    await create_account(signing_in.services, ROOT, "TEST-IDP\\alice", "a password of somebody else")
    await assign_role(signing_in.services, ROOT, "Administrators", "TEST-IDP\\alice")
    async with Browser(signing_in) as browser:
        await browser.signs_in("alice")
        assert (await browser.call("GET", "/Security/My")).json()["Roles"] == ["Requesters"]


async def test_anybody_may_begin_to_sign_in_and_the_database_does_not_grow_with_it(
    signing_in: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser_login, "_MOST_ATTEMPTS", 2)
    statuses = [(await signing_in.client.get("http://testserver/Certloom/Login")).status_code for _ in range(4)]
    assert statuses == [302, 302, 503, 503]
    signing_in.clock.moved += timedelta(minutes=11)
    assert (await signing_in.client.get("http://testserver/Certloom/Login")).status_code == 302
    assert await signing_in.rows("login_attempt") == 1


async def test_without_a_provider_browsers_are_told_what_is_missing(site: Site) -> None:
    answer = await site.client.get("http://testserver/Certloom/Login")
    assert_problem(answer, 400, "oidc_issuer")
