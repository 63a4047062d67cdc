"""Roles, claims, identities and permission sets, as clients manage them."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from tests.api.conftest import PASSWORD, ROOT, Site, assert_problem

from certloom.identity.role import GLOBAL_PERMISSION_SET
from certloom.operations.accounts import create_account
from certloom.operations.roles import assign_role, create_role

pytestmark = pytest.mark.asyncio(loop_scope="module")

V2 = {"x-keyfactor-api-version": "2"}
SUBJECT: Mapping[str, object] = {
    "ClaimType": 0,
    "ClaimValue": "corp\\Carol",
    "ProviderAuthenticationScheme": "Certloom",
    "Description": "Carol herself",
}


async def call(site: Site, method: str, path: str, body: object = None, *, who: str = "admin", v: int = 1) -> Any:
    answer = await site.call(who, method, path, body, headers=V2 if v == 2 else {})
    assert answer.status_code in {200, 204}, answer.text
    return answer.json() if answer.content else None


async def refused(site: Site, who: str, method: str, path: str, body: object, told: str, status: int = 403) -> None:
    assert_problem(await site.call(who, method, path, body, headers=V2), status, told)


async def role_named(site: Site, name: str, v: int = 1) -> dict[str, Any]:
    (found,) = [
        role for role in await call(site, "GET", "/Security/Roles?ReturnLimit=999", v=v) if role["Name"] == name
    ]
    role: dict[str, Any] = found
    return role


async def manager(site: Site, name: str, *permissions: str) -> None:
    """Somebody who manages roles and may do these things besides."""
    await create_role(site.services, ROOT, f"{name}'s role", ["/security/", *permissions])
    await create_account(site.services, ROOT, f"CORP\\{name}", PASSWORD)
    await assign_role(site.services, ROOT, f"{name}'s role", f"CORP\\{name}")


async def test_a_role_of_version_2_is_what_was_asked_for(site: Site) -> None:
    body = {
        "Name": "Desk",
        "Description": "Service desk",
        "EmailAddress": "desk@corp.example",
        "PermissionSetId": GLOBAL_PERMISSION_SET,
        "Permissions": ["/workflows/", "/Certificates/enrollment/csr", "/certificates/collections/read/4/"],
        "Claims": [SUBJECT],
    }
    made = await call(site, "POST", "/Security/Roles", body, v=2)
    assert list(made) == [
        "Id", "Name", "Description", "EmailAddress", "Immutable", "PermissionSetId", "Permissions", "Claims",
    ]  # fmt: skip
    assert made["Permissions"] == ["/certificates/collections/read/4/", "/certificates/enrollment/csr/", "/workflows/"]
    (claim,) = made["Claims"]
    assert (claim["ClaimType"], claim["ClaimValue"]) == ("User", "CORP\\Carol")
    assert claim["Provider"]["AuthenticationScheme"] == "certloom"
    assert await call(site, "GET", f"/Security/Roles/{made['Id']}", v=2) == made
    row = await role_named(site, "Desk", v=2)
    assert list(row) == ["Id", "Name", "EmailAddress", "Immutable", "PermissionSetId", "ClaimsCount"]
    assert row["ClaimsCount"] == 1


async def test_a_claim_gives_its_account_the_role_and_takes_it_again(site: Site) -> None:
    claim = {**SUBJECT, "ClaimValue": "carol@corp"}
    body = {"Name": "Lookers", "Description": "x", "Permissions": ["/certificate_templates/"], "Claims": [claim]}
    assert (await site.get("carol", "/Templates")).status_code == 403
    made = await call(site, "POST", "/Security/Roles", body, v=2)
    assert (await site.get("carol", "/Templates")).status_code == 200
    asked = "ClaimType=0&ClaimValue=CORP\\carol&ProviderAuthenticationScheme=certloom"
    assert "Lookers" in {role["Name"] for role in await call(site, "GET", f"/Security/Claims/Roles?{asked}")}
    await call(site, "PUT", "/Security/Roles", {**body, "Id": made["Id"], "Claims": []}, v=2)
    assert (await site.get("carol", "/Templates")).status_code == 403


async def test_a_deleted_claim_takes_its_roles_away(site: Site) -> None:
    claim = await call(site, "POST", "/Security/Claims", {**SUBJECT, "ClaimValue": "CORP\\bob"})
    role = {"Name": "By id", "Description": "x", "Permissions": ["/auditing/read/"], "Claims": [{"Id": claim["Id"]}]}
    await call(site, "POST", "/Security/Roles", role, v=2)
    assert (await site.get("bob", "/Audit")).status_code == 200
    described = await call(site, "PUT", "/Security/Claims", {"Id": claim["Id"], "Description": "Bob"})
    assert described == {**claim, "Description": "Bob"}
    assert_problem(await site.call("admin", "POST", "/Security/Claims", {**SUBJECT, "ClaimValue": "bob@CORP"}), 400, "")
    await call(site, "DELETE", f"/Security/Claims/{claim['Id']}")
    assert (await site.get("bob", "/Audit")).status_code == 403
    assert (await site.get("admin", f"/Security/Claims/{claim['Id']}")).status_code == 404


CLAIMS: Mapping[str, tuple[Mapping[str, object], str]] = {
    "an unknown provider": ({"ProviderAuthenticationScheme": "Elsewhere"}, "Known: certloom"),
    "a type its provider does not make": ({"ClaimType": 5}, "Use one of: 0 (USER)"),
    "a type that does not exist": ({"ClaimType": 7}, "<= 6"),
    "no account name": ({"ClaimValue": "a\\b\\c"}, "account name"),
    "a long description": ({"Description": "x" * 513, "ClaimValue": "CORP\\unheard"}, "at most 512"),
}


@pytest.mark.parametrize("case", CLAIMS)
async def test_a_claim_that_means_nothing_is_refused(site: Site, case: str) -> None:
    change, told = CLAIMS[case]
    assert_problem(await site.call("admin", "POST", "/Security/Claims", {**SUBJECT, **change}), 400, told)


ROLES: Mapping[str, tuple[Mapping[str, object], str]] = {
    "no name": ({"Name": "  "}, "has no name"),
    "a long name": ({"Name": "x" * 129}, "at most 128"),
    "a long description": ({"Description": "x" * 513}, "at most 512"),
    "a long address": ({"EmailAddress": "x" * 257}, "at most 256"),
    "an unknown permission": ({"Permissions": ["/workflow/"]}, "nearest known"),
    "an unknown set": ({"PermissionSetId": "00000000-0000-4000-8000-00000000000f"}, "There is no permission set"),
    "a name that is taken": ({"Name": "APPROVERS"}, "There is a role"),
    "an unknown claim": ({"Claims": [{"Id": 999}]}, "There is no claim"),
    "half a claim": ({"Claims": [{"ClaimType": 0}]}, "A claim of a role needs"),
}


@pytest.mark.parametrize("case", ROLES)
async def test_b07_changing_a_role_runs_the_checks_of_creating_one(site: Site, case: str) -> None:
    change, told = ROLES[case]
    sound = {"Name": f"Sound {case}", "Description": "x", "Permissions": ["/portal/read/"]}
    made = await call(site, "POST", "/Security/Roles", sound, v=2)
    for method, body in (("POST", {**sound, "Name": "Another"}), ("PUT", {**sound, "Id": made["Id"]})):
        answer = await site.call("admin", method, "/Security/Roles", {**body, **change}, headers=V2)
        assert (answer.status_code // 100, told in answer.json()["Message"]) == (4, True), answer.text
    assert await call(site, "GET", f"/Security/Roles/{made['Id']}", v=2) == made


async def test_a_role_survives_being_read_and_sent_back_in_version_1(site: Site) -> None:
    held = ["/portal/read/", "/ssl/", "WorkflowInstances:ReadMy", "/workflows/definitions/"]
    await create_role(site.services, ROOT, "Kept", held)
    before = await role_named(site, "Kept")
    paths = await call(site, "GET", f"/Security/Roles/{before['Id']}", v=2)
    assert await call(site, "PUT", "/Security/Roles", before) == before
    assert await call(site, "GET", f"/Security/Roles/{before['Id']}", v=2) == paths
    await create_role(site.services, ROOT, "Everything", ["/"])
    everything = await call(site, "PUT", "/Security/Roles", await role_named(site, "Everything"))
    assert (await call(site, "GET", f"/Security/Roles/{everything['Id']}", v=2))["Permissions"] == ["/"]


async def test_version_1_writes_the_older_spelling_and_takes_both(site: Site) -> None:
    body = {"Name": "Old", "Description": "x", "Permissions": ["workflowdefinitions:read", "/certificates/enrollment/"]}
    made = await call(site, "POST", "/Security/Roles", {**body, "Identities": [{"AccountName": "bob@corp"}]})
    assert made["Permissions"] == [
        "CertificateEnrollment:CsrGeneration",
        "CertificateEnrollment:EnrollCSR",
        "CertificateEnrollment:EnrollPFX",
        "CertificateEnrollment:PendingCsr",
        "WorkflowDefinitions:Read",
        "/certificates/enrollment/",
    ]
    assert [one["AccountName"] for one in made["Identities"]] == ["CORP\\bob"]
    assert (await site.get("bob", "/Workflow/Definitions")).status_code == 200
    await call(site, "PUT", "/Security/Roles", {**body, "Id": made["Id"], "Enabled": False})
    assert (await site.get("bob", "/Workflow/Definitions")).status_code == 403
    path = f"/Security/Roles/{made['Id']}/Permissions/Global"
    assert {"Area": "WorkflowDefinitions", "Permission": "Read"} in await call(site, "GET", path)


async def test_the_accounts_of_a_role_are_set_as_a_whole(site: Site) -> None:
    role = (await role_named(site, "Readers"))["Id"]
    people = {one["AccountName"]: one["Id"] for one in await call(site, "GET", "/Security/Identities?ReturnLimit=999")}
    path = f"/Security/Roles/{role}/Identities"
    wanted = {"Ids": [people["CORP\\ruth"], people["CORP\\rita"]]}
    assert {one["AccountName"] for one in await call(site, "PUT", path, wanted)} == {"CORP\\ruth", "CORP\\rita"}
    assert (await site.get("rita", "/Workflow/Instances")).status_code == 200
    await call(site, "PUT", path, {"Ids": [people["CORP\\ruth"]]})
    assert (await site.get("rita", "/Workflow/Instances")).status_code == 403
    assert_problem(await site.call("admin", "PUT", path, {"Ids": [99999]}), 404, "There is no account")


async def test_a_copy_has_the_permissions_and_nobody_in_it(site: Site) -> None:
    source = await role_named(site, "Requesters")
    copy = await call(site, "POST", f"/Security/Roles/{source['Id']}/Copy", {"Name": "Requesters II"})
    assert copy["Permissions"] == source["Permissions"]
    assert (copy["Identities"], copy["Id"] != source["Id"]) == ([], True)


async def test_the_administrators_role_stays_and_never_becomes_empty(site: Site) -> None:
    role = await role_named(site, "Administrators")
    assert role["Immutable"] is True
    await refused(site, "admin", "DELETE", f"/Security/Roles/{role['Id']}", None, "cannot be deleted", 400)
    changed = {"Id": role["Id"], "Name": "Administrators", "Description": "weaker", "Permissions": ["/portal/"]}
    await refused(site, "admin", "PUT", "/Security/Roles", changed, "stays as it is", 400)
    path = f"/Security/Roles/{role['Id']}/Identities"
    await refused(site, "admin", "PUT", path, {"Ids": []}, "Nobody would hold Administrators", 400)


async def test_a_role_that_instances_wait_for_cannot_be_deleted(site: Site) -> None:
    instance = await site.started()
    role = await role_named(site, "Approvers")
    await refused(site, "admin", "DELETE", f"/Security/Roles/{role['Id']}", None, "wait for a signal of Approvers", 400)
    assert (await site.signal("bob", instance)).status_code == 204


async def test_a_deleted_role_is_gone_with_what_it_gave_and_its_id_is_not_used_again(site: Site) -> None:
    body = {"Name": "Gone", "Description": "x", "Permissions": ["AdminPortal:Read"]}
    made = await call(site, "POST", "/Security/Roles", {**body, "Identities": [{"AccountName": "CORP\\bob"}]})
    await call(site, "DELETE", f"/Security/Roles/{made['Id']}")
    assert (await site.get("admin", f"/Security/Roles/{made['Id']}")).status_code == 404
    assert "Gone" not in (await call(site, "GET", "/Security/My", who="bob"))["Roles"]
    again = await call(site, "POST", "/Security/Roles", body)
    assert (again["Id"] > made["Id"], again["Identities"]) == (True, [])


async def test_b06_a_manager_of_roles_cannot_widen_their_own_role(site: Site) -> None:
    await manager(site, "mona", "/certificate_templates/")
    own = await role_named(site, "mona's role", v=2)
    whole = await call(site, "GET", f"/Security/Roles/{own['Id']}", v=2)
    for more in ("/", "/auditing/read/", "/certificates/"):
        wanted = {**whole, "Permissions": [*whole["Permissions"], more], "Claims": None}
        await refused(site, "mona", "PUT", "/Security/Roles", wanted, "permissions they do not hold")
    await create_role(site.services, ROOT, "Auditors", ["/auditing/read/"])
    await assign_role(site.services, ROOT, "Auditors", "CORP\\mona")
    wanted = {**whole, "Permissions": [*whole["Permissions"], "/auditing/read/"], "Claims": None}
    await refused(site, "mona", "PUT", "/Security/Roles", wanted, "more to a role they hold")


async def test_b06_a_manager_of_roles_gives_no_more_than_they_hold(site: Site) -> None:
    await manager(site, "mark", "/certificate_templates/")
    body = {"Name": "Below", "Description": "x", "Permissions": ["/certificate_templates/read/"]}
    made = await call(site, "POST", "/Security/Roles", body, who="mark", v=2)
    assert made["Permissions"] == ["/certificate_templates/read/"]
    await refused(site, "mark", "POST", "/Security/Roles", {**body, "Permissions": ["/"], "Name": "A"}, "do not hold")
    everything = (await role_named(site, "Administrators"))["Id"]
    await refused(site, "mark", "POST", f"/Security/Roles/{everything}/Copy", {"Name": "B"}, "do not hold")
    requesters = (await role_named(site, "Requesters"))["Id"]
    await refused(site, "mark", "PUT", f"/Security/Roles/{requesters}/Identities", {"Ids": []}, "do not hold")
    await refused(site, "mark", "DELETE", f"/Security/Roles/{requesters}", None, "do not hold")
    allowing = {"Name": "All", "Permissions": ["/"]}
    await refused(site, "mark", "POST", "/PermissionSets", allowing, "do not hold")


async def test_b06_a_manager_of_roles_gives_no_role_to_themselves(site: Site) -> None:
    await manager(site, "mia", "/workflows/instances/read/pending/")
    people = {one["AccountName"]: one["Id"] for one in await call(site, "GET", "/Security/Identities?ReturnLimit=999")}
    approvers = await role_named(site, "Approvers")
    path = f"/Security/Roles/{approvers['Id']}/Identities"
    now = [one["Id"] for one in approvers["Identities"]]
    await refused(site, "mia", "PUT", path, {"Ids": [*now, people["CORP\\mia"]]}, "to themselves")
    whole = await call(site, "GET", f"/Security/Roles/{approvers['Id']}", v=2)
    claims = {**whole, "Claims": [{**SUBJECT, "ClaimValue": "MIA@corp"}]}
    await refused(site, "mia", "PUT", "/Security/Roles", claims, "to themselves")
    await call(site, "PUT", path, {"Ids": [*now, people["CORP\\carol"]]}, who="mia")
    await call(site, "PUT", path, {"Ids": now}, who="mia")


async def test_permission_sets_bound_their_roles(site: Site) -> None:
    made = await call(site, "POST", "/PermissionSets", {"Name": "Desk", "Permissions": ["/workflows/"]})
    role = {"Name": "In the set", "Description": "x", "PermissionSetId": made["Id"]}
    outside = {**role, "Permissions": ["/workflows/", "/auditing/read/"]}
    await refused(site, "admin", "POST", "/Security/Roles", outside, "does not allow /auditing/read/", 400)
    held = await call(site, "POST", "/Security/Roles", {**role, "Permissions": ["/workflows/definitions/read/"]}, v=2)
    narrow = {"Id": made["Id"], "Name": "Desk", "Permissions": ["/workflows/instances/"]}
    await refused(site, "admin", "PUT", "/PermissionSets", narrow, "In the set would hold more", 400)
    await refused(site, "admin", "DELETE", f"/PermissionSets/{made['Id']}", None, "is used by In the set", 400)
    await call(site, "DELETE", f"/Security/Roles/{held['Id']}")
    assert await call(site, "PUT", "/PermissionSets", narrow) == narrow
    await call(site, "DELETE", f"/PermissionSets/{made['Id']}")
    assert (await site.get("admin", f"/PermissionSets/{made['Id']}")).status_code == 404


async def test_every_installation_has_the_set_that_allows_everything(site: Site) -> None:
    assert {"Id": GLOBAL_PERMISSION_SET, "Name": "Global", "Permissions": ["/"]} in await call(
        site, "GET", "/PermissionSets"
    )
    changed = {"Id": GLOBAL_PERMISSION_SET, "Name": "Global", "Permissions": ["/portal/"]}
    await refused(site, "admin", "PUT", "/PermissionSets", changed, "stays as it is", 400)
    await refused(site, "admin", "DELETE", f"/PermissionSets/{GLOBAL_PERMISSION_SET}", None, "stays as it is", 400)
    assert_problem(await site.call("admin", "POST", "/PermissionSets", {"Name": "GLOBAL", "Permissions": []}), 400, "")


async def test_a_new_identity_can_be_given_roles_and_cannot_sign_in(site: Site) -> None:
    assert await call(site, "GET", "/Security/Identities/Lookup?accountName=CORP\\zoe") == {"Valid": False}
    made = await call(site, "POST", "/Security/Identities", {"AccountName": "zoe@corp"})
    assert (made["AccountName"], made["Roles"], made["Valid"]) == ("CORP\\zoe", [], True)
    assert await call(site, "GET", "/Security/Identities/Lookup?accountName=CORP\\zoe") == {"Valid": True}
    for password in ("", PASSWORD):
        assert (await site.call("zoe", "GET", "/Security/My", password=password)).status_code == 401


async def test_a_removed_identity_loses_everything_and_its_name_stays(site: Site) -> None:
    await create_account(site.services, ROOT, "CORP\\rolf", PASSWORD, ("Readers",))
    (row,) = await call(site, "GET", '/Security/Identities?QueryString=AccountName -eq "corp\\rolf"')
    granted = await call(site, "GET", f"/Security/Identities/{row['Id']}")
    assert granted["SecuredAreaPermissions"] == [
        {"Permission": "/workflows/instances/read/", "GrantedByRoles": ["Readers"]}
    ]
    await call(site, "DELETE", f"/Security/Identities/{row['Id']}")
    assert (await site.get("rolf", "/Security/My")).status_code == 401
    back = await call(site, "POST", "/Security/Identities", {"AccountName": "CORP\\rolf"})
    assert (back["Id"], back["Roles"]) == (row["Id"], [])
    assert (await site.get("rolf", "/Security/My")).status_code == 401


async def test_nobody_removes_themselves_or_somebody_above_them(site: Site) -> None:
    (admin,) = await call(site, "GET", '/Security/Identities?QueryString=AccountName -eq "corp\\admin"')
    path = f"/Security/Identities/{admin['Id']}"
    await refused(site, "admin", "DELETE", path, None, "your own account", 400)
    await manager(site, "moritz")
    await refused(site, "moritz", "DELETE", path, None, "do not hold")


async def test_b06_an_account_that_was_switched_off_is_not_brought_back_by_somebody_below_it(site: Site) -> None:
    await create_account(site.services, ROOT, "CORP\\chief", PASSWORD, ("Administrators",))
    (row,) = await call(site, "GET", '/Certloom/Users?QueryString=Name -eq "corp\\chief"')
    await call(site, "PUT", f"/Certloom/Users/{row['Id']}", {"Disabled": True})
    await manager(site, "mike")
    await refused(site, "mike", "POST", "/Security/Identities", {"AccountName": "CORP\\chief"}, "do not hold")
    assert (await site.get("chief", "/Security/My")).status_code == 401


async def test_everybody_may_know_what_they_may_do(site: Site) -> None:
    mine = await call(site, "GET", "/Security/My", who="bob")
    assert "Approvers" in mine["Roles"]
    assert {"Area": "WorkflowInstances", "Permission": "ReadAssignedToMe"} in mine["GlobalPermissions"]
    assert "/workflows/instances/read/pending/" in mine["AccessStrings"]


async def test_all_permissions_are_listed(site: Site) -> None:
    listed = await call(site, "GET", "/Permissions")
    assert listed == sorted(listed)
    assert {"/", "/workflows/", "/auditing/read/"} <= set(listed)


LISTS = ("/Security/Roles", "/Security/Claims", "/Security/Identities", "/PermissionSets", "/IdentityProviders")


@pytest.mark.parametrize("path", LISTS)
async def test_lists_are_paged_with_the_total_before_paging(site: Site, path: str) -> None:
    await site.call("admin", "POST", "/Security/Claims", {**SUBJECT, "ClaimValue": "CORP\\listed"})
    answer: httpx.Response = await site.get("admin", f"{path}?ReturnLimit=1&PageReturned=1")
    assert (len(answer.json()), int(answer.headers["x-total-count"]) >= 1) == (1, True)
    assert_problem(await site.get("admin", f"{path}?QueryString=Nonsense -eq 1"), 400, "a field is expected")
    assert_problem(await site.get("admin", f"{path}?SortField=Nonsense"), 400, "Invalid sort field", "0xA011004A")


async def test_short_lists_are_searched_and_sorted(site: Site) -> None:
    query = 'Name -contains "ERS" AND (Name -startswith "App" OR Name -endswith "EADERS")'
    found = await call(site, "GET", f"/Security/Roles?QueryString={query}&SortField=name&SortAscending=1")
    assert [role["Name"] for role in found] == ["Readers", "Approvers"]
    by_id = await call(site, "GET", "/Security/Roles?QueryString=Id -le 2 AND Id -ne 1 AND Name -notnull")
    assert [role["Id"] for role in by_id] == [2]


async def test_a_version_that_does_not_exist_is_told(site: Site) -> None:
    answer = await site.call("admin", "GET", "/Security/Roles", headers={"x-keyfactor-api-version": "3"})
    assert_problem(answer, 400, "It has versions 1 and 2")
