"""Tokens of programs, and the accounts they stand for."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from tests.api.conftest import PASSWORD, ROOT, Site, assert_problem, opened

from certloom.operations.accounts import create_account
from certloom.operations.roles import assign_role, create_role

pytestmark = pytest.mark.asyncio(loop_scope="module")
TOKENS = "/Certloom/Tokens"


@pytest_asyncio.fixture(loop_scope="module")
async def fresh(furnished_site: Path, tmp_path: Path) -> AsyncIterator[Site]:
    async with opened(Path(shutil.copytree(furnished_site, tmp_path / "data"))) as site:
        yield site


async def made(site: Site, who: str = "alice", **members: object) -> dict[str, Any]:
    answer = await site.call(who, "POST", TOKENS, {"Name": "pipeline", **members})
    assert answer.status_code == 200, answer.text
    token: dict[str, Any] = answer.json()
    return token


async def with_token(site: Site, token: str, path: str, method: str = "GET", body: object = None) -> httpx.Response:
    return await site.call(None, method, path, body, headers={"authorization": f"Bearer {token}"})


async def test_a_token_stands_for_its_account_and_its_secret_is_shown_once(site: Site) -> None:
    token = await made(site)
    mine = await with_token(site, token["Secret"], "/Security/My")
    assert mine.json() == (await site.get("alice", "/Security/My")).json()
    (listed,) = [one for one in (await site.get("alice", TOKENS)).json() if one["Id"] == token["Id"]]
    assert {**listed, "LastUsedAt": None, "Secret": token["Secret"]} == token
    assert listed["LastUsedAt"] is not None
    found = await site.services.database.fetch_all("SELECT * FROM api_token")
    assert token["Secret"] not in str(found)


async def test_a_token_has_no_more_than_it_was_made_for(site: Site) -> None:
    token = await made(site, Permissions=["/workflows/instances/read/mine/"], Roles=[])
    mine = (await with_token(site, token["Secret"], "/Security/My")).json()
    assert (mine["Roles"], mine["AccessStrings"]) == ([], ["/workflows/instances/read/mine/"])
    assert (await with_token(site, token["Secret"], "/Workflow/Instances/My")).status_code == 200
    assert (await with_token(site, token["Secret"], "/Certificates/1")).status_code == 403


async def test_b06_a_token_is_no_way_to_more_than_its_maker_has(site: Site) -> None:
    for members, told in (
        ({"Permissions": ["/"]}, "permissions they do not hold"),
        ({"Permissions": ["/certificates/"]}, "permissions they do not hold"),
        ({"Roles": ["Administrators"]}, "does not hold"),
        ({"Roles": ["A role that does not exist"]}, "A token cannot have a role that its account does not hold."),
    ):
        answer = await site.call("alice", "POST", TOKENS, {"Name": "x", **members})
        assert_problem(answer, 403, told)


async def test_b06_a_tokens_rights_are_looked_up_at_every_use(site: Site) -> None:
    await create_role(site.services, ROOT, "Auditor for a day", ["/auditing/read/"])
    await create_account(site.services, ROOT, "CORP\\tina", PASSWORD, ("Auditor for a day",))
    whole, narrow = await made(site, "tina"), await made(site, "tina", Permissions=["/auditing/read/"])
    for token in (whole, narrow):
        assert (await with_token(site, token["Secret"], "/Audit")).status_code == 200
    await assign_role(site.services, ROOT, "Auditor for a day", "CORP\\tina", remove=True)
    for token in (whole, narrow):
        assert (await with_token(site, token["Secret"], "/Audit")).status_code == 403


async def test_b06_a_token_makes_no_tokens_and_changes_no_password(site: Site) -> None:
    secret = (await made(site))["Secret"]
    assert_problem(await with_token(site, secret, TOKENS, "POST", {"Name": "child"}), 403, "cannot make tokens")
    body = {"Current": PASSWORD, "Password": "another long password"}
    path = "/Certloom/Users/My/Password"
    assert_problem(await with_token(site, secret, path, "PUT", body), 403, "cannot change the password")


async def test_a01_a_requester_cannot_approve_with_a_token_either(site: Site) -> None:
    instance = await site.started("alice")
    secret = (await made(site))["Secret"]
    body = {"SignalKey": "RequireApproval1.ApprovalStatus", "Data": {"Approved": "True"}}
    path = f"/Workflow/Instances/{instance}/Signals"
    assert_problem(await with_token(site, secret, path, "POST", body), 403, "self-approval")


async def test_a_token_votes_with_the_roles_it_was_made_with_and_no_others(site: Site) -> None:
    instance = await site.started("alice")
    body = {"SignalKey": "RequireApproval1.ApprovalStatus", "Data": {"Approved": "True"}}
    path = f"/Workflow/Instances/{instance}/Signals"
    without = (await made(site, "bob", Roles=[]))["Secret"]
    assert_problem(await with_token(site, without, path, "POST", body), 403, "none of the roles")
    having = (await made(site, "bob", Roles=["approvers"], Permissions=[]))["Secret"]
    assert (await with_token(site, having, path, "POST", body)).status_code == 204


async def test_a_revoked_an_expired_and_an_invented_token_are_nobody(fresh: Site) -> None:
    revoked, expired = await made(fresh), await made(fresh, Days=1)
    assert (await fresh.call("alice", "DELETE", f"{TOKENS}/{revoked['Id']}")).status_code == 204
    fresh.clock.moved += timedelta(days=1)
    for secret in (revoked["Secret"], expired["Secret"], "clt_invented"):
        answer = await with_token(fresh, secret, "/Security/My")
        assert_problem(answer, 401, "unknown, expired or revoked")
    assert (await with_token(fresh, "", "/Security/My")).status_code == 401


async def test_the_token_of_a_disabled_account_is_nobody_and_stays_so_after_a_removal(fresh: Site) -> None:
    token = await made(fresh, "rita")
    (row,) = (await fresh.get("admin", '/Certloom/Users?QueryString=Name -eq "corp\\rita"')).json()
    path = f"/Certloom/Users/{row['Id']}"
    assert (await fresh.call("admin", "PUT", path, {"Disabled": True})).json()["Disabled"] is True
    assert (await with_token(fresh, token["Secret"], "/Security/My")).status_code == 401
    assert (await fresh.get("rita", "/Security/My")).status_code == 401
    assert (await fresh.call("admin", "PUT", path, {"Disabled": False})).status_code == 200
    assert (await with_token(fresh, token["Secret"], "/Security/My")).status_code == 200
    assert (await fresh.call("admin", "DELETE", f"/Security/Identities/{row['Id']}")).status_code == 204
    assert (await fresh.call("admin", "POST", "/Security/Identities", {"AccountName": "rita@corp"})).status_code == 200
    assert (await with_token(fresh, token["Secret"], "/Security/My")).status_code == 401


async def test_guessed_tokens_lock_their_address(fresh: Site) -> None:
    token = await made(fresh)
    statuses = [(await with_token(fresh, f"clt_{number}", "/Security/My")).status_code for number in range(12)]
    assert statuses == [401] * 10 + [403] * 2
    assert (await with_token(fresh, token["Secret"], "/Security/My")).status_code == 403
    assert (await fresh.get("alice", "/Security/My")).status_code == 200


async def test_somebody_elses_token_looks_like_one_that_does_not_exist(site: Site) -> None:
    token = await made(site, "bob")
    answer = await site.call("alice", "DELETE", f"{TOKENS}/{token['Id']}")
    assert_problem(answer, 404, "There is no token")
    assert token["Id"] not in {one["Id"] for one in (await site.get("alice", TOKENS)).json()}
    assert (await site.get("alice", f"{TOKENS}?Everybody=true")).status_code == 403
    everybody = (await site.get("admin", f"{TOKENS}?everybody=true")).json()
    assert {"CORP\\bob"} <= {one["Account"] for one in everybody}
    assert (await site.call("admin", "DELETE", f"{TOKENS}/{token['Id']}")).status_code == 204


async def test_revoking_wins_over_a_use_at_the_same_moment(site: Site) -> None:
    token = await made(site)
    await asyncio.gather(
        with_token(site, token["Secret"], "/Security/My"), site.call("alice", "DELETE", f"{TOKENS}/{token['Id']}")
    )
    assert (await with_token(site, token["Secret"], "/Security/My")).status_code == 401


@pytest.mark.parametrize(
    ("members", "told"),
    [({"Name": " "}, "has a name"), ({"Days": 0}, ">= 1"), ({"Days": 367}, "<= 366")],
)
async def test_a_token_that_cannot_be_is_refused(site: Site, members: dict[str, object], told: str) -> None:
    answer = await site.call("alice", "POST", TOKENS, {"Name": "x", **members})
    assert_problem(answer, 400, told)


async def test_a_secret_over_plain_http_from_elsewhere_is_refused(site: Site) -> None:
    transport = httpx.ASGITransport(app=site.client._transport.app, client=("192.0.2.1", 1))  # type: ignore[attr-defined]  # the site's own application
    async with httpx.AsyncClient(transport=transport) as client:
        token = await made(site)
        fields = {"authorization": f"Bearer {token['Secret']}"}
        answer = await client.get("http://testserver/KeyfactorAPI/Security/My", headers=fields)
    assert_problem(answer, 403, "plain HTTP")


async def test_everybody_changes_their_own_password_with_the_present_one(fresh: Site) -> None:
    path, new = "/Certloom/Users/My/Password", "a quite different password"
    wrong = await fresh.call("bob", "PUT", path, {"Current": "wrong", "Password": new})
    assert_problem(wrong, 400, "present password is wrong")
    assert_problem(await fresh.call("bob", "PUT", path, {"Current": PASSWORD, "Password": "short"}), 400, "too short")
    assert (await fresh.call("bob", "PUT", path, {"Current": PASSWORD, "Password": new})).status_code == 204
    assert (await fresh.get("bob", "/Security/My")).status_code == 401
    assert (await fresh.call("bob", "GET", "/Security/My", password=new)).status_code == 200


async def test_b06_nobody_sets_the_password_of_somebody_above_them(site: Site) -> None:
    await create_role(site.services, ROOT, "Account managers", ["/security/"])
    await create_account(site.services, ROOT, "CORP\\mara", PASSWORD, ("Account managers",))
    users = {one["Name"]: one["Id"] for one in (await site.get("mara", "/Certloom/Users?ReturnLimit=999")).json()}
    for name in ("CORP\\admin", "CORP\\bob"):
        path = f"/Certloom/Users/{users[name]}/Password"
        answer = await site.call("mara", "PUT", path, {"Password": "known to mara"})
        assert_problem(answer, 403, "not hold")
    body = {"Name": "CORP\\new", "Password": PASSWORD, "Roles": ["Administrators"]}
    assert_problem(await site.call("mara", "POST", "/Certloom/Users", body), 403, "do not hold")
