"""B03 and B04: the address says what is changed, whatever the body says, and rights are asked about the target."""

import pytest
from tests.api.conftest import NOBODY, PASSWORD, ROOT, Site, assert_problem

from certloom.operations.accounts import create_account
from certloom.operations.roles import create_role

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def user(site: Site, name: str) -> int:
    row = await create_account(site.services, ROOT, f"CORP\\{name}", PASSWORD)
    return row.id


async def test_b03_of_two_accounts_the_one_in_the_address_is_switched(site: Site) -> None:
    meant, other = await user(site, "meant"), await user(site, "other")
    answer = await site.call("admin", "PUT", f"/Certloom/Users/{meant}", {"Id": other, "Disabled": True})
    assert answer.json()["Id"] == meant
    assert (await site.get("meant", "/Security/My")).status_code == 401
    assert (await site.get("other", "/Security/My")).status_code == 200


async def test_b03_of_two_definitions_the_one_in_the_address_is_changed(site: Site) -> None:
    found = (await site.get("admin", "/Workflow/Definitions")).json()
    meant, other = found[0], found[1]
    body = {"Id": other["Id"], "DefinitionId": other["Id"], "DisplayName": "Changed by address"}
    answer = await site.call("admin", "PUT", f"/Workflow/Definitions/{meant['Id']}", body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["Id"] == meant["Id"]
    untouched = (await site.get("admin", f"/Workflow/Definitions/{other['Id']}")).json()
    assert untouched["DisplayName"] == other["DisplayName"]


async def test_b03_a_signal_goes_to_the_instance_in_the_address(site: Site) -> None:
    meant, other = await site.started("alice"), await site.started("dora")
    body = {"SignalKey": "RequireApproval1.ApprovalStatus", "Data": {"Approved": "True"}, "InstanceId": other}
    assert (await site.call("bob", "POST", f"/Workflow/Instances/{meant}/Signals", body)).status_code == 204
    assert (await site.instance(meant))["Status"] == "Complete"
    assert (await site.instance(other))["Status"] == "Suspended"


async def test_b03_the_account_of_a_token_is_its_makers_whatever_the_body_says(site: Site) -> None:
    body = {"Name": "x", "Account": "CORP\\admin", "AccountId": 1, "UserName": "CORP\\admin"}
    assert (await site.call("rita", "POST", "/Certloom/Tokens", body)).json()["Account"] == "CORP\\rita"


@pytest.mark.parametrize("header", ["x-http-method-override", "x-http-method", "x-method-override"])
async def test_b02_a_header_does_not_change_the_method(site: Site, header: str) -> None:
    token = (await site.call("rita", "POST", "/Certloom/Tokens", {"Name": "kept"})).json()
    path = f"/Certloom/Tokens/{token['Id']}"
    assert (await site.call("rita", "POST", path, headers={header: "DELETE"})).status_code == 405
    assert (await site.call("rita", "GET", "/Certloom/Tokens", headers={header: "POST"})).status_code == 200
    (kept,) = [one for one in (await site.get("rita", "/Certloom/Tokens")).json() if one["Id"] == token["Id"]]
    assert kept["RevokedAt"] is None


async def test_b04_an_id_in_a_body_needs_rights_over_what_it_names(site: Site) -> None:
    await create_role(site.services, ROOT, "Narrow managers", ["/security/"])
    await create_account(site.services, ROOT, "CORP\\nina", PASSWORD, ("Narrow managers",))
    allowing = await site.call("admin", "POST", "/PermissionSets", {"Name": "Wide", "Permissions": ["/certificates/"]})
    (administrators,) = (await site.get("nina", '/Security/Roles?QueryString=Name -eq "Administrators"')).json()
    version = {"x-keyfactor-api-version": "2"}
    wide = {"Name": "x", "Description": "x", "PermissionSetId": allowing.json()["Id"]}
    own = {**wide, "Permissions": ["/certificates/import/"]}
    assert_problem(await site.call("nina", "POST", "/Security/Roles", own, headers=version), 403, "do not hold")
    renamed = {"Id": administrators["Id"], "Name": "Mine", "Description": "x"}
    assert_problem(await site.call("nina", "PUT", "/Security/Roles", renamed, headers=version), 403, "do not hold")
    taken = {"Id": allowing.json()["Id"], "Name": "Mine", "Permissions": []}
    assert_problem(await site.call("nina", "PUT", "/PermissionSets", taken), 403, "do not hold")
    unknown = {**wide, "PermissionSetId": NOBODY}
    assert_problem(
        await site.call("nina", "POST", "/Security/Roles", unknown, headers=version), 404, "no permission set"
    )
