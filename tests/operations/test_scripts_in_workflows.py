import pytest
from tests.operations.conftest import ROOT, World, linear, make_csr, step

from certloom.operations.definition_steps import StepDraft
from certloom.operations.definition_versions import DefinitionInvalid, save_steps
from certloom.operations.enrollment import EnrollmentFailed
from certloom.operations.publishing import DefinitionUnpublishable, publish_definition
from certloom.store.instances import journal_of
from certloom.workflow.event import StepCompleted
from certloom.workflow.instance import Status

TAGGED = """param($Name, [int]$Days)
Write-Warning "tagging $Name"
return @{ Ticket = "REQ-$($Name.Split('.')[0].ToUpper())"; Deadline = $Days * 2; Wanted = $Days -gt 3 }"""


def script(content: str, **parameters: str) -> StepDraft:
    return step("PowerShell", "Script1", parameters={"ScriptContent": content, "ScriptParameters": parameters})


async def test_what_a_script_returns_goes_into_the_data_and_what_it_remarks_into_the_journal(world: World) -> None:
    await world.publish(script(TAGGED, name="$(SANs.dns[0])", Days="4"), step("EnrollStep"))
    instance = (await world.enroll()).instance
    assert instance.status is Status.COMPLETE
    assert (instance.data["Ticket"], instance.data["Deadline"], instance.data["Wanted"]) == ("REQ-WEB01", 8, True)
    remarks = [
        event.messages
        for event in await journal_of(world.services.database, instance.id)
        if isinstance(event, StepCompleted) and event.step == "Script1"
    ]
    assert remarks == [("warning: tagging web01.corp.example",)]


async def test_a_condition_may_ask_for_what_a_script_computed(world: World) -> None:
    internal = "param($Name) return @{ NeedsApproval = $Name -notlike '*.corp.example' }"
    await world.publish(
        script(internal, Name="$(SANs.dns[0])"), world.approval(conditions=("$(NeedsApproval)",)), step("EnrollStep")
    )
    assert (await world.enroll()).instance.status is Status.COMPLETE


async def test_throw_fails_the_step_with_its_message(world: World) -> None:
    await world.publish(script("throw 'no such cost centre'"), step("EnrollStep"))
    with pytest.raises(EnrollmentFailed, match="Step Script1 failed: no such cost centre"):
        await world.enroll()
    assert await world.certificates() == 0


@pytest.mark.parametrize("key", ["InitiatingUserName", "initiatingusername", "ApprovalSignalComments", "KeyfactorId"])
async def test_d06_a_script_cannot_set_what_is_not_its_own(world: World, key: str) -> None:
    await world.publish(script(f"return @{{ {key} = 'CORP\\bob' }}"), step("EnrollStep"))
    with pytest.raises(EnrollmentFailed, match="Step Script1 failed"):
        await world.enroll()
    assert await world.certificates() == 0


async def test_a_script_that_never_ends_fails_its_step_and_nothing_else(world: World) -> None:
    await world.publish(script("while ($true) { }"), step("EnrollStep"))
    with pytest.raises(EnrollmentFailed, match="Look for a loop that does not end"):
        await world.enroll()
    await world.publish(step("EnrollStep"))
    assert (await world.enroll(csr=make_csr())).instance.status is Status.COMPLETE


async def test_a09_a_script_that_rewrites_the_request_after_its_approval_voids_it(world: World) -> None:
    rewrite = script("return @{ Subject = 'CN=web02.corp.example' }")
    await world.publish(world.approval(), rewrite, step("EnrollStep"))
    waiting = (await world.enroll()).instance
    ended = await world.vote("bob", waiting)
    assert ended.status is Status.FAILED
    assert "has changed since in: Subject" in ended.message
    assert await world.certificates() == 0


@pytest.mark.parametrize("value", ["42", "@('a')", "$null", "@{ dns = 'x' }"])
async def test_a_request_rewritten_into_something_else_is_told_and_not_signed(world: World, value: str) -> None:
    await world.publish(script(f"return @{{ Subject = {value} }}"), step("EnrollStep"))
    with pytest.raises(EnrollmentFailed, match="no longer describes a certificate request"):
        await world.enroll()
    assert await world.certificates() == 0


async def test_what_a_script_makes_of_the_subject_must_still_fit_the_template(world: World) -> None:
    await world.publish(script("return @{ Subject = 'CN=www.evil.example'; SANs = @{} }"), step("EnrollStep"))
    with pytest.raises(EnrollmentFailed, match=r"www\.evil\.example"):
        await world.enroll()
    assert await world.certificates() == 0


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("Invoke-WebRequest http://x", "line 1, column 1: "),
        ("$a = 1\n[System.IO.File]::Delete('x')", "line 2, column 2: "),
        ("if ($x {", "line 1, column"),
    ],
)
async def test_a_word_that_scripts_do_not_have_is_told_when_the_definition_is_saved(
    world: World, content: str, told: str
) -> None:
    with pytest.raises(DefinitionInvalid) as refusal:
        await world.publish(script(content), step("EnrollStep"))
    assert "step Script1, ConfigurationParameters.ScriptContent: " in refusal.value.message
    assert told in refusal.value.message


async def test_a_step_without_a_script_can_be_saved_but_not_published(world: World) -> None:
    drafts = linear(step("PowerShell", "Script1"), step("EnrollStep"))
    await save_steps(world.services, ROOT, world.definition, drafts)
    with pytest.raises(DefinitionUnpublishable, match="is required"):
        await publish_definition(world.services, ROOT, world.definition)


async def test_publishing_a_script_behind_an_approval_is_written_down_with_a_warning(world: World) -> None:
    await world.publish(world.approval(), script("return @{}"), step("EnrollStep"))
    entries = await world.services.database.fetch_all("SELECT body FROM audit WHERE operation = 'publish definition'")
    assert b"can change the request after its approval at RequireApproval1" in entries[-1][0]
