from typing import Any

import pytest
from tests.operations.conftest import ROOT, World, step
from tests.operations.test_expirations import cover, issued, start

from certloom.operations.certificates import certificate_view
from certloom.operations.metadata_fields import (
    MetadataFieldExists,
    MetadataFieldInUse,
    MetadataFieldInvalid,
    MetadataFieldNotFound,
    change_metadata_field,
    create_metadata_field,
    delete_metadata_fields,
    is_in_use,
    metadata_field,
    metadata_fields,
)
from certloom.pki.metadata import AtEnrollment, MetadataField, MetadataInvalid, MetadataType
from certloom.workflow.instance import Status


async def field(world: World, name: str, **more: Any) -> MetadataField:
    return await create_metadata_field(world.services, ROOT, MetadataField(id=0, name=name, **more))


async def noted(world: World, certificate_id: int) -> dict[str, str]:
    return dict((await certificate_view(world.services, ROOT, certificate_id)).metadata)


async def test_the_metadata_of_a_request_is_typed_completed_and_kept_with_the_certificate(world: World) -> None:
    await field(world, "Cost", type=MetadataType.INTEGER, enrollment=AtEnrollment.REQUIRED)
    await field(world, "Stage", default="Test", enrollment=AtEnrollment.HIDDEN)
    row = await issued(world, metadata={"team": " shop ", "cost": "007"})
    assert await noted(world, row.id) == {"Cost": "7", "Stage": "Test", "Team": "shop"}
    assert (await world.instance(row.instance_id)).initial_data["Metadata"] == {
        "Team": "shop",
        "Cost": "7",
        "Stage": "Test",
    }


async def test_metadata_that_does_not_fit_starts_nothing(world: World) -> None:
    await field(world, "Cost", type=MetadataType.INTEGER, enrollment=AtEnrollment.REQUIRED)
    for metadata, told in (({}, "Cost is required"), ({"Cost": "much"}, "whole number"), ({"Cots": 1}, "'Cots'")):
        with pytest.raises(MetadataInvalid, match=told):
            await world.enroll(metadata=metadata)
    assert await world.rows("instance") == 0


async def test_a17_metadata_is_checked_again_at_issue(world: World) -> None:
    before = (await world.enroll(metadata={"Team": "shop"})).instance
    await field(world, "Cost", enrollment=AtEnrollment.REQUIRED)
    after = await world.vote("bob", before)
    assert after.status is Status.FAILED
    assert "Cost is required" in after.message
    assert (await world.certificates(), await world.rows("issuance")) == (0, 0)


async def test_a_step_notes_metadata_about_the_certificate_with_tokens_and_an_audit_entry(world: World) -> None:
    update = step("UpdateMetadata", parameters={"Name": "team", "Value": "$(metadata:Team) of $(cn)"})
    row = await issued(world, metadata={"Team": "shop"})
    await cover(world, update)
    ended = await start(world, row)
    assert ended.status is Status.COMPLETE
    assert await noted(world, row.id) == ended.data["Metadata"] == {"Team": "shop of web01.corp.example"}
    (told,) = await world.audited("note metadata")
    assert (told.entity, told.message) == (str(row.id), "Noted Team: 'shop of web01.corp.example'.")
    assert (await start(world, row)).initial_data["Metadata"] == {"Team": "shop of web01.corp.example"}


async def test_a_step_after_the_issue_notes_metadata_about_the_new_certificate(world: World) -> None:
    await world.publish(step("EnrollStep"), step("UpdateMetadata", parameters={"Name": "Owner", "Value": "$(Subject)"}))
    enrolled = await world.enroll(metadata={"Team": "shop"})
    assert enrolled.certificate is not None
    assert await noted(world, enrolled.certificate.id) == {"Owner": "CN=web01.corp.example", "Team": "shop"}


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"Name": "Nothing", "Value": "x"}, "no metadata field 'Nothing'. Known: Cost, Owner, Team."),
        ({"Name": "Cost", "Value": "$(cn)"}, "Cost must be a whole number"),
    ],
)
async def test_a_value_that_does_not_fit_fails_the_step_and_is_not_noted(
    world: World, parameters: dict[str, str], told: str
) -> None:
    await field(world, "Cost", type=MetadataType.INTEGER)
    row = await issued(world)
    await cover(world, step("UpdateMetadata", parameters=parameters))
    ended = await start(world, row)
    assert ended.status is Status.FAILED
    assert told in ended.message
    assert await noted(world, row.id) == {}


async def test_fields_are_listed_by_order_and_found_by_id_and_name(world: World) -> None:
    first = await field(world, " First ", display_order=-1)
    found = await metadata_fields(world.services, ROOT)
    assert [one.name for one in found] == ["First", "Owner", "Team"]
    assert await metadata_field(world.services, ROOT, first.id) == await metadata_field(world.services, ROOT, " FIRST")
    for unknown in (4711, "Nothing"):
        with pytest.raises(MetadataFieldNotFound):
            await metadata_field(world.services, ROOT, unknown)


async def test_a_name_is_given_once_whatever_its_case(world: World) -> None:
    with pytest.raises(MetadataFieldExists):
        await field(world, "TEAM")
    other = await field(world, "Other")
    with pytest.raises(MetadataFieldExists):
        await change_metadata_field(world.services, ROOT, MetadataField(id=other.id, name="team"))
    with pytest.raises(MetadataFieldInvalid, match="Options"):
        await field(world, "Choice", type=MetadataType.MULTIPLE_CHOICE)
    assert [one.name for one in await metadata_fields(world.services, ROOT)] == ["Other", "Owner", "Team"]


async def test_a_field_in_use_keeps_its_name_and_type_and_goes_only_by_force(world: World) -> None:
    row = await issued(world, metadata={"Team": "shop", "Owner": "x"})
    team = await metadata_field(world.services, ROOT, "Team")
    assert await is_in_use(world.services, ROOT, team.id)
    for changed in (
        MetadataField(id=team.id, name="Crew"),
        MetadataField(id=team.id, name="Team", type=MetadataType.INTEGER),
    ):
        with pytest.raises(MetadataFieldInUse):
            await change_metadata_field(world.services, ROOT, changed)
    hinted = await change_metadata_field(world.services, ROOT, MetadataField(id=team.id, name="TEAM", hint="who"))
    assert (await metadata_field(world.services, ROOT, "team")).hint == hinted.hint == "who"
    unused = await field(world, "Unused")
    with pytest.raises(MetadataFieldInUse, match="Nothing was deleted"):
        await delete_metadata_fields(world.services, ROOT, [unused.id, team.id])
    await delete_metadata_fields(world.services, ROOT, [unused.id, team.id], force=True)
    assert [one.name for one in await metadata_fields(world.services, ROOT)] == ["Owner"]
    assert await noted(world, row.id) == {"Owner": "x"}
