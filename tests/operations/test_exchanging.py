import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.operations.conftest import ROOT, World, linear, step
from tests.workflow.exported_strategies import FILES, guids, names, texts, values

from certloom.operations.access import PermissionMissing
from certloom.operations.definition_keys import DefinitionKeyTaken
from certloom.operations.definition_versions import DefinitionInvalid, save_steps
from certloom.operations.definitions import definitions, delete_definition
from certloom.operations.exchange.exporting import DefinitionNotPortable, export_definition
from certloom.operations.exchange.importing import DefinitionExists, ImportedDefinition, import_definition
from certloom.operations.expiration_alerts import create_expiration_alert
from certloom.operations.publishing import publish_definition
from certloom.operations.roles import create_role
from certloom.workflow.exported import ExportedDefinition, ExportForm, document_of
from certloom.workflow.import_map import ImportMap

OWN = {file.stem: json.loads(file.read_text()) for file in FILES if "tests" in file.parts}
DOCUMENTS = [json.loads(file.read_text(encoding="utf-8-sig")) for file in FILES]
WITHOUT_EQUAL = {"Id", "Key", "Value", "RoleIds", "RoleId", "DraftVersion", "PublishedVersion", "IsPublished"}
"""Members that are ids, or count what happened here. ``Value`` is the id of a key; of a condition it is compared."""


def read(document: Mapping[str, Any]) -> ExportedDefinition:
    return msgspec.convert(document, ExportedDefinition)


def comparable(value: Any, member: str = "") -> Any:
    """A document without ids and version numbers."""
    if member == "ConfigurationParameters":
        return value
    if isinstance(value, dict):
        skipped = WITHOUT_EQUAL - {"Value"} if member == "Conditions" else WITHOUT_EQUAL
        return {name: comparable(item, name) for name, item in value.items() if name not in skipped}
    return [comparable(item, member) for item in value] if isinstance(value, list) else value


async def furnish(world: World, document: Mapping[str, Any]) -> ImportMap:
    """What the file covers, here; and a map for the rest."""
    exported = read(document)
    for key in exported.covered:
        if exported.workflow_type == "Expiration":
            await create_expiration_alert(world.services, ROOT, str(key.display_name), 30)
        else:
            await world.apply_template(name="Elsewhere", display_name=str(key.display_name))
    return ImportMap(roles={"PKI team": "Approvers", "7": "Approvers", "9": "Requesters"})


async def bring(world: World, document: Mapping[str, Any], given_map: ImportMap | None = None) -> ImportedDefinition:
    return await import_definition(world.services, ROOT, read(document), given_map)


async def leave(world: World, imported: ImportedDefinition, form: ExportForm, **how: Any) -> dict[str, Any]:
    exported = await export_definition(world.services, ROOT, UUID(imported.view.row.id), form=form, **how)
    return document_of(exported)


def places(imported: ImportedDefinition) -> list[str]:
    return [f"{fault.step}:{fault.field}:{fault.rule}" for fault in imported.open_points]


def warned(imported: ImportedDefinition) -> list[str]:
    return [f"{fault.step}:{fault.rule}" for fault in imported.warnings]


@pytest.mark.parametrize("document", DOCUMENTS, ids=[file.stem for file in FILES])
async def test_k02_an_exported_file_comes_back_equal_but_for_ids_and_version_numbers(
    world: World, document: dict[str, Any]
) -> None:
    given_map = await furnish(world, document)
    imported = await bring(world, document, given_map)
    form = ExportForm.V1 if "Key" in document else ExportForm.V2
    again = await leave(world, imported, form)
    assert list(again) == list(document)
    assert comparable(again) == comparable(renamed(document, given_map))


def renamed(value: Any, given_map: ImportMap) -> Any:
    """The document with the roles it names called as the map says."""
    if isinstance(value, dict):
        named = {name: renamed(item, given_map) for name, item in value.items()}
        role = named.get("RoleName")
        return named | {"RoleName": given_map.roles.get(role, role)} if role else named
    return [renamed(item, given_map) for item in value] if isinstance(value, list) else value


@st.composite
def sound_documents(draw: st.DrawFn) -> dict[str, Any]:
    """Definitions that can be saved: steps in a row, of types known and unknown."""
    called = [f"S{number}" for number in range(draw(st.integers(1, 5)))]
    steps = [
        {
            "Id": draw(guids),
            "DisplayName": draw(names),
            "UniqueName": name,
            "ExtensionName": draw(st.sampled_from(["NOOPStep", "CorpTicket", "Другой"])),
            "Enabled": draw(st.booleans()),
            "ConfigurationParameters": {},
            "Signals": [],
            "Conditions": [{"Id": draw(guids), "Value": draw(texts)} for _ in range(draw(st.integers(0, 2)))],
            "Outputs": {"continue": following} if following else {},
        }
        for name, following in zip(called, [*called[1:], None], strict=True)
    ]
    for one in steps:
        if one["ExtensionName"] != "NOOPStep":
            one["ConfigurationParameters"] = draw(st.dictionaries(texts, values, max_size=3))
    return {
        "Id": draw(guids),
        "DisplayName": draw(names.filter(str.strip)),
        "Description": draw(texts),
        "Key": None,
        "KeyDisplayName": None,
        "IsPublished": False,
        "WorkflowType": "Expiration",
        "Steps": draw(st.permutations(steps)),
        "DraftVersion": 1,
        "PublishedVersion": None,
        "Enabled": draw(st.booleans()),
    }


@given(document=sound_documents())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_k02_whatever_can_be_saved_comes_back_as_it_was(world: World, document: dict[str, Any]) -> None:
    imported = await bring(world, document)
    try:
        again = await leave(world, imported, ExportForm.V1)
        assert comparable(again) == comparable(document)
    finally:
        await delete_definition(world.services, ROOT, UUID(imported.view.row.id))


async def test_every_open_point_is_told_with_its_place(world: World) -> None:
    imported = await bring(world, OWN["signed-off-revocation"])
    assert places(imported) == [
        ":Keys:key-unknown",
        "SignOff:Signals.ApprovalStatus:role-unknown",
        "SignOff:Signals.ApprovalStatus:role-unknown",
        "Ticket:ExtensionName:step-type-unknown",
    ]
    assert "'Intranet server'" in imported.open_points[0].text
    assert "WebServer" in imported.open_points[0].text or "Web Server" in imported.open_points[0].text
    assert "role with id 7" in imported.open_points[1].text
    assert imported.view.row.published_version is None


async def test_what_the_map_fills_in_is_open_no_more_and_the_draft_can_be_published(world: World) -> None:
    document = OWN["approved-web-server"]
    given_map = ImportMap(keys={"Intranet server": "Elsewhere"}, roles={"PKI team": "Approvers"})
    await world.apply_template(name="Elsewhere")
    imported = await bring(world, document, given_map)
    assert imported.open_points == ()
    published = await publish_definition(world.services, ROOT, UUID(imported.view.row.id))
    assert published.row.published_version == 1


async def test_d07_a_role_id_in_a_file_gives_nobody_here_the_vote(world: World) -> None:
    document = msgspec.json.decode(msgspec.json.encode(OWN["signed-off-revocation"]))
    (approval,) = [one for one in document["Steps"] if one["UniqueName"] == "SignOff"]
    approval["Signals"] = [{"SignalName": "ApprovalStatus", "RoleIds": [world.approvers]}]
    imported = await bring(world, document)
    (configured,) = [one.signals for one in imported.view.steps if one.unique_name == "SignOff"]
    assert [signal.role_ids for signal in configured] == [()]


async def test_a11_every_approval_whose_own_vote_would_now_be_refused_is_named(world: World) -> None:
    for name in ("approved-web-server", "signed-off-revocation"):
        imported = await bring(world, OWN[name])
        asked = [one.unique_name for one in imported.view.steps if one.extension_name == "RequireApproval"]
        assert [one for one in warned(imported) if one.endswith("self-approval-refused")] == [
            f"{one}:self-approval-refused" for one in asked
        ]
    allowing = msgspec.json.decode(msgspec.json.encode(OWN["approved-web-server"]))
    allowing["DisplayName"] = "Another"
    for one in allowing["Steps"]:
        if one["ExtensionName"] == "RequireApproval":
            one["ConfigurationParameters"]["AllowSelfApproval"] = "True"
    assert warned(await bring(world, allowing)) == []


async def test_scripts_that_escape_by_hand_and_changes_after_an_approval_are_warned_of(world: World) -> None:
    document = msgspec.json.decode(msgspec.json.encode(OWN["approved-web-server"]))
    script = {"ScriptContent": "param($CA)\n@{ CA = $CA.Replace('\\','\\\\') }", "ScriptParameters": {}}
    late = {"UniqueName": "Late", "ExtensionName": "PowerShell", "ConfigurationParameters": script}
    for one in document["Steps"]:
        if one["UniqueName"] == "Decide":
            late["Outputs"], one["Outputs"] = one["Outputs"], {"continue": "Late"}
    document["Steps"].append(late)
    imported = await bring(world, document)
    assert {"Late:works-differently", "Late:changes-after-approval"} <= set(warned(imported))
    (remark,) = [fault.text for fault in imported.warnings if fault.rule == "works-differently"]
    assert "line 2" in remark


async def test_d07_a_secret_in_a_file_is_taken_and_warned_of_and_a_reference_is_not_followed(world: World) -> None:
    document = msgspec.json.decode(msgspec.json.encode(OWN["team-mails"]))
    for one in document["Steps"]:
        if one["UniqueName"] == "FindTeam":
            one["ConfigurationParameters"] |= {"client_id": "in-the-clear", "client_secret": {"Environment": "HOME"}}
    imported = await bring(world, document)
    (bared,) = [fault for fault in imported.warnings if fault.rule == "secret-in-file"]
    assert (bared.step, bared.field) == ("FindTeam", "ConfigurationParameters.client_id")
    assert "FindTeam:ConfigurationParameters.client_secret:secret-foreign" in places(imported)
    assert "FindTeam:ConfigurationParameters.client_secret:parameter-missing" in places(imported)
    assert "in-the-clear" not in str((imported, await leave(world, imported, ExportForm.V1)))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"Steps": []}, "Steps"),
        ({"DisplayName": " "}, "DisplayName"),
        ({"WorkflowType": "Onboarding"}, "Onboarding"),
    ],
)
async def test_d07_a_file_with_faults_leaves_nothing(world: World, change: dict[str, Any], told: str) -> None:
    before = await definitions(world.services, ROOT)
    with pytest.raises(DefinitionInvalid, match=told):
        await bring(world, {**OWN["approved-web-server"], **change})
    assert await definitions(world.services, ROOT) == before
    assert await world.rows("definition_version") == len(before)


async def test_a_name_that_is_here_and_a_key_that_is_covered_are_refused_and_leave_nothing(world: World) -> None:
    before = await definitions(world.services, ROOT)
    with pytest.raises(DefinitionExists, match="definition apply"):
        await bring(world, {**OWN["approved-web-server"], "DisplayName": "WEB"})
    with pytest.raises(DefinitionKeyTaken):
        await bring(world, OWN["approved-web-server"], ImportMap(keys={"31": "WebServer"}))
    assert await definitions(world.services, ROOT) == before


async def test_a_definition_that_uses_what_is_ours_is_not_exported_for_command_and_it_says_what(world: World) -> None:
    own_vote = world.approval(parameters={"AllowSelfApproval": "True"})
    await save_steps(world.services, ROOT, world.definition, linear(own_vote, step("EnrollStep", conditions=())))
    with pytest.raises(DefinitionNotPortable, match=r"1\) step RequireApproval1, .*AllowSelfApproval.*--for-command"):
        await export_definition(world.services, ROOT, world.definition, for_command=True)
    kept = document_of(await export_definition(world.services, ROOT, world.definition))
    assert kept["Steps"][1]["ConfigurationParameters"]["AllowSelfApproval"] == "True"


async def test_our_defaults_are_not_written_and_roles_leave_by_name_alone(world: World) -> None:
    default = world.approval(parameters={"AllowSelfApproval": "false"})
    await save_steps(world.services, ROOT, world.definition, linear(default, step("EnrollStep")))
    for form in ExportForm:
        exported = await export_definition(world.services, ROOT, world.definition, form=form, for_command=True)
        approval = document_of(exported)["Steps"][1]
        assert approval["ConfigurationParameters"] == {"MinimumApprovals": 1}
        named = {"Roles": [{"RoleId": None, "RoleName": "Approvers"}], "RoleTokens": []}
        assert approval["Signals"] == [
            {"SignalName": "ApprovalStatus"} | ({"RoleIds": []} if form is ExportForm.V1 else named)
        ]


async def test_k02_several_keys_need_version_2_of_the_api(world: World) -> None:
    await world.apply_template(name="One", display_name="One")
    await world.apply_template(name="Two", display_name="Two")
    document = {**OWN["approved-web-server"], "Keys": [{"DisplayName": "One"}, {"DisplayName": "Two"}]}
    imported = await bring(world, document)
    assert (await leave(world, imported, ExportForm.V2))["Keys"] == [
        {"DisplayName": "One", "Value": "2"},
        {"DisplayName": "Two", "Value": "3"},
    ]
    with pytest.raises(DefinitionNotPortable, match="version 2"):
        await leave(world, imported, ExportForm.V1, for_command=True)


async def test_importing_needs_the_permission_to_modify_and_exporting_the_one_to_read(world: World) -> None:
    nobody = await world.actor("carol")
    with pytest.raises(PermissionMissing):
        await import_definition(world.services, nobody, read(OWN["approved-web-server"]))
    with pytest.raises(PermissionMissing):
        await export_definition(world.services, nobody, world.definition)
    await create_role(world.services, ROOT, "Readers", ["/workflows/definitions/read/"])
    reader = await world.person("rita", "Readers")
    assert (await export_definition(world.services, reader, world.definition)).display_name == "Web"
    with pytest.raises(PermissionMissing):
        await import_definition(world.services, reader, read(OWN["approved-web-server"]))
