import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
import pytest
from tests.operations.conftest import ROOT, World, linear, step

from certloom.operations.definition_versions import save_steps
from certloom.operations.definition_view import existing_steps
from certloom.operations.definitions import create_definition, definition_view, definitions, delete_definition
from certloom.operations.exchange.applying import apply_plan
from certloom.operations.exchange.planning import (
    Action,
    DefinitionFile,
    FilesUnusable,
    Plan,
    kept_definitions,
    plan_files,
)
from certloom.operations.secret_sources import open_secret
from certloom.workflow.exported import ExportedDefinition, document_of
from certloom.workflow.import_map import ImportMap
from certloom.workflow.kept_form import file_names

Folder = dict[str, dict[str, Any]]


async def folder_of(world: World) -> Folder:
    """The definitions as files, by display name."""
    kept = await kept_definitions(world.services, ROOT)
    return {one.display_name: json.loads(json.dumps(document_of(one))) for one in kept}


def files_of(folder: Mapping[str, Any]) -> list[DefinitionFile]:
    read = [msgspec.convert(document, ExportedDefinition) for document in folder.values()]
    return [DefinitionFile(name, one) for name, one in zip(file_names(read), read, strict=True)]


async def plan(
    world: World, folder: Mapping[str, Any], given: ImportMap | None = None, *, delete: bool = False
) -> Plan:
    return await plan_files(world.services, ROOT, files_of(folder), given or ImportMap(), delete=delete)


async def apply(
    world: World, folder: Mapping[str, Any], given: ImportMap | None = None, *, delete: bool = False
) -> Plan:
    made = await plan(world, folder, given, delete=delete)
    await apply_plan(world.services, ROOT, made)
    return made


def actions(made: Plan) -> dict[str, str]:
    return {one.display_name: one.action.value for one in made.definitions}


def approval_of(folder: Folder, name: str = "Web") -> dict[str, Any]:
    (found,) = [one for one in folder[name]["Steps"] if one["ExtensionName"] == "RequireApproval"]
    return dict(found)


async def test_what_was_exported_changes_nothing_when_it_is_applied(world: World) -> None:
    folder = await folder_of(world)
    assert sorted(folder) == ["Global Enrollment Workflow", "Global Revocation Workflow", "Web"]
    assert set(actions(await plan(world, folder)).values()) == {"unchanged"}


async def test_a_changed_file_is_changed_and_published_and_a_second_time_there_is_nothing_to_do(world: World) -> None:
    folder = await folder_of(world)
    folder["Web"] |= {"Description": "Two of them", "Enabled": False}
    folder["Web"]["Steps"][1]["ConfigurationParameters"]["MinimumApprovals"] = 2
    made = await apply(world, folder)
    (changed,) = made.changes
    assert (changed.action, changed.display_name, changed.publish) == (Action.CHANGE, "Web", True)
    assert [one.place for one in changed.differences] == [
        "Description", "Enabled", "Steps.RequireApproval1.ConfigurationParameters.MinimumApprovals"
    ]  # fmt: skip
    view = await definition_view(world.services, ROOT, world.definition)
    assert (view.row.draft_version, view.row.published_version, view.row.enabled) == (2, 2, 0)
    assert (await plan(world, folder)).changes == ()
    assert await folder_of(world) == folder


async def test_a_folder_of_one_installation_makes_another_one_equal(world: World) -> None:
    folder = await folder_of(world)
    await delete_definition(world.services, ROOT, world.definition)
    made = await apply(world, folder)
    assert actions(made)["Web"] == "create"
    assert await folder_of(world) == folder
    assert (await plan(world, folder)).changes == ()


async def test_a_draft_is_saved_without_being_put_into_use_and_published_once_its_file_says_so(world: World) -> None:
    folder = await folder_of(world)
    folder["Web"]["Steps"][1]["ConfigurationParameters"]["MinimumApprovals"] = 3
    folder["Web"]["IsPublished"] = False
    await apply(world, folder)
    view = await definition_view(world.services, ROOT, world.definition)
    assert (view.row.draft_version, view.row.published_version) == (2, 1)
    assert (await plan(world, folder)).changes == ()
    folder["Web"]["IsPublished"] = True
    made = await apply(world, folder)
    assert actions(made)["Web"] == "publish"
    view = await definition_view(world.services, ROOT, world.definition)
    assert view.row.published_version == 2


async def test_a_file_cannot_take_a_published_version_out_of_use(world: World) -> None:
    folder = await folder_of(world)
    folder["Web"]["IsPublished"] = False
    assert (await plan(world, folder)).changes == ()


async def test_definitions_without_a_file_stay_unless_deleting_was_asked_for_and_built_in_ones_always(
    world: World,
) -> None:
    folder = await folder_of(world)
    del folder["Web"], folder["Global Revocation Workflow"]
    made = await apply(world, folder)
    assert actions(made) == {"Global Enrollment Workflow": "unchanged", "Web": "unlisted"}
    made = await apply(world, folder, delete=True)
    assert actions(made)["Web"] == "delete"
    left = [one.row.display_name for one in await definitions(world.services, ROOT)]
    assert left == ["Global Enrollment Workflow", "Global Revocation Workflow"]
    assert (await plan(world, folder, delete=True)).changes == ()


async def test_the_built_in_definition_is_known_whatever_its_name(world: World) -> None:
    folder = await folder_of(world)
    folder["Global Enrollment Workflow"]["DisplayName"] = "Everything else"
    made = await apply(world, folder)
    assert [one.action for one in made.changes] == [Action.CHANGE]
    assert len(await definitions(world.services, ROOT)) == 3
    assert (await plan(world, folder)).changes == ()


async def test_a_key_moves_from_one_definition_to_a_new_one(world: World) -> None:
    await world.apply_template(name="Other", display_name="Other")
    folder = await folder_of(world)
    folder["New"] = folder["Web"] | {"DisplayName": "New"}
    folder["Web"] = folder["Web"] | {"Keys": [{"DisplayName": "Other"}]}
    assert sorted(actions(await apply(world, folder)).values()) == ["change", "create", "unchanged", "unchanged"]
    assert await folder_of(world) == folder
    assert (await plan(world, folder)).changes == ()


async def test_d07_faults_in_any_file_are_all_told_with_the_file_and_nothing_is_changed(world: World) -> None:
    folder = await folder_of(world)
    folder["Web"]["Description"] = "would change"
    folder["A"] = folder["Web"] | {"DisplayName": "A", "Keys": [{"DisplayName": "Nowhere"}]}
    folder["B"] = folder["Web"] | {"DisplayName": "B", "WorkflowType": "Onboarding"}
    folder["C"] = folder["Web"] | {"DisplayName": "C", "Keys": [], "Steps": [approval_of(folder) | {"Signals": []}]}
    folder["D"] = folder["Web"] | {"DisplayName": "D", "Steps": []}
    stranger = approval_of(folder) | {
        "Signals": [{"SignalName": "ApprovalStatus", "Roles": [{"RoleName": "Nobodies"}]}]
    }
    folder["E"] = folder["Web"] | {"DisplayName": "E", "Steps": [stranger], "IsPublished": False}
    before = await folder_of(world)
    with pytest.raises(FilesUnusable) as refused:
        await apply(world, folder)
    for told in (
        "Enrollment-A.json: Keys: 'Nowhere' is not the id or name",
        "Onboarding-B.json: WorkflowType: 'Onboarding'",
        "Enrollment-C.json: Keys: there is none",
        "Enrollment-D.json: Steps",
        "Enrollment-E.json: step RequireApproval1, Signals.ApprovalStatus: role Nobodies",
    ):
        assert told in refused.value.message
    assert await folder_of(world) == before


async def test_two_files_of_one_definition_and_two_definitions_of_one_name_are_refused(world: World) -> None:
    folder = await folder_of(world)
    twice = {**folder, "twin": {**folder["Web"], "DisplayName": "WEB "}}
    with pytest.raises(FilesUnusable, match="another file"):
        await plan(world, twice)
    await create_definition(
        world.services, ROOT, display_name="web", description="", workflow_type="Enrollment", keys=()
    )
    with pytest.raises(FilesUnusable, match="2 definitions here are called Web"):
        await plan(world, folder)


async def test_entries_of_the_map_that_no_file_needs_are_told(world: World) -> None:
    folder = await folder_of(world)
    given = ImportMap(keys={"Web Server": "WebServer", "Wbe": "1"}, roles={"Approvers": "Approvers"})
    assert (await plan(world, folder, given)).unused == ("keys.Wbe",)


async def test_what_somebody_changed_since_is_a_difference_in_words(world: World) -> None:
    folder = await folder_of(world)
    await save_steps(world.services, ROOT, world.definition, linear(world.approval(4), step("EnrollStep")))
    (drift,) = (await plan(world, folder)).changes
    told = {one.place: one.lines() for one in drift.differences}
    assert told["Steps.RequireApproval1.ConfigurationParameters.MinimumApprovals"] == ["- 4", "+ 1"]
    assert UUID(drift.definition_id) == world.definition


CALL = step(
    "OAuthRESTRequest",
    "Call",
    parameters={
        "Verb": "GET",
        "URL": "https://directory.example/teams",
        "TokenEndpoint": "https://login.example/token",
        "client_id": "certloom",
        "client_secret": "open-sesame-4711",
    },
)


async def with_secrets(world: World) -> Folder:
    await world.publish(CALL, step("EnrollStep"))
    return await folder_of(world)


def secrets(**values: str) -> ImportMap:
    return ImportMap(secrets={f"call.{name}": value for name, value in values.items()})


async def test_d07_no_secret_is_in_a_file_and_applying_keeps_those_that_are_set(world: World) -> None:
    folder = await with_secrets(world)
    assert "open-sesame-4711" not in json.dumps(folder)
    folder["Web"]["Description"] = "Other"
    await apply(world, folder)
    view = await definition_view(world.services, ROOT, world.definition)
    assert view.row.published_version == view.row.draft_version
    assert await opened_secret(world, "client_secret") == "open-sesame-4711"
    assert await world.rows("secret") == 2


async def opened_secret(world: World, name: str) -> str | None:
    row = (await definition_view(world.services, ROOT, world.definition)).row
    steps = await existing_steps(world.services, row, row.draft_version)
    (held,) = [one.parameters[name] for one in steps if one.unique_name == "Call"]
    return await open_secret(world.services, row.id, "Call", held)


async def test_a_secret_of_the_map_is_stored_where_it_is_another_one_and_told_without_its_value(world: World) -> None:
    folder = await with_secrets(world)
    assert (await plan(world, folder, secrets(client_id="certloom", client_secret="open-sesame-4711"))).changes == ()
    given = secrets(client_id="certloom", client_secret="rotated-0815")
    (changed,) = (await apply(world, folder, given)).changes
    (difference,) = changed.differences
    assert difference.place == "Steps.Call.ConfigurationParameters.client_secret"
    assert difference.lines() == ["- a secret", "+ a new secret"]
    assert await opened_secret(world, "client_secret") == "rotated-0815"
    assert await opened_secret(world, "client_id") == "certloom"
    assert (await plan(world, folder, given)).changes == ()


async def test_b09_a_folder_cannot_send_a_secret_to_another_server_than_it_was_given_for(world: World) -> None:
    folder = await with_secrets(world)
    (call,) = [one for one in folder["Web"]["Steps"] if one["UniqueName"] == "Call"]
    call["ConfigurationParameters"]["TokenEndpoint"] = "https://login.evil.example/token"
    with pytest.raises(FilesUnusable, match=r"client_id: is kept.*client_secret: is kept") as refused:
        await apply(world, folder)
    assert "open-sesame-4711" not in refused.value.message
    given = secrets(client_id="certloom", client_secret="open-sesame-4711")
    (changed,) = (await apply(world, folder, given)).changes
    places = {one.place.rpartition(".")[2] for one in changed.differences}
    assert places == {"TokenEndpoint", "client_id", "client_secret"}
    assert await opened_secret(world, "client_secret") == "open-sesame-4711"
    assert (await plan(world, folder, given)).changes == ()


async def test_a_definition_nobody_gave_steps_yet_is_kept_like_every_other(world: World) -> None:
    for name in ("Empty", "Other"):
        await create_definition(
            world.services, ROOT, display_name=name, description="", workflow_type="Revocation", keys=[]
        )
    folder = await folder_of(world)
    assert (await plan(world, folder)).changes == ()
    await delete_definition(world.services, ROOT, await id_of(world, "Empty"))
    assert actions(await apply(world, folder))["Empty"] == "create"
    assert (await plan(world, folder)).changes == ()
    folder["Web"]["Steps"], folder["Other"]["IsPublished"] = [], True
    with pytest.raises(FilesUnusable, match=r"Other\.json: Steps: there are none.*Web\.json: Steps: there are none"):
        await apply(world, folder)


async def id_of(world: World, name: str) -> UUID:
    (found,) = [one.row.id for one in await definitions(world.services, ROOT) if one.row.display_name == name]
    return UUID(found)


async def test_a_new_definition_needs_its_secrets_before_it_is_published(world: World) -> None:
    folder = await with_secrets(world)
    await delete_definition(world.services, ROOT, world.definition)
    with pytest.raises(FilesUnusable, match=r"client_id: is required.*client_secret: is required"):
        await apply(world, folder)
    made = await apply(world, folder, secrets(client_id="certloom", client_secret="open-sesame-4711"))
    assert actions(made)["Web"] == "create"
    assert (await plan(world, folder)).changes == ()


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("in-the-clear", "secret in the clear"),
        ({"Sealed": "018f0000-0000-7000-8000-000000000000"}, "secret of another system"),
        ({"Environment": "HOME"}, "secret of another system"),
        ({"Provider": 1, "Parameters": {"SecretId": "7"}}, "secret of another system"),
    ],
)
async def test_d07_a_secret_or_a_reference_to_one_in_a_file_is_refused(world: World, value: Any, told: str) -> None:
    folder = await with_secrets(world)
    (call,) = [one for one in folder["Web"]["Steps"] if one["UniqueName"] == "Call"]
    call["ConfigurationParameters"]["client_secret"] = value
    before = await folder_of(world)
    with pytest.raises(FilesUnusable, match=told) as refused:
        await apply(world, folder)
    assert "in-the-clear" not in refused.value.message
    assert await folder_of(world) == before
    assert await opened_secret(world, "client_secret") == "open-sesame-4711"
