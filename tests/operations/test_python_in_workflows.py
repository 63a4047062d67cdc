import sys

import pytest
from tests.operations.conftest import ROOT, World, linear, make_csr, step

from certloom.app import STEP_TYPES
from certloom.operations.definition_steps import StepDraft
from certloom.operations.definition_versions import DefinitionInvalid, save_steps
from certloom.operations.enrollment import EnrollmentFailed
from certloom.operations.publishing import DefinitionUnpublishable, publish_definition
from certloom.store.instances import journal_of
from certloom.workflow.event import StepCompleted
from certloom.workflow.instance import Status

TAGGED = """print('tagging', Name)
return {'Ticket': 'REQ-' + Name.split('.')[0].upper(), 'Deadline': int(Days) * 2, 'Wanted': int(Days) > 3}"""


def script(content: str, **parameters: str) -> StepDraft:
    return step("Python", "Script1", parameters={"ScriptContent": content, "ScriptParameters": parameters})


async def test_what_a_script_returns_goes_into_the_data_and_what_it_prints_into_the_journal(world: World) -> None:
    await world.publish(script(TAGGED, Name="$(SANs.dns[0])", Days="4"), step("EnrollStep"))
    instance = (await world.enroll()).instance
    assert instance.status is Status.COMPLETE
    assert (instance.data["Ticket"], instance.data["Deadline"], instance.data["Wanted"]) == ("REQ-WEB01", 8, True)
    printed = [
        event.messages
        for event in await journal_of(world.services.database, instance.id)
        if isinstance(event, StepCompleted) and event.step == "Script1"
    ]
    assert printed == [("print: tagging web01.corp.example",)]


async def test_an_exception_fails_the_step_with_its_message_and_line(world: World) -> None:
    await world.publish(script("x = 1\nraise ValueError('no such cost centre')"), step("EnrollStep"))
    with pytest.raises(EnrollmentFailed, match=r"Step Script1 failed: line 2: ValueError: no such cost centre\."):
        await world.enroll()
    assert await world.certificates() == 0


@pytest.mark.parametrize("key", ["InitiatingUserName", "initiatingusername", "ApprovalSignalComments", "KeyfactorId"])
async def test_d06_a_script_cannot_set_what_is_not_its_own(world: World, key: str) -> None:
    await world.publish(script(f"return {{'{key}': 'CORP\\\\bob'}}"), step("EnrollStep"))
    with pytest.raises(EnrollmentFailed, match=f"Step Script1 failed: The script returned '{key}'"):
        await world.enroll()
    assert await world.certificates() == 0


async def test_a_script_that_never_ends_fails_its_step_and_nothing_else(world: World) -> None:
    await world.publish(script("while True: pass"), step("EnrollStep"))
    with pytest.raises(EnrollmentFailed, match="Look for a loop that does not end"):
        await world.enroll()
    await world.publish(step("EnrollStep"))
    assert (await world.enroll(csr=make_csr())).instance.status is Status.COMPLETE


async def test_d01_a_value_with_quotes_and_tokens_reaches_a_script_as_data(world: World) -> None:
    await world.publish(script("return {'Echo': Value}", Value="$(AdditionalAttributes.Team)"), step("EnrollStep"))
    hostile = "'); import os #\n$(Subject) {{x}} \u202e"
    instance = (await world.enroll(additional_fields={"Team": hostile})).instance
    assert instance.data["Echo"] == hostile


async def test_a09_a_script_that_rewrites_the_request_after_its_approval_voids_it(world: World) -> None:
    rewrite = script("return {'Subject': 'CN=web02.corp.example'}")
    await world.publish(world.approval(), rewrite, step("EnrollStep"))
    ended = await world.vote("bob", (await world.enroll()).instance)
    assert ended.status is Status.FAILED
    assert "has changed since in: Subject" in ended.message
    assert await world.certificates() == 0


async def test_what_cannot_be_read_is_told_when_the_definition_is_saved(world: World) -> None:
    with pytest.raises(DefinitionInvalid) as refusal:
        await world.publish(script("x = 1\nif x\n", **{"a b": "x", "class": "y"}), step("EnrollStep"))
    assert "step Script1, ConfigurationParameters.ScriptContent: line 2, column 5: " in refusal.value.message
    assert "ScriptParameters: 'a b' cannot be the name of a variable" in refusal.value.message
    assert "ScriptParameters: 'class' cannot be the name of a variable" in refusal.value.message


async def test_a_step_without_a_script_can_be_saved_but_not_published(world: World) -> None:
    await save_steps(world.services, ROOT, world.definition, linear(step("Python", "Script1"), step("EnrollStep")))
    with pytest.raises(DefinitionUnpublishable, match="is required"):
        await publish_definition(world.services, ROOT, world.definition)


async def test_without_the_extra_the_step_is_known_and_saving_it_says_what_is_missing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pydantic_monty", None)
    assert "Python" in [one.extension_name for one in STEP_TYPES]
    with pytest.raises(DefinitionInvalid, match=r"the extra 'scripts'.*pip install 'certloom\[scripts\]'"):
        await world.publish(script("return {}"), step("EnrollStep"))


async def test_an_instance_that_meets_a_script_without_the_extra_says_what_is_missing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.publish(script("return {}"), step("EnrollStep"))
    world.certloom.python.close()
    monkeypatch.setitem(sys.modules, "pydantic_monty", None)
    with pytest.raises(EnrollmentFailed, match=r"pip install 'certloom\[scripts\]'"):
        await world.enroll()
