import hashlib

import pytest
from tests.operations.conftest import ROOT, World

from certloom.operations.access import PermissionMissing
from certloom.operations.scripts import (
    LibraryScript,
    ScriptInvalid,
    ScriptNameTaken,
    ScriptNotFound,
    create_script,
    delete_script,
    script,
    scripts,
    update_script,
)

TEXT = "param($Name) return @{ Name = $Name }"


async def made(world: World, name: str = "Tag", text: str = TEXT) -> LibraryScript:
    return await create_script(world.services, ROOT, name, text, ["Workflow"])


async def test_a_script_is_kept_as_it_was_sent_with_its_sha256(world: World) -> None:
    created = await made(world)
    assert await script(world.services, ROOT, created.id) == created
    assert (created.name, created.contents, created.categories) == ("Tag", TEXT, (6,))
    assert created.sha256 == hashlib.sha256(TEXT.encode()).hexdigest()


async def test_scripts_are_listed_by_name_whatever_its_case(world: World) -> None:
    for name in ("tag", "Mail", "Notify"):
        await made(world, name)
    assert [one.name for one in await scripts(world.services, ROOT)] == ["Mail", "Notify", "tag"]


async def test_a_name_is_taken_whatever_its_case_and_the_first_script_stays(world: World) -> None:
    first = await made(world)
    with pytest.raises(ScriptNameTaken, match="a script TAG already"):
        await made(world, "TAG", "return @{}")
    assert await scripts(world.services, ROOT) == [first]


@pytest.mark.parametrize(("name", "text"), [("", TEXT), ("  ", TEXT), ("x" * 257, TEXT), ("Tag", " \n")])
async def test_a_script_needs_a_name_and_contents(world: World, name: str, text: str) -> None:
    with pytest.raises(ScriptInvalid):
        await made(world, name, text)
    assert await scripts(world.services, ROOT) == []


@pytest.mark.parametrize(("given", "kept"), [([6], (6,)), (["Workflow", "6", 6, 2], (2, 6)), ([], ())])
async def test_a_category_is_a_number_or_a_name(world: World, given: list[int | str], kept: tuple[int, ...]) -> None:
    assert (await create_script(world.services, ROOT, "Tag", TEXT, given)).categories == kept


@pytest.mark.parametrize("category", ["workflow", "Mail", "", "²", -1, 64, "999999999999"])
async def test_a_category_that_does_not_exist_is_refused_as_is_a_name_in_another_case(
    world: World, category: int | str
) -> None:
    with pytest.raises(ScriptInvalid, match="is no category"):
        await create_script(world.services, ROOT, "Tag", TEXT, [category])


async def test_what_a_change_does_not_name_stays(world: World) -> None:
    created = await made(world)
    changed = await update_script(world.services, ROOT, created.id, contents="return @{}")
    assert (changed.contents, changed.categories) == ("return @{}", (6,))
    assert (await update_script(world.services, ROOT, created.id, categories=[])).contents == "return @{}"


async def test_the_name_of_a_script_cannot_be_changed(world: World) -> None:
    created = await made(world)
    with pytest.raises(ScriptInvalid, match="cannot be changed"):
        await update_script(world.services, ROOT, created.id, name="Other", contents="return @{}")
    assert await script(world.services, ROOT, created.id) == created
    assert (await update_script(world.services, ROOT, created.id, name="Tag")).name == "Tag"


async def test_a_deleted_script_is_gone_and_its_id_is_not_given_again(world: World) -> None:
    created = await made(world)
    await delete_script(world.services, ROOT, created.id)
    for attempt in (script(world.services, ROOT, created.id), delete_script(world.services, ROOT, created.id)):
        with pytest.raises(ScriptNotFound):
            await attempt
    assert (await made(world)).id > created.id


async def test_every_change_is_audited_with_the_sha256_before_and_after(world: World) -> None:
    created = await made(world)
    changed = await update_script(world.services, ROOT, created.id, contents="return @{}")
    await delete_script(world.services, ROOT, created.id)
    (creation,) = await world.audited("create script")
    (change,) = await world.audited("update script")
    (deletion,) = await world.audited("delete script")
    assert creation.entity == change.entity == deletion.entity == "Tag"
    assert created.sha256 in creation.message
    assert f"from SHA-256 {created.sha256} to {changed.sha256}" in change.message
    assert changed.sha256 in deletion.message


async def test_reading_and_changing_the_library_are_two_permissions(world: World) -> None:
    alice = await world.actor("alice")
    with pytest.raises(PermissionMissing, match="/scripts/read/"):
        await scripts(world.services, alice)
    with pytest.raises(PermissionMissing, match="/scripts/modify/"):
        await create_script(world.services, alice, "Tag", TEXT, [])
