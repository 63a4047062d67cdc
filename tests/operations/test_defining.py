import asyncio
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from tests.operations.conftest import ROOT, World, linear, step

from certloom.operations.access import PermissionMissing
from certloom.operations.definition_keys import DefinitionKeyTaken
from certloom.operations.definition_versions import DefinitionInvalid, save_steps
from certloom.operations.definition_view import DefinitionNotFound, DefinitionView
from certloom.operations.definitions import (
    GlobalDefinitionKept,
    create_definition,
    definition_view,
    definitions,
    delete_definition,
    update_definition,
)
from certloom.operations.publishing import DefinitionUnpublishable, publish_definition
from certloom.workflow.definition import SignalConfiguration
from certloom.workflow.instance import Status


async def view(world: World, version: int | None = None) -> DefinitionView:
    return await definition_view(world.services, ROOT, world.definition, version)


async def test_there_is_one_global_definition_for_each_type_and_it_works(world: World) -> None:
    built_in = [one.row for one in await definitions(world.services, ROOT) if one.row.is_global]
    assert sorted(row.workflow_type for row in built_in) == ["Enrollment", "Revocation"]
    assert all(row.published_version == 1 for row in built_in)
    await delete_definition(world.services, ROOT, world.definition)
    assert (await world.enroll()).instance.status is Status.COMPLETE


async def test_a_global_definition_cannot_be_deleted(world: World) -> None:
    for one in await definitions(world.services, ROOT):
        if one.row.is_global:
            with pytest.raises(GlobalDefinitionKept, match="built in"):
                await delete_definition(world.services, ROOT, UUID(one.row.id))


async def test_a_key_is_covered_by_one_definition_whatever_names_it(world: World) -> None:
    for key in ("webserver", " WebServer ", "1"):
        with pytest.raises(DefinitionKeyTaken, match="Definition Web "):
            await create_definition(
                world.services, ROOT, display_name="Two", description="", workflow_type="enrollment", keys=[key]
            )


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"workflow_type": "Renewal"}, "Enrollment, Revocation"),
        ({"keys": ["unknown"]}, r"1 \(WebServer, Web Server\)"),
        ({"display_name": " "}, "DisplayName"),
    ],
)
async def test_a_definition_that_cannot_be_is_told_what_could(world: World, fields: dict[str, Any], told: str) -> None:
    whole: dict[str, Any] = {"display_name": "Two", "description": "", "workflow_type": "Revocation", "keys": ["1"]}
    with pytest.raises(DefinitionInvalid, match=told):
        await create_definition(world.services, ROOT, **(whole | fields))


async def test_steps_with_faults_are_refused_with_all_of_them_and_nothing_is_changed(world: World) -> None:
    before = await view(world)
    drafts = linear(world.approval(0), step("EnrollStep", conditions=("True",)), step("RevokeStep"))
    with pytest.raises(DefinitionInvalid) as refused:
        await save_steps(world.services, ROOT, world.definition, drafts)
    for place in (
        "RequireApproval1, ConfigurationParameters.MinimumApprovals",
        "EnrollStep1, Conditions",
        "RevokeStep1, ExtensionName",
    ):
        assert place in refused.value.message
    assert await view(world) == before


async def test_publishing_lists_every_open_point(world: World) -> None:
    nobody = world.approval(name="A", signals=())
    stranger = world.approval(name="B", signals=(SignalConfiguration("ApprovalStatus", (99,)),))
    await save_steps(world.services, ROOT, world.definition, linear(nobody, stranger, step("Later")))
    with pytest.raises(DefinitionUnpublishable) as refused:
        await publish_definition(world.services, ROOT, world.definition)
    for told in ("1) step A, Signals", "2) step B, Signals.RoleIds: role 99", "3) step Later1, ExtensionName"):
        assert told in refused.value.message
    assert (await view(world)).row.published_version == 1


async def test_the_steps_of_a_new_definition_are_empty_and_cannot_be_published(world: World) -> None:
    made = await create_definition(
        world.services, ROOT, display_name="Two", description="", workflow_type="Revocation", keys=["1"]
    )
    with pytest.raises(DefinitionUnpublishable, match="there are none"):
        await publish_definition(world.services, ROOT, UUID(made.row.id))


async def test_a_draft_is_overwritten_and_a_published_version_is_followed_by_a_new_one(world: World) -> None:
    first = await view(world)
    assert (first.version, first.row.published_version) == (1, 1)
    for _ in range(2):
        saved = await save_steps(world.services, ROOT, world.definition, linear(step("EnrollStep")))
        assert (saved.version, saved.row.published_version) == (2, 1)
    assert (await view(world, 1)).steps == first.steps
    published = await publish_definition(world.services, ROOT, world.definition)
    assert published.row.published_version == 2


async def test_a_draft_takes_no_request_before_it_is_published(world: World) -> None:
    await save_steps(world.services, ROOT, world.definition, linear(step("EnrollStep")))
    assert (await world.enroll()).instance.status is Status.SUSPENDED


async def test_the_closing_step_is_appended_before_the_end_where_it_is_absent(world: World) -> None:
    saved = await save_steps(world.services, ROOT, world.definition, linear(world.approval()))
    by_name = {one.unique_name: one for one in saved.steps}
    assert by_name["RequireApproval1"].outputs == {"continue": "EnrollStep1"}
    assert by_name["EnrollStep1"].outputs == {"continue": "EndNOOP"}
    again = await save_steps(world.services, ROOT, world.definition, linear(world.approval(), step("enrollstep")))
    assert [one.extension_name for one in again.steps].count("EnrollStep") == 1


async def test_a17_a_definition_that_ends_with_an_approval_issues_after_it_and_not_before(world: World) -> None:
    start = step("NOOPStep", "StartNOOP", outputs={"continue": "RequireApproval1"})
    saved = await save_steps(world.services, ROOT, world.definition, [start, world.approval()])
    outputs = {one.unique_name: one.outputs for one in saved.steps}
    assert outputs["StartNOOP"] == {"continue": "RequireApproval1"}
    assert (outputs["RequireApproval1"], outputs["EnrollStep1"]) == ({"continue": "EnrollStep1"}, {})
    await publish_definition(world.services, ROOT, world.definition)
    waiting = await world.enroll()
    assert (waiting.instance.status, await world.certificates()) == (Status.SUSPENDED, 0)
    assert (await world.vote("bob", waiting.instance)).status is Status.COMPLETE
    assert await world.certificates() == 1


async def test_a17_an_approval_alone_is_asked_before_anything_is_issued(world: World) -> None:
    await save_steps(world.services, ROOT, world.definition, [world.approval()])
    await publish_definition(world.services, ROOT, world.definition)
    assert (await world.enroll()).instance.status is Status.SUSPENDED
    assert await world.certificates() == 0


async def test_an_id_names_its_template_though_another_one_has_that_number_for_a_name(world: World) -> None:
    await world.apply_template(name="Second", display_name="The second")
    await world.apply_template(name="2", display_name="Two")
    made = await create_definition(
        world.services, ROOT, display_name="Two", description="", workflow_type="Enrollment", keys=["2"]
    )
    assert made.keys == (("2", "The second"),)


async def test_the_closing_step_finds_a_free_name(world: World) -> None:
    saved = await save_steps(world.services, ROOT, world.definition, linear(world.approval(name="enrollstep1")))
    assert "EnrollStep2" in {one.unique_name for one in saved.steps}


async def test_a_deleted_definition_still_explains_its_instances(world: World) -> None:
    before = (await world.enroll()).instance
    await delete_definition(world.services, ROOT, world.definition)
    world.services._definitions.clear()
    after = await world.vote("bob", before)
    assert (after.status, after.definition.display_name) == (Status.COMPLETE, "Web")
    with pytest.raises(DefinitionNotFound):
        await view(world)


async def test_an_unknown_definition_or_version_is_not_found(world: World) -> None:
    with pytest.raises(DefinitionNotFound, match="no workflow definition"):
        await definition_view(world.services, ROOT, uuid4())
    with pytest.raises(DefinitionNotFound, match="1 is newest"):
        await view(world, 2)


async def test_of_two_edits_at_once_one_is_refused(world: World) -> None:
    names = ("One", "Two")
    edits = (
        update_definition(world.services, ROOT, world.definition, display_name=name, description="") for name in names
    )
    answers = await asyncio.gather(*edits, return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["DefinitionView", "GuardLost"]
    (taken,) = [answer.row.display_name for answer in answers if isinstance(answer, DefinitionView)]
    assert (await view(world)).row.display_name == taken


async def test_definitions_are_changed_by_those_who_may(world: World) -> None:
    bob = await world.actor("bob")
    with pytest.raises(PermissionMissing, match="/workflows/definitions/modify/"):
        await save_steps(world.services, bob, world.definition, linear())
    with pytest.raises(PermissionMissing, match="/workflows/definitions/modify/"):
        await publish_definition(world.services, bob, world.definition)
    with pytest.raises(PermissionMissing, match="/workflows/definitions/read/"):
        await definition_view(world.services, bob, world.definition)


async def test_a_step_with_a_parameter_in_a_near_spelling_works_and_keeps_the_spelling(world: World) -> None:
    spelled = msgspec.structs.replace(world.approval(), parameters={"minimumApprovalCount": "2"})
    await world.publish(spelled, step("EnrollStep"))
    assert [one.parameters for one in (await view(world)).steps if one.extension_name == "RequireApproval"] == [
        {"minimumApprovalCount": "2"}
    ]
    enrolled = await world.enroll()
    assert "Awaiting 2 more" in enrolled.instance.message
