"""H01: whoever changes anything about people, roles, claims or tokens is named by exactly one audit entry."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.api.conftest import PASSWORD, Site

from certloom.api.application import routes

pytestmark = pytest.mark.asyncio(loop_scope="module")
AREAS = ("/Security/", "/PermissionSets", "/Certloom/Users", "/Certloom/Tokens")
CLAIM: Mapping[str, object] = {
    "ClaimType": 0,
    "ClaimValue": "CORP\\audited",
    "ProviderAuthenticationScheme": "certloom",
    "Description": "x",
}
# In this order each has what it needs; {0} is the id in the answer of the step that is named.
STORY: tuple[tuple[str, str, object, str], ...] = (
    ("role", "POST /Security/Roles", {"Name": "Audited", "Description": "x"}, "create role"),
    ("", "PUT /Security/Roles", {"Id": "role", "Name": "Audited", "Description": "y"}, "update role"),
    ("copy", "POST /Security/Roles/{role}/Copy", {"Name": "Audited II"}, "create role"),
    ("identity", "POST /Security/Identities", {"AccountName": "CORP\\audited"}, "create account"),
    ("", "PUT /Security/Roles/{role}/Identities", {"Ids": ["identity"]}, "update role"),
    ("claim", "POST /Security/Claims", CLAIM, "create claim"),
    ("", "PUT /Security/Claims", {"Id": "claim", "Description": "y"}, "update claim"),
    ("set", "POST /PermissionSets", {"Name": "Audited", "Permissions": ["/portal/"]}, "create permission set"),
    ("", "PUT /PermissionSets", {"Id": "set", "Name": "Audited", "Permissions": []}, "update permission set"),
    ("", "DELETE /PermissionSets/{set}", None, "delete permission set"),
    ("", "DELETE /Security/Claims/{claim}", None, "delete claim"),
    ("", "DELETE /Security/Roles/{copy}", None, "delete role"),
    ("user", "POST /Certloom/Users", {"Name": "CORP\\audited2", "Password": PASSWORD}, "create account"),
    ("", "PUT /Certloom/Users/{user}", {"Disabled": True}, "update account"),
    ("", "PUT /Certloom/Users/{user}/Password", {"Password": PASSWORD}, "change password"),
    ("", "PUT /Certloom/Users/My/Password", {"Current": PASSWORD, "Password": PASSWORD}, "change own password"),
    ("token", "POST /Certloom/Tokens", {"Name": "audited"}, "create token"),
    ("", "DELETE /Certloom/Tokens/{token}", None, "revoke token"),
    ("", "DELETE /Security/Identities/{identity}", None, "update account"),
)
PARAMETERS = {"role_id": "role", "claim_id": "claim", "identity_id": "identity", "set_id": "set", "user_id": "user",
              "token_id": "token"}  # fmt: skip


async def test_h01_every_route_that_changes_people_is_in_the_story() -> None:
    changing = set()
    for route in routes(1_000_000).routes:
        path = route.path_format.removeprefix("/KeyfactorAPI")
        if path.startswith(AREAS):
            named = path.format_map({name: f"{{{kind}}}" for name, kind in PARAMETERS.items()})
            changing |= {
                f"{method} {named}" for method in getattr(route, "methods", ()) if method not in {"GET", "OPTIONS"}
            }
    told = {place.replace("{copy}", "{role}") for _, place, _, _ in STORY}
    assert changing == told


def filled(body: object, ids: Mapping[str, Any]) -> object:
    if isinstance(body, Mapping):
        return {name: filled(value, ids) for name, value in body.items()}
    if isinstance(body, list):
        return [filled(value, ids) for value in body]
    return ids.get(body, body) if isinstance(body, str) else body


async def entries(site: Site, after: int) -> list[dict[str, Any]]:
    rows = await site.services.database.fetch_all("SELECT body FROM audit WHERE seq > ? ORDER BY seq", after)
    return [json.loads(row[0]) for row in rows]


async def test_h01_every_change_to_people_writes_exactly_one_entry_with_its_actor(site: Site) -> None:
    ids: dict[str, Any] = {}
    for name, place, body, operation in STORY:
        method, _, path = place.partition(" ")
        before = len(await entries(site, 0))
        answer = await site.call("admin", method, path.format_map(ids), filled(body, ids))
        assert answer.status_code in {200, 204}, (place, answer.text)
        written = await entries(site, before)
        assert [(one["actor"], one["operation"], one["level"]) for one in written] == [("CORP\\admin", operation, 0)]
        if name:
            ids[name] = answer.json()["Id"]


async def test_h01_a_change_that_is_refused_changes_nothing_and_is_no_change_in_the_log(site: Site) -> None:
    before = len(await entries(site, 0))
    for _, place, body, _ in STORY:
        method, _, path = place.partition(" ")
        ids = dict.fromkeys(("role", "copy", "claim", "identity", "user", "token"), "999")
        unknown = {**ids, "set": "0190a000-0000-7000-8000-000000000000"}
        answer = await site.call("ruth", method, path.format_map(unknown), filled(body, {**unknown}))
        if "Tokens" in path or "My/" in path:
            continue
        assert answer.status_code == 403, (place, answer.text)
    assert {one["level"] for one in await entries(site, before) if one["actor"] == "CORP\\ruth"} <= {0, 1}
    changed = [one for one in await entries(site, before) if one["actor"] == "CORP\\ruth" and one["level"] == 0]
    assert {one["operation"] for one in changed} <= {"create token", "change own password"}
