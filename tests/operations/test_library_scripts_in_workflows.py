from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.operations.conftest import ROOT, World, linear, step, world_of
from tests.scripting.pwsh.conftest import stand_in

from certloom.operations.definition_steps import StepDraft
from certloom.operations.definition_versions import save_steps
from certloom.operations.enrollment import EnrollmentFailed
from certloom.operations.publishing import DefinitionUnpublishable, publish_definition
from certloom.operations.scripts import ScriptInUse, create_script, delete_script, update_script
from certloom.scripting.pwsh.fence import fence_fault
from certloom.store.instances import journal_of
from certloom.workflow.event import StepCompleted, StepStarted
from certloom.workflow.instance import Status

TAGGED = 'returns Ticket "REQ-$(given Name | cut --delimiter=. --fields=1)"'
"""In shell: what stands in for PowerShell here runs it."""


def custom(name: str = "Tag", **parameters: str) -> StepDraft:
    given = {"ScriptName": name, "ScriptParameters": parameters}
    return step("CustomPowerShell", "Custom1", parameters=given)


async def library(world: World, contents: str = TAGGED, categories: tuple[int, ...] = (6,)) -> int:
    return (await create_script(world.services, ROOT, "Tag", contents, categories)).id


@pytest.fixture
async def scripted(data_folder: Path, tmp_path: Path) -> AsyncIterator[World]:
    """A world that runs library scripts in a stand-in, without a fence."""
    program = str(stand_in(tmp_path))
    async with world_of(data_folder, scripts_pwsh="unfenced", scripts_pwsh_path=program) as opened:
        yield opened


async def test_what_a_library_script_returns_goes_into_the_data(scripted: World) -> None:
    await library(scripted)
    await scripted.publish(custom(Name="$(SANs.dns[0])"), step("EnrollStep"))
    instance = (await scripted.enroll()).instance
    assert instance.status is Status.COMPLETE
    assert instance.data["Ticket"] == "REQ-web01"


async def test_the_script_may_be_named_in_a_near_spelling(scripted: World) -> None:
    await library(scripted)
    named = step("CustomPowerShell", "Custom1", parameters={"script": "tag", "ScriptParameters": {"Name": "a.b"}})
    await scripted.publish(named, step("EnrollStep"))
    assert (await scripted.enroll()).instance.data["Ticket"] == "REQ-a"


async def test_the_journal_holds_which_contents_ran_and_what_they_said(scripted: World) -> None:
    script_id = await library(scripted)
    await scripted.publish(custom(Name="a.b"), step("EnrollStep"))
    ran = [(await scripted.enroll()).instance]
    changed = await update_script(scripted.services, ROOT, script_id, contents=f"{TAGGED} # again")
    ran.append((await scripted.enroll()).instance)
    hashes, remarks = [], []
    for instance in ran:
        for event in await journal_of(scripted.services.database, instance.id):
            if isinstance(event, StepStarted) and event.step == "Custom1":
                hashes.append(event.intent["sha256"])
            if isinstance(event, StepCompleted) and event.step == "Custom1":
                remarks.append(event.messages)
    assert len(set(hashes)) == 2
    assert hashes[1] == changed.sha256
    assert remarks == [("host: a stand-in ran",)] * 2


@pytest.mark.needs("bubblewrap")
async def test_a_library_script_runs_behind_the_fence(data_folder: Path, tmp_path: Path) -> None:
    fault = await fence_fault()
    if fault:
        pytest.skip(fault)
    program = str(stand_in(tmp_path))
    async with world_of(data_folder, scripts_pwsh="fenced", scripts_pwsh_path=program) as world:
        await library(world, f'returns Ticket "$(cat {data_folder}/certloom.key || hostname)"')
        await world.publish(custom(), step("EnrollStep"))
        assert (await world.enroll()).instance.data["Ticket"] == "fence"


@pytest.mark.parametrize("key", ["InitiatingUserName", "initiatingusername", "ApprovalSignalComments", "KeyfactorId"])
async def test_d06_a_library_script_cannot_set_what_is_not_its_own(scripted: World, key: str) -> None:
    await library(scripted, f"returns {key} x")
    await scripted.publish(custom(), step("EnrollStep"))
    with pytest.raises(EnrollmentFailed, match=r"Step Custom1 failed: .*may read but not change"):
        await scripted.enroll()
    assert await scripted.certificates() == 0


async def test_a09_a_library_script_that_rewrites_the_request_after_its_approval_voids_it(scripted: World) -> None:
    await library(scripted, "returns Subject CN=web02.corp.example")
    await scripted.publish(scripted.approval(), custom(), step("EnrollStep"))
    ended = await scripted.vote("bob", (await scripted.enroll()).instance)
    assert ended.status is Status.FAILED
    assert "has changed since in: Subject" in ended.message
    assert await scripted.certificates() == 0


async def test_a_failing_library_script_fails_its_step_with_what_it_said(scripted: World) -> None:
    await library(scripted, "echo no such cost centre >&2; exit 1")
    await scripted.publish(custom(), step("EnrollStep"))
    with pytest.raises(EnrollmentFailed, match=r"Step Custom1 failed: .*no such cost centre"):
        await scripted.enroll()


async def refused(world: World, *drafts: StepDraft) -> str:
    """Why a definition with these steps, which can be saved, cannot be published."""
    await save_steps(world.services, ROOT, world.definition, linear(*drafts, step("EnrollStep")))
    with pytest.raises(DefinitionUnpublishable) as refusal:
        await publish_definition(world.services, ROOT, world.definition)
    return refusal.value.message


async def test_an_unknown_script_can_be_saved_and_not_published(scripted: World) -> None:
    assert "step Custom1, ConfigurationParameters.ScriptName: There is no library script 'Tag'" in await refused(
        scripted, custom()
    )
    assert "ScriptName: is required" in await refused(scripted, step("CustomPowerShell", "Custom1"))


async def test_only_scripts_of_the_category_workflow_are_offered(scripted: World) -> None:
    script_id = await library(scripted, categories=(2,))
    assert "lacks the category Workflow (6)" in await refused(scripted, custom("TAG"))
    await update_script(scripted.services, ROOT, script_id, categories=[2, 6])
    await publish_definition(scripted.services, ROOT, scripted.definition)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "switched off: an administrator sets scripts_pwsh to fenced"),
        ({"scripts_pwsh": "fenced", "scripts_pwsh_path": "absent/pwsh"}, "PowerShell 7 was not found. Install"),
    ],
)
async def test_where_no_library_script_can_run_publishing_says_how_to_get_there(
    data_folder: Path, settings: dict[str, Any], told: str
) -> None:
    async with world_of(data_folder, **settings) as world:
        await library(world)
        assert told in await refused(world, custom())


async def test_a_step_whose_powershell_is_gone_fails_and_says_how_to_get_it(data_folder: Path, tmp_path: Path) -> None:
    program = stand_in(tmp_path)
    async with world_of(data_folder, scripts_pwsh="unfenced", scripts_pwsh_path=str(program)) as world:
        await library(world)
        await world.publish(custom(), step("EnrollStep"))
        program.unlink()
        with pytest.raises(EnrollmentFailed, match=r"PowerShell 7 was not found\. Install .*scripts_pwsh_path"):
            await world.enroll()


async def test_a_script_in_use_stays_and_stays_in_its_category(scripted: World) -> None:
    script_id = await library(scripted)
    await scripted.publish(custom("tag"), step("EnrollStep"))
    with pytest.raises(ScriptInUse, match="used by Web"):
        await delete_script(scripted.services, ROOT, script_id)
    with pytest.raises(ScriptInUse, match="must stay in category Workflow"):
        await update_script(scripted.services, ROOT, script_id, categories=[2])
    await update_script(scripted.services, ROOT, script_id, contents="returns A b")
    (change,) = await scripted.audited("update script")
    assert change.message.endswith(" Used by Web.")


async def test_a_script_is_in_use_while_an_instance_waits_on_a_version_with_it(scripted: World) -> None:
    script_id = await library(scripted)
    await scripted.publish(scripted.approval(), custom(), step("EnrollStep"))
    waiting = (await scripted.enroll()).instance
    await scripted.publish(step("EnrollStep"))
    with pytest.raises(ScriptInUse):
        await delete_script(scripted.services, ROOT, script_id)
    await scripted.deny("bob", waiting)
    await delete_script(scripted.services, ROOT, script_id)


async def test_publishing_a_library_script_behind_an_approval_is_written_down_with_a_warning(scripted: World) -> None:
    await library(scripted)
    await scripted.publish(scripted.approval(), custom(), step("EnrollStep"))
    (*_, published) = await scripted.audited("publish definition")
    assert "step Custom1, ExtensionName: can change the request after its approval" in published.message
