import re
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from tests.api.conftest import ENROLL, GUID, Site, assert_problem, linear

from certloom.api.schemas.catalogue import ParameterDefinition, StepTypeListItem, StepTypeResponse, WorkflowTypeListItem
from certloom.workflow.exported import ExportedDefinition, document_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/Workflow/Definitions"
V2: Mapping[str, str] = {"x-keyfactor-api-version": "2"}
FIRST: Mapping[str, object] = {
    "DisplayName": "Take back",
    "Description": "Revoke after a look",
    "WorkflowType": "Revocation",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def web(site: Site) -> str:
    """The definition of template WebServer: approval, enroll."""
    rows = (await site.get("admin", f'{PATH}?QueryString=DisplayName -eq "WebServer enrollment"')).json()
    return str(rows[0]["Id"])


async def made(site: Site, key: str, **fields: object) -> dict[str, Any]:
    answer = await site.call("admin", "POST", PATH, {**FIRST, "Key": key, **fields})
    assert answer.status_code == 200, answer.text
    whole: dict[str, Any] = answer.json()
    return whole


async def asked(
    site: Site, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    answer = await site.call("admin", method, path, body, headers=dict(headers or {}))
    assert answer.status_code == 200, answer.text
    whole: dict[str, Any] = answer.json()
    return whole


async def test_version_one_of_a_definition_has_the_members_of_exports_in_their_order(site: Site, web: str) -> None:
    definition = (await site.get("admin", f"{PATH}/{web}")).json()
    assert list(definition) == [
        "Id", "DisplayName", "Description", "Key", "KeyDisplayName", "IsPublished", "WorkflowType", "Steps",
        "DraftVersion", "PublishedVersion", "Enabled",
    ]  # fmt: skip
    assert (definition["KeyDisplayName"], definition["IsPublished"]) == ("The WebServer", True)
    step = next(step for step in definition["Steps"] if step["ExtensionName"] == "RequireApproval")
    assert list(step) == [
        "Id", "DisplayName", "UniqueName", "ExtensionName", "Enabled", "ConfigurationParameters", "Signals",
        "Conditions", "Outputs",
    ]  # fmt: skip
    assert list(step["Signals"][0]) == ["SignalName", "RoleIds", "RoleTokens"]


async def test_version_two_of_a_definition_has_its_keys_and_the_names_of_roles(site: Site, web: str) -> None:
    definition = await asked(site, "GET", f"{PATH}/{web}", headers=V2)
    assert list(definition) == [
        "Id", "DisplayName", "Description", "WorkflowType", "Keys", "Enabled", "IsPublished", "Steps", "DraftVersion",
        "PublishedVersion",
    ]  # fmt: skip
    assert [list(key) for key in definition["Keys"]] == [["DisplayName", "Value"]]
    assert definition["Keys"][0]["DisplayName"] == "The WebServer"
    (signal,) = next(step["Signals"] for step in definition["Steps"] if step["Signals"])
    assert list(signal) == ["SignalName", "Roles", "RoleTokens"]
    (role,) = signal["Roles"]
    assert (list(role), role["RoleName"], role["RoleId"].isdecimal()) == (["RoleId", "RoleName"], "Approvers", True)


@pytest.mark.parametrize(("headers", "members"), [({}, "RoleIds"), (V2, "Roles")])
async def test_an_exportable_definition_names_no_role_by_id(
    site: Site, web: str, headers: Mapping[str, str], members: str
) -> None:
    definition = await asked(site, "GET", f"{PATH}/{web}?exportable=true", headers=headers)
    (signal,) = next(step["Signals"] for step in definition["Steps"] if step["Signals"])
    assert signal[members] in ([], [{"RoleId": None, "RoleName": "Approvers"}])


async def test_lists_have_the_members_of_their_version(site: Site) -> None:
    for headers, members in (
        ({}, ["Id", "DisplayName", "Key", "KeyDisplayName", "WorkflowType", "DraftVersion", "PublishedVersion",
              "Enabled"]),
        (V2, ["Id", "DisplayName", "Description", "Keys", "WorkflowType", "DraftVersion", "PublishedVersion",
              "Enabled"]),
    ):  # fmt: skip
        rows = (await site.call("admin", "GET", PATH, headers=dict(headers))).json()
        assert {tuple(row) for row in rows} == {tuple(members)}
        names = [row["DisplayName"] for row in rows]
        assert names == sorted(names, key=str.casefold)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("QueryString=WorkflowType -eq revocation", ["Global Revocation Workflow"]),
        ('QueryString=DisplayName -startswith "Global E"', ["Global Enrollment Workflow"]),
        ("QueryString=IsPublished -eq false", []),
        (
            'QueryString=DisplayName -contains "Global" AND WorkflowType -ne "Enrollment"',
            ["Global Revocation Workflow"],
        ),
        ('QueryString=DisplayName -eq "x" OR WorkflowType -eq "Revocation"', ["Global Revocation Workflow"]),
    ],
)
async def test_definitions_are_found_by_their_fields(site: Site, query: str, names: list[str]) -> None:
    answer = await site.get("admin", f"{PATH}?{query}")
    assert [row["DisplayName"] for row in answer.json()] == names
    assert answer.headers["x-total-count"] == str(len(names))


async def test_definitions_are_sorted_by_a_field_and_refuse_one_they_do_not_have(site: Site) -> None:
    rows = (await site.get("admin", f"{PATH}?SortField=workflowtype&SortAscending=1")).json()
    assert rows[0]["WorkflowType"] == "Revocation"
    assert_problem(await site.get("admin", f"{PATH}?SortField=Steps"), 400, "Invalid sort field", "0xA011004A")
    by_version = (await site.get("admin", f"{PATH}?SortField=PublishedVersion")).json()
    assert len(by_version) == len(rows)


async def test_a_version_that_does_not_exist_is_refused(site: Site) -> None:
    answer = await site.call("admin", "GET", PATH, headers={"x-keyfactor-api-version": "3"})
    assert_problem(answer, 400, "versions 1 and 2")
    answer = await site.call("admin", "GET", PATH, headers={"x-keyfactor-api-version": "1.0"})
    assert answer.headers["api-supported-versions"] == "1.0, 2"


async def test_a_definition_of_version_two_has_several_keys_and_can_be_given_others(site: Site) -> None:
    body = {**FIRST, "Keys": ["Broken", "LateBroken"], "Enabled": False}
    created = await asked(site, "POST", PATH, body, V2)
    assert [key["DisplayName"] for key in created["Keys"]] == ["The Broken", "The LateBroken"]
    assert (created["Steps"], created["Enabled"], created["PublishedVersion"]) == ([], False, None)
    assert re.fullmatch(GUID, created["Id"])
    again = await site.call("admin", "POST", PATH, {**body, "Keys": ["LateBroken"]}, headers=dict(V2))
    assert_problem(again, 400, "covers Revocation", "0xA011000A")
    path = f"{PATH}/{created['Id']}"
    moved = await asked(site, "PUT", path, {**FIRST, "Keys": ["The LateBroken", "Held"]}, V2)
    assert [key["DisplayName"] for key in moved["Keys"]] == ["The LateBroken", "The Held"]
    kept = await asked(site, "PUT", path, FIRST, V2)
    assert (kept["Keys"], kept["Enabled"]) == (moved["Keys"], False)
    assert (await asked(site, "PUT", path, {**FIRST, "Keys": []}, V2))["Keys"] == []
    assert (await site.call("admin", "DELETE", path)).status_code == 204


async def test_every_fault_of_a_new_definition_is_told_at_once_with_its_place(site: Site) -> None:
    body = {"DisplayName": " ", "Description": "", "WorkflowType": "Enrollment", "Keys": ["Nonsense", "Broken", "Lost"]}
    answer = await site.call("admin", "POST", PATH, body, headers=dict(V2))
    assert answer.status_code == 400
    assert list(answer.json()) == ["ErrorCode", "Message", "Faults"]
    places = [(fault["Step"], fault["Field"], fault["Rule"]) for fault in answer.json()["Faults"]]
    assert places == [("", "DisplayName", "name-missing"), ("", "Keys", "key-unknown"), ("", "Keys", "key-unknown")]
    assert "1 (WebServer, The WebServer)" in answer.json()["Message"]


async def test_every_structural_fault_of_the_steps_is_told_at_once_with_its_place(site: Site, web: str) -> None:
    before = (await site.get("admin", f"{PATH}/{web}")).json()
    steps: list[dict[str, object]] = [
        {"UniqueName": "A", "ExtensionName": "NOOPStep", "Outputs": {"continue": "Nowhere"}},
        {"UniqueName": "B", "ExtensionName": "NOOPStep", "Outputs": {"continue": "C"}},
        {"UniqueName": "C", "ExtensionName": "NOOPStep", "Outputs": {"continue": "B"}},
        {"UniqueName": "D", "ExtensionName": "EnrollStep", "Conditions": [{"Value": "True"}]},
        {"UniqueName": "D", "ExtensionName": "EnrollStep"},
        {"UniqueName": "E", "ExtensionName": "RevokeStep", "Signals": [{"SignalName": "Hello", "RoleIds": [1]}]},
        {"UniqueName": "F", "ExtensionName": "PowerShell", "ConfigurationParameters": {"ScriptContent": "if ("}},
    ]
    answer = await site.call("admin", "PUT", f"{PATH}/{web}/Steps", steps)
    assert (answer.status_code, answer.json()["ErrorCode"]) == (400, "0xA0110008")
    found = {(fault["Step"], fault["Field"], fault["Rule"]) for fault in answer.json()["Faults"]}
    assert found >= {
        ("A", "Outputs.continue", "output-dangling"),
        ("B", "Outputs", "cycle"),
        ("C", "Outputs", "cycle"),
        ("D", "UniqueName", "unique-name-taken"),
        ("D", "Conditions", "conditions-refused"),
        ("D", "ExtensionName", "once-in-a-definition"),
        ("E", "ExtensionName", "step-not-for-type"),
        ("E", "Signals", "signal-undeclared"),
        ("F", "ConfigurationParameters.ScriptContent", "parameter-invalid"),
    }
    assert all(fault["Message"] in answer.json()["Message"] for fault in answer.json()["Faults"])
    assert (await site.get("admin", f"{PATH}/{web}")).json() == before


async def test_an_unknown_step_type_stays_as_it_is_and_is_an_open_point(site: Site) -> None:
    created = await made(site, "TwoEyes")
    path = f"{PATH}/{created['Id']}"
    unknown = {
        "ExtensionName": "AwsLambda",
        "UniqueName": "Lambda",
        "DisplayName": "Call",
        "ConfigurationParameters": {"Any": {"deep": [1, None, "x"]}, "lower": True},
        "Signals": [{"SignalName": "Done", "RoleIds": [1], "RoleTokens": ["$(owner)"]}],
        "Conditions": [{"Value": "$(flag)"}],
        "Outputs": {"continue": "EndNOOP", "failed": "EndNOOP"},
    }
    start = {"ExtensionName": "NOOPStep", "UniqueName": "StartNOOP", "Outputs": {"continue": "Lambda"}}
    end = {"ExtensionName": "NOOPStep", "UniqueName": "EndNOOP"}
    saved = await asked(site, "PUT", f"{path}/Steps", [start, unknown, end])
    kept = next(step for step in saved["Steps"] if step["UniqueName"] == "Lambda")
    assert {name: kept[name] for name in unknown if name != "Conditions"} == {
        name: value for name, value in unknown.items() if name not in {"Conditions", "Outputs"}
    } | {"Outputs": {"continue": "RevokeStep1", "failed": "RevokeStep1"}}
    assert [condition["Value"] for condition in kept["Conditions"]] == ["$(flag)"]
    findings = (await site.get("admin", f"/Certloom/Definitions/{created['Id']}/Findings")).json()
    assert list(findings) == ["Version", "OpenPoints", "Warnings", "Secrets"]
    assert [(one["Step"], one["Field"], one["Rule"]) for one in findings["OpenPoints"]] == [
        ("Lambda", "ExtensionName", "step-type-unknown")
    ]
    refused = await site.call("admin", "POST", f"{path}/Publish")
    assert (refused.status_code, refused.json()["ErrorCode"]) == (400, "0xA011000B")
    assert refused.json()["Faults"] == findings["OpenPoints"]
    assert (await site.call("admin", "DELETE", path)).status_code == 204


async def test_a_definition_is_published_edited_and_rolled_back(site: Site) -> None:
    created = await made(site, "TwoEyes")
    path = f"{PATH}/{created['Id']}"
    assert (created["DraftVersion"], created["PublishedVersion"], created["IsPublished"]) == (1, None, False)
    revoke = {"ExtensionName": "RevokeStep"}
    await asked(site, "PUT", f"{path}/Steps", linear(revoke))
    published = await asked(site, "POST", f"{path}/Publish")
    assert (published["DraftVersion"], published["PublishedVersion"], published["IsPublished"]) == (1, 1, True)
    edited = await asked(site, "PUT", f"{path}/Steps", linear(await site.approval(), revoke))
    assert (edited["DraftVersion"], edited["PublishedVersion"], edited["IsPublished"]) == (2, 1, False)
    overwritten = await asked(site, "PUT", path, {**FIRST, "DisplayName": "Renamed"})
    assert (overwritten["DraftVersion"], overwritten["DisplayName"]) == (2, "Renamed")
    assert (await asked(site, "POST", f"{path}/Publish"))["PublishedVersion"] == 2
    back = await asked(site, "POST", f"{path}/Publish/1")
    assert (back["DraftVersion"], back["PublishedVersion"], back["IsPublished"]) == (2, 1, True)
    assert {step["ExtensionName"] for step in back["Steps"]} == {"NOOPStep", "RevokeStep"}
    newest = await asked(site, "GET", path)
    assert newest["IsPublished"] is False
    first = await asked(site, "GET", f"{path}?definitionVersion=1")
    assert (first["IsPublished"], first["Steps"]) == (True, back["Steps"])
    for version, status in (("9", 404), ("x", 400), ("-1", 400), ("99999999999", 400)):
        assert (await site.call("admin", "POST", f"{path}/Publish/{version}")).status_code == status
    assert (await site.call("admin", "DELETE", path)).status_code == 204


async def test_an_edit_of_a_published_definition_begins_a_version_with_its_steps(site: Site) -> None:
    created = await made(site, "TwoEyes")
    path = f"{PATH}/{created['Id']}"
    saved = await asked(site, "PUT", f"{path}/Steps", linear({"ExtensionName": "RevokeStep"}))
    await asked(site, "POST", f"{path}/Publish")
    edited = await asked(site, "PUT", path, {**FIRST, "DisplayName": "Other", "Description": None})
    assert (edited["DraftVersion"], edited["PublishedVersion"], edited["Steps"]) == (2, 1, saved["Steps"])
    assert edited["Description"] == ""
    assert (await site.call("admin", "DELETE", path)).status_code == 204


async def test_the_status_is_a_bare_boolean_and_has_no_answer(site: Site) -> None:
    created = await made(site, "TwoEyes")
    path = f"{PATH}/{created['Id']}"
    for body, enabled in ((False, False), ("true", True)):
        answer = await site.call("admin", "PUT", f"{path}/Status?force=true", body)
        assert (answer.status_code, answer.content) == (204, b"")
        assert (await asked(site, "GET", path))["Enabled"] is enabled
    assert_problem(await site.call("admin", "PUT", f"{path}/Status", {"Enabled": True}), 400, "$")
    assert (await asked(site, "GET", path))["DraftVersion"] == 1
    assert (await site.call("admin", "DELETE", path)).status_code == 204


async def test_steps_read_in_version_two_keep_their_roles_when_they_are_saved(site: Site) -> None:
    created = await made(site, "TwoEyes")
    path = f"{PATH}/{created['Id']}"
    await asked(site, "PUT", f"{path}/Steps", linear(await site.approval(), {"ExtensionName": "RevokeStep"}))
    read = await asked(site, "GET", path, headers=V2)
    await asked(site, "PUT", f"{path}/Steps", read["Steps"])
    again = await asked(site, "GET", path, headers=V2)
    assert [step["Signals"] for step in again["Steps"]] == [step["Signals"] for step in read["Steps"]]
    assert (await site.call("admin", "DELETE", path)).status_code == 204


async def test_a_definition_without_a_key_is_a_draft_that_is_not_published(site: Site) -> None:
    created = await asked(site, "POST", PATH, {**FIRST, "Keys": []}, V2)
    path = f"{PATH}/{created['Id']}"
    await asked(site, "PUT", f"{path}/Steps", linear({"ExtensionName": "RevokeStep"}))
    refused = await site.call("admin", "POST", f"{path}/Publish")
    assert [fault["Rule"] for fault in refused.json()["Faults"]] == ["key-missing"]
    await asked(site, "PUT", path, {**FIRST, "Keys": ["TwoEyes"]}, V2)
    assert (await asked(site, "POST", f"{path}/Publish"))["PublishedVersion"] == 1
    assert (await site.call("admin", "DELETE", path)).status_code == 204


async def test_a_built_in_definition_has_steps_and_no_key(site: Site) -> None:
    rows = (await site.get("admin", f'{PATH}?QueryString=DisplayName -eq "Global Revocation Workflow"')).json()
    path = f"{PATH}/{rows[0]['Id']}"
    assert rows[0]["Key"] is None
    body = {"DisplayName": "Global Revocation Workflow", "Description": "x", "Keys": ["TwoEyes"]}
    assert_problem(await site.call("admin", "PUT", path, body, headers=dict(V2)), 400, "built in")
    assert_problem(await site.call("admin", "DELETE", path), 400, "built in")
    assert (await asked(site, "PUT", f"{path}/Steps", linear()))["DraftVersion"] == 2


async def test_step_types_are_listed_described_and_found(site: Site) -> None:
    rows = (await site.get("admin", f"{PATH}/Steps?ReturnLimit=1000")).json()
    assert {tuple(row) for row in rows} == {StepTypeListItem.__struct_encode_fields__}
    names = [row["DisplayName"] for row in rows]
    assert names == sorted(names, key=str.casefold)
    approval = next(row for row in rows if row["ExtensionName"] == "RequireApproval")
    assert {"Enrollment", "Revocation"} <= set(approval["SupportedWorkflowTypes"])
    minimum = approval["ConfigurationParametersDefinition"]["MinimumApprovals"]
    assert tuple(minimum) == ParameterDefinition.__struct_encode_fields__
    assert (minimum["ParameterType"], minimum["ControlType"], minimum["DefaultValue"]) == (1, 2, "1")
    assert list(approval["SignalsDefinition"]["ApprovalStatus"]["InputParameters"]) == ["Approved", "Comment"]
    found = (await site.get("admin", f"{PATH}/Steps?QueryString=SupportedWorkflowTypes -eq Revocation")).json()
    assert "RevokeStep" in {row["ExtensionName"] for row in found}
    assert "EnrollStep" not in {row["ExtensionName"] for row in found}
    one = (await site.get("admin", f"{PATH}/steps/requireapproval")).json()
    assert tuple(one) == StepTypeResponse.__struct_encode_fields__
    assert (one["ExtensionName"], one["Outputs"]) == ("RequireApproval", ["continue"])
    assert_problem(await site.get("admin", f"{PATH}/Steps/Nonsense"), 404, "no step type")


async def test_workflow_types_are_listed_with_their_key_tokens_and_built_in_steps(site: Site) -> None:
    rows = (await site.get("admin", f"{PATH}/Types?ReturnLimit=1000")).json()
    assert {tuple(row) for row in rows} == {WorkflowTypeListItem.__struct_encode_fields__}
    enrollment = next(row for row in rows if row["WorkflowType"] == "Enrollment")
    assert (enrollment["KeyType"], [step["ExtensionName"] for step in enrollment["BuiltInSteps"]]) == (
        "Template",
        ["EnrollStep"],
    )
    assert {"CA", "Subject", "approvalsignalcmnts"} <= set(enrollment["ContextParameters"])
    (only,) = (await site.get("admin", f"{PATH}/Types?QueryString=Name -startswith Rev")).json()
    assert only["WorkflowType"] == "Revocation"


async def test_expiration_alerts_are_made_once_and_listed(site: Site) -> None:
    path = "/Certloom/ExpirationAlerts"
    created = await asked(site, "POST", path, {"DisplayName": "30 days", "Days": "30"})
    assert created == {"Id": created["Id"], "DisplayName": "30 days", "Days": 30}
    again = await site.call("admin", "POST", path, {"DisplayName": "30 DAYS", "Days": 1})
    assert_problem(again, 400, "already", "0xA011000A")
    assert_problem(await site.call("admin", "POST", path, {"DisplayName": "x", "Days": -1}), 400, "Days")
    assert (await site.get("admin", f"{path}?QueryString=Days -gt 7")).json() == [created]


async def test_d07_hostile_steps_are_refused_and_leave_the_definition_as_it_was(site: Site, web: str) -> None:
    before = (await site.get("admin", f"{PATH}/{web}")).json()
    deep: object = "x"
    for _ in range(100):
        deep = {"a": deep}
    plain = '[{"UniqueName":"A","ExtensionName":"NOOPStep"'
    bodies: Mapping[str, object] = {
        "deep": [{"UniqueName": "A", "ExtensionName": "NOOPStep", "ConfigurationParameters": deep}],
        "long": [{"UniqueName": "A" * 1_100_000, "ExtensionName": "NOOPStep"}],
        "twice": (plain + ',"UNIQUENAME":"B"}]').encode(),
        "anchors": b"- &a {UniqueName: A}\n- *a\n",
        "no list": {"UniqueName": "A", "ExtensionName": "NOOPStep"},
        "no step": [None],
        "no text": linear(await site.approval(DisplayName={"x": "y"}), ENROLL),
    }
    for name, body in bodies.items():
        raw = body if isinstance(body, bytes) else None
        answer = await site.call("admin", "PUT", f"{PATH}/{web}/Steps", None if raw else body, content=raw)
        assert answer.status_code in {400, 413}, name
    assert (await site.get("admin", f"{PATH}/{web}")).json() == before


async def test_d07_role_ids_of_another_system_are_an_open_point_and_never_published(site: Site) -> None:
    created = await made(site, "TwoEyes")
    path = f"{PATH}/{created['Id']}"
    foreign = {**await site.approval(), "Signals": [{"SignalName": "ApprovalStatus", "RoleIds": [99_999, -1]}]}
    await asked(site, "PUT", f"{path}/Steps", linear(foreign, {"ExtensionName": "RevokeStep"}))
    refused = await site.call("admin", "POST", f"{path}/Publish")
    assert [fault["Rule"] for fault in refused.json()["Faults"]] == ["role-unknown", "role-unknown"]
    assert (await site.call("admin", "DELETE", path)).status_code == 204


@pytest.mark.parametrize(
    ("headers", "members"), [({}, ["RoleIds", "SignalName"]), (V2, ["SignalName", "Roles", "RoleTokens"])]
)
async def test_k02_an_exportable_definition_is_what_an_exported_file_holds(
    site: Site, web: str, headers: Mapping[str, str], members: list[str]
) -> None:
    plain = await asked(site, "GET", f"{PATH}/{web}", headers=headers)
    exported = await asked(site, "GET", f"{PATH}/{web}?exportable=true", headers=headers)
    assert list(exported) == list(plain)
    for one, other in zip(exported["Steps"], plain["Steps"], strict=True):
        assert {**one, "Signals": []} == {**other, "Signals": []}
        assert all(list(signal) == members for signal in one["Signals"])
    assert document_of(msgspec.convert(exported, ExportedDefinition)) == exported
