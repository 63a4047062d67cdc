import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from tests.api.conftest import ROOT, Site, opened

from certloom import __version__
from certloom.operations.first_administrator import issue_first_admin_token

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGE = "http://testserver/Certloom/FirstAdministrator"
LIFETIME = timedelta(hours=1)


async def posted(site: Site, token: str, user: str, password: str) -> httpx.Response:
    return await site.client.post(PAGE, data={"token": token, "user": user, "password": password})


@pytest_asyncio.fixture(loop_scope="module")
async def empty(tmp_path: Path) -> AsyncIterator[Site]:
    """An installation without any account, as it is at the first start."""
    async with opened(tmp_path / "data") as site:
        yield site


async def test_the_link_makes_an_administrator_once(empty: Site) -> None:
    token = await issue_first_admin_token(empty.services, ROOT, LIFETIME)
    made = await posted(empty, token, "CORP\\first", "correct horse battery")
    again = await posted(empty, token, "CORP\\second", "correct horse battery")
    assert (made.status_code, again.status_code) == (200, 400)
    assert "There is an administrator already" in again.text or "unknown, used or expired" in again.text
    assert (await empty.get("first", "/Security/Roles")).status_code == 200
    assert (await empty.get("second", "/Security/Roles")).status_code == 401


async def test_no_link_of_an_earlier_start_makes_a_second_administrator(empty: Site) -> None:
    older, newer = [await issue_first_admin_token(empty.services, ROOT, LIFETIME) for _ in range(2)]
    assert (await posted(empty, newer, "CORP\\first", "correct horse battery")).status_code == 200
    refused = await posted(empty, older, "CORP\\second", "correct horse battery")
    assert refused.status_code == 400
    assert "There is an administrator already" in refused.text
    assert await empty.rows("account") == 1


async def test_two_links_used_at_the_same_moment_make_one_administrator(empty: Site) -> None:
    tokens = [await issue_first_admin_token(empty.services, ROOT, LIFETIME) for _ in range(2)]
    both = await asyncio.gather(*(posted(empty, t, f"CORP\\n{t[-1]}", "correct horse battery") for t in tokens))
    assert sorted(answer.status_code for answer in both) == [200, 400]
    assert await empty.rows("account") == 1


async def test_looking_at_the_link_does_not_use_it_up(empty: Site) -> None:
    token = await issue_first_admin_token(empty.services, ROOT, LIFETIME)
    shown = [await empty.client.get(PAGE, params={"token": token}) for _ in range(2)]
    assert [page.status_code for page in shown] == [200, 200]
    assert (await posted(empty, token, "CORP\\third", "correct horse battery")).status_code == 200


async def test_a_link_that_has_expired_makes_nobody(empty: Site) -> None:
    token = await issue_first_admin_token(empty.services, ROOT, LIFETIME)
    empty.clock.moved += LIFETIME + timedelta(seconds=1)
    assert (await posted(empty, token, "CORP\\late", "correct horse battery")).status_code == 400
    assert (await empty.get("late", "/Security/Roles")).status_code == 401


@pytest.mark.parametrize(
    ("user", "password"), [("CORP\\weak", "short"), ("", "correct horse battery"), ("CORP\\a", "")]
)
async def test_a_refusal_keeps_the_link_and_never_shows_the_password(empty: Site, user: str, password: str) -> None:
    token = await issue_first_admin_token(empty.services, ROOT, LIFETIME)
    accounts = await empty.rows("account")
    page = await posted(empty, token, user, password)
    assert page.status_code == 400
    assert await empty.rows("account") == accounts
    assert f'name="token" value="{token}"' in page.text
    assert 'type="password" required' in page.text
    assert not password or f'"{password}"' not in page.text


async def test_what_is_typed_is_shown_as_text_and_never_as_markup(empty: Site) -> None:
    attack = '"><script>alert(1)</script>'
    shown = await empty.client.get(PAGE, params={"token": attack})
    refused = await posted(empty, attack, attack, "correct horse battery")
    for page in (shown, refused):
        assert "<script>" not in page.text
        assert "&lt;script&gt;" in page.text


async def test_the_form_forbids_scripts_frames_referrers_and_caches(empty: Site) -> None:
    headers = (await empty.client.get(PAGE)).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert (headers["referrer-policy"], headers["cache-control"]) == ("no-referrer", "no-store")


@pytest.mark.parametrize("content", [b"\xff\xfe", b"&".join(b"a=%d" % n for n in range(20)), b"token", b"{}"])
async def test_a_form_that_cannot_be_read_is_a_400(empty: Site, content: bytes) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert (await empty.client.post(PAGE, content=content, headers=headers)).status_code == 400


async def test_probes_answer_without_credentials(site: Site) -> None:
    healthy = await site.client.get("http://testserver/healthz")
    ready = await site.client.get("http://testserver/readyz")
    assert (healthy.status_code, healthy.json()) == (200, {"status": "ok", "version": __version__})
    assert (ready.status_code, ready.json()) == (200, {"status": "ready", "version": __version__})


async def test_a_server_without_an_authority_is_alive_but_not_ready(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site.services, "authorities", {})
    assert (await site.client.get("http://testserver/healthz")).status_code == 200
    unready = await site.client.get("http://testserver/readyz")
    assert (unready.status_code, unready.json()["ErrorCode"]) == (503, "0xA0010001")
