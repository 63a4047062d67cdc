import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from tests.api.conftest import APPROVAL, ENROLL, GUID, MOMENT, NOBODY, Site, make_csr

from certloom.api.schemas.instances import InstanceResponse

pytestmark = pytest.mark.asyncio(loop_scope="module")

MEMBERS = [
    "Id",
    "Status",
    "CurrentStepId",
    "StatusMessage",
    "Signals",
    "Definition",
    "CurrentStepDisplayName",
    "CurrentStepUniqueName",
    "Title",
    "LastModified",
    "StartDate",
    "InitialData",
    "CurrentStateData",
    "ReferenceId",
]
NUMBERS = {"Suspended": 2, "Failed": 3, "Complete": 4, "Rejected": 5}
INITIAL_DATA = {
    "Subject": str,
    "CSR": str,
    "SANs": dict,
    "Template": str,
    "CertificateAuthority": str,
    "IncludeChain": bool,
    "Format": str,
    "IsPFX": bool,
    "Metadata": dict,
    "AdditionalAttributes": dict,
    "CACertificateRequest": dict,
    "InitiatingUserName": str,
    "OperationStart": str,
}
A_MINUTE = timedelta(minutes=1)
Pages = Mapping[str, dict[str, Any]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pages(site: Site) -> Pages:
    """One instance of every status that an enrollment can rest in, by the name of its status."""
    suspended, complete, rejected = [await site.started() for _ in range(3)]
    assert (await site.signal("bob", complete)).status_code == 204
    assert (await site.signal("bob", rejected, {"Approved": "False", "Comment": "not today"})).status_code == 204
    failed = await site.failed("Broken")
    read = [await site.instance(each) for each in (suspended, complete, rejected, failed)]
    return {page["Status"]: page for page in read}


@pytest.fixture(params=["Suspended", "Complete", "Rejected", "Failed"])
def page(pages: Pages, request: pytest.FixtureRequest) -> dict[str, Any]:
    return pages[request.param]


async def test_the_members_stand_in_the_order_of_the_description(page: dict[str, Any]) -> None:
    assert list(page) == MEMBERS


async def test_the_schema_that_is_published_has_the_members_that_are_sent(page: dict[str, Any]) -> None:
    assert list(InstanceResponse.__struct_encode_fields__) == list(page)


async def test_field_id_is_the_guid_the_page_was_asked_for_by(site: Site, page: dict[str, Any]) -> None:
    assert re.fullmatch(GUID, page["Id"])
    assert (await site.instance(page["Id"]))["Id"] == page["Id"]


async def test_field_status_is_one_of_the_six_names_of_the_manual(pages: Pages) -> None:
    assert set(pages) == {"Suspended", "Complete", "Rejected", "Failed"}


@pytest.mark.parametrize("base", ["/KeyfactorAPI", "/Keyfactor/API", "/keyfactorapi"])
async def test_field_status_is_a_name_below_the_paths_of_the_manual(
    site: Site, page: dict[str, Any], base: str
) -> None:
    assert (await site.instance(page["Id"], base=base))["Status"] == page["Status"]


async def test_field_status_is_a_number_below_the_path_for_generated_clients(site: Site, page: dict[str, Any]) -> None:
    numbers = await site.instance(page["Id"], base="/KeyfactorAPI-sdk")
    assert numbers == {**page, "Status": NUMBERS[page["Status"]]}


async def test_field_status_follows_the_header_against_the_path(site: Site, page: dict[str, Any]) -> None:
    numbers = await site.instance(page["Id"], headers={"x-certloom-enums": "Numbers"})
    names = await site.instance(page["Id"], base="/KeyfactorAPI-sdk", headers={"X-Certloom-Enums": "names"})
    assert (numbers["Status"], names["Status"]) == (NUMBERS[page["Status"]], page["Status"])


async def test_field_status_is_refused_in_a_form_that_does_not_exist(site: Site, page: dict[str, Any]) -> None:
    answer = await site.get("admin", f"/Workflow/Instances/{page['Id']}", headers={"x-certloom-enums": "words"})
    assert answer.status_code == 400
    assert "Use names or numbers" in answer.json()["Message"]


async def test_field_current_step_id_is_spelled_as_on_the_wire_and_names_a_step(
    site: Site, page: dict[str, Any]
) -> None:
    definition = (await site.get("admin", f"/Workflow/Definitions/{page['Definition']['Id']}")).json()
    (step,) = [step for step in definition["Steps"] if step["UniqueName"] == page["CurrentStepUniqueName"]]
    assert page["CurrentStepId"] == step["Id"]
    assert "CurrentStepID" not in page


async def test_field_status_message_says_what_the_status_needs_a_reason_for(pages: Pages) -> None:
    assert {status: page["StatusMessage"] for status, page in pages.items()} == {
        "Suspended": "Awaiting 1 more approval(s) from approval roles. Roles: Approvers.",
        "Complete": "",
        "Rejected": "Denied by CORP\\bob at step RequireApproval1: not today",
        "Failed": "Step FailingStep1 failed: the ticket system refused the ticket",
    }


async def test_field_signals_is_an_array_of_what_the_current_step_takes(pages: Pages) -> None:
    (signal,) = pages["Suspended"]["Signals"]
    assert list(signal) == ["SignalName", "StepSignalId", "SignalReceived"]
    assert signal["SignalName"] == "ApprovalStatus"
    assert re.fullmatch(GUID, signal["StepSignalId"])
    assert signal["SignalReceived"] is False
    assert [pages[status]["Signals"] for status in ("Complete", "Rejected", "Failed")] == [[], [], []]


async def test_field_signals_tells_that_one_has_come_in_and_keeps_its_id(site: Site) -> None:
    instance_id = await site.started("alice", "TwoEyes")
    other_id = await site.started("alice", "TwoEyes")
    assert (await site.signal("bob", instance_id)).status_code == 204
    (signal,) = (await site.instance(instance_id))["Signals"]
    (other,) = (await site.instance(other_id))["Signals"]
    assert signal == {**other, "SignalReceived": True}


async def test_field_definition_is_an_object_with_the_version_the_instance_runs_on(
    site: Site, page: dict[str, Any]
) -> None:
    listed = {row["Id"]: row for row in (await site.get("admin", "/Workflow/Definitions")).json()}
    known = listed[page["Definition"]["Id"]]
    assert list(page["Definition"]) == ["Id", "DisplayName", "Version", "WorkflowType"]
    assert page["Definition"] == {
        "Id": known["Id"],
        "DisplayName": known["DisplayName"],
        "Version": 1,
        "WorkflowType": "Enrollment",
    }


async def test_field_definition_keeps_its_version_when_another_one_is_published(site: Site) -> None:
    instance_id = await site.started("alice", "TwoEyes")
    before = (await site.instance(instance_id))["Definition"]
    path = f"/Workflow/Definitions/{before['Id']}"
    steps = (await site.get("admin", path)).json()["Steps"]
    assert (await site.call("admin", "PUT", f"{path}/Steps", steps)).status_code == 200
    published = await site.call("admin", "POST", f"{path}/Publish")
    assert published.json()["PublishedVersion"] == before["Version"] + 1
    assert (await site.instance(instance_id))["Definition"] == before


async def test_field_current_step_display_name_is_the_name_people_gave_the_step(pages: Pages) -> None:
    assert pages["Suspended"]["CurrentStepDisplayName"] == "Security review"
    assert pages["Failed"]["CurrentStepDisplayName"] == "FailingStep1"


async def test_field_current_step_unique_name_is_the_first_half_of_the_signal_key(pages: Pages) -> None:
    page = pages["Suspended"]
    assert f"{page['CurrentStepUniqueName']}.{page['Signals'][0]['SignalName']}" == APPROVAL
    assert {status: each["CurrentStepUniqueName"] for status, each in pages.items()} == {
        "Suspended": "RequireApproval1",
        "Complete": "EndNOOP",
        "Rejected": "RequireApproval1",
        "Failed": "FailingStep1",
    }


async def test_field_title_names_person_action_and_subject_and_ends_with_a_full_stop(page: dict[str, Any]) -> None:
    assert page["Title"] == "CORP\\alice is enrolling for a certificate with CN=web01.corp.example."


async def test_field_title_names_the_first_dns_name_where_there_is_no_common_name(site: Site) -> None:
    csr = make_csr("", ["shop.corp.example", "www.corp.example"])
    await site.template("NoName", required_subject=[])
    page = await site.instance(await site.started("alice", "NoName", csr=csr))
    assert page["Title"] == "CORP\\alice is enrolling for a certificate with DNS=shop.corp.example."


async def test_field_title_of_a_revocation_names_the_certificate(site: Site) -> None:
    issued = (await site.enroll("alice", "Direct")).json()["CertificateInformation"]["KeyfactorID"]
    body = {"CertificateIds": [issued], "Reason": 4, "Comment": "replaced"}
    assert (await site.call("alice", "POST", "/Certificates/Revoke", body)).json()["RevokedIds"] == [issued]
    titles = [row["Title"] for row in await site.instances() if row["Definition"]["WorkflowType"] == "Revocation"]
    assert titles == ["CORP\\alice is revoking certificate with CN=web01.corp.example."]


async def test_field_last_modified_is_utc_in_milliseconds_and_not_before_the_start(page: dict[str, Any]) -> None:
    assert re.fullmatch(MOMENT, page["LastModified"])
    assert page["LastModified"] >= page["StartDate"]


async def test_field_last_modified_moves_with_a_signal(site: Site) -> None:
    instance_id = await site.started("alice", "TwoEyes")
    before = await site.instance(instance_id)
    site.clock.moved += A_MINUTE
    assert (await site.signal("bob", instance_id)).status_code == 204
    after = await site.instance(instance_id)
    assert after["LastModified"] > before["LastModified"]
    assert after["StartDate"] == before["StartDate"]


async def test_field_start_date_is_utc_in_milliseconds(page: dict[str, Any]) -> None:
    assert re.fullmatch(MOMENT, page["StartDate"])
    assert page["StartDate"] >= page["InitialData"]["OperationStart"]


async def test_field_initial_data_is_an_object_with_the_keys_of_an_enrollment(page: dict[str, Any]) -> None:
    assert {key: type(value) for key, value in page["InitialData"].items()} == INITIAL_DATA
    assert page["InitialData"]["CACertificateRequest"] == {
        "RequestId": None,
        "CSR": page["InitialData"]["CSR"],
        "Status": "PENDING",
        "Requester": "CORP\\alice",
    }


async def test_field_initial_data_keeps_what_the_request_said(site: Site) -> None:
    members = {"Metadata": {"Team": "shop", "Floor": 3}, "AdditionalEnrollmentFields": {"Ticket": "REQ-77"}}
    data = (await site.instance(await site.started("alice", "WebServer", **members)))["InitialData"]
    assert data["Metadata"] == {"Team": "shop", "Floor": "3"}
    assert data["AdditionalAttributes"] == {"Ticket": "REQ-77"}
    assert data["SANs"] == {"dns": ["web01.corp.example"]}
    assert data["CertificateAuthority"] == "certloom\\certloom Issuing CA"


async def test_field_current_state_data_begins_equal_to_the_initial_data(pages: Pages) -> None:
    assert pages["Suspended"]["CurrentStateData"] == pages["Suspended"]["InitialData"]
    assert pages["Failed"]["CurrentStateData"] == pages["Failed"]["InitialData"]


async def test_field_current_state_data_gains_votes_and_the_certificate(pages: Pages) -> None:
    page = pages["Complete"]
    gained = {key: value for key, value in page["CurrentStateData"].items() if key not in page["InitialData"]}
    assert list(gained) == [
        "ApprovalSignalComments",
        "KeyfactorId",
        "SerialNumber",
        "IssuerDN",
        "Thumbprint",
        "KeyfactorRequestId",
        "RequestDisposition",
        "DispositionMessage",
        "CACertificate",
    ]
    assert gained["ApprovalSignalComments"][0]["User"] == "CORP\\bob"
    assert gained["RequestDisposition"] == "ISSUED"
    assert gained["CACertificate"]["Certificate"].startswith("-----BEGIN CERTIFICATE-----")
    assert page["CurrentStateData"]["CACertificateRequest"]["Status"] == "ISSUED"


async def test_field_current_state_data_of_a_denial_tells_who_and_why(pages: Pages) -> None:
    (vote,) = pages["Rejected"]["CurrentStateData"]["ApprovalSignalComments"]
    assert (vote["User"], vote["Approved"], vote["Comment"]) == ("CORP\\bob", False, "not today")
    assert "KeyfactorId" not in pages["Rejected"]["CurrentStateData"]


async def test_field_reference_id_is_an_integer_that_rises(site: Site, pages: Pages) -> None:
    numbers = [page["ReferenceId"] for page in sorted(pages.values(), key=lambda page: str(page["StartDate"]))]
    later = await site.instance(await site.started())
    assert all(type(number) is int for number in numbers)
    assert numbers == sorted(set(numbers))
    assert later["ReferenceId"] > max(numbers)


async def test_the_reference_id_in_the_path_is_a_400_that_tells_how_to_find_the_guid(
    site: Site, page: dict[str, Any]
) -> None:
    answer = await site.get("admin", f"/Workflow/Instances/{page['ReferenceId']}")
    assert answer.status_code == 400
    assert f"QueryString=ReferenceId -eq {page['ReferenceId']}" in answer.json()["Message"]


async def test_the_guid_is_read_in_capitals_in_braces_and_without_hyphens(site: Site, page: dict[str, Any]) -> None:
    spellings = (page["Id"].upper(), f"{{{page['Id']}}}", page["Id"].replace("-", ""))
    assert [await site.instance(spelling) for spelling in spellings] == [page, page, page]


async def test_an_etag_saves_sending_the_same_page_again_and_changes_with_the_instance(site: Site) -> None:
    instance_id = await site.started("alice", "TwoEyes")
    path = f"/Workflow/Instances/{instance_id}"
    tag = (await site.get("admin", path)).headers["etag"]
    same = await site.get("admin", path, headers={"If-None-Match": tag})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    other_form = await site.get("admin", path, base="/KeyfactorAPI-sdk", headers={"If-None-Match": tag})
    assert other_form.status_code == 200
    assert (await site.signal("bob", instance_id)).status_code == 204
    changed = await site.get("admin", path, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


READERS = {
    # who → what they may read of: alice's suspended, alice's after bob has approved, rita's own
    "admin": (200, 200, 200),
    "ruth": (200, 200, 200),
    "alice": (200, 200, 404),
    "bob": (200, 200, 404),
    "dora": (200, 404, 404),
    "rita": (404, 404, 200),
    "olga": (404, 404, 404),
    "carol": (403, 403, 403),
}


@pytest.mark.parametrize("who", READERS)
async def test_the_three_read_scopes_and_their_union(site: Site, pages: Pages, who: str) -> None:
    hers = await site.started("rita", "Direct")
    ids = (pages["Suspended"]["Id"], pages["Complete"]["Id"], hers)
    codes = [(await site.get(who, f"/Workflow/Instances/{each}")).status_code for each in ids]
    assert tuple(codes) == READERS[who]


async def test_mine_and_pending_together_reach_both_in_the_old_spelling_of_permissions(site: Site) -> None:
    await site.template("Older")
    await site.define("Older", await site.approval(role="Old Model"), ENROLL)
    own, waiting = await site.started("olga"), await site.started("alice", "Older")
    assert (await site.instance(own, "olga"))["Id"] == own
    assert (await site.instance(waiting, "olga"))["Id"] == waiting


async def test_what_one_has_signalled_stays_readable_though_it_waits_for_others(site: Site) -> None:
    instance_id = await site.started("alice", "TwoEyes")
    assert (await site.signal("bob", instance_id)).status_code == 204
    assert (await site.instance(instance_id, "bob"))["Status"] == "Suspended"
    assigned = (await site.get("bob", "/Workflow/Instances/AssignedToMe?ReturnLimit=10000")).json()
    assert instance_id not in {row["Id"] for row in assigned}


async def test_without_any_read_permission_the_answer_names_the_permissions(site: Site, page: dict[str, Any]) -> None:
    answer = await site.get("carol", f"/Workflow/Instances/{page['Id']}")
    missing = await site.get("carol", f"/Workflow/Instances/{NOBODY}")
    assert (answer.status_code, answer.content) == (403, missing.content)
    assert answer.json()["ErrorCode"] == "0xA0140002"
    assert "CORP\\carol does not have any of the required permissions" in answer.json()["Message"]


async def test_outside_ones_scope_looks_exactly_like_an_instance_that_does_not_exist(
    site: Site, page: dict[str, Any]
) -> None:
    hidden = await site.get("rita", f"/Workflow/Instances/{page['Id']}")
    missing = await site.get("rita", f"/Workflow/Instances/{NOBODY}")
    assert (hidden.status_code, missing.status_code) == (404, 404)
    assert hidden.content.replace(page["Id"].encode(), NOBODY.encode()) == missing.content
    assert _comparable(hidden.headers) == _comparable(missing.headers)


def _comparable(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers.items() if name != "x-keyfactor-correlation-id"]
