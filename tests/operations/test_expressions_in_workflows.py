import pytest
from tests.operations.conftest import World, step

from certloom.operations.definition_versions import DefinitionInvalid
from certloom.operations.enrollment import EnrollmentFailed
from certloom.store.instances import journal_of
from certloom.workflow.event import StepSkipped
from certloom.workflow.instance import Status

OUTSIDE = "cel: !data.SANs.dns.all(name, name.endsWith('.corp.example'))"


async def test_an_expression_that_yields_false_skips_the_step_and_the_journal_says_which(world: World) -> None:
    await world.publish(world.approval(conditions=(OUTSIDE,)), step("EnrollStep"))
    instance = (await world.enroll()).instance
    assert instance.status is Status.COMPLETE
    journal = await journal_of(world.services.database, instance.id)
    skipped = [(event.step, event.condition) for event in journal if isinstance(event, StepSkipped)]
    assert skipped == [("RequireApproval1", OUTSIDE)]


async def test_an_expression_that_yields_true_runs_the_step(world: World) -> None:
    await world.publish(world.approval(conditions=("True", "cel: size(data.SANs.dns) == 1")), step("EnrollStep"))
    assert (await world.enroll()).instance.status is Status.SUSPENDED


async def test_an_expression_sees_what_earlier_steps_put_into_the_data(world: World) -> None:
    script = step("PowerShell", "Script1", parameters={"ScriptContent": "return @{ Risk = 7 }"})
    same = "cel: data.Risk > 5"
    await world.publish(script, world.approval(conditions=(same,)), step("EnrollStep"))
    assert (await world.enroll()).instance.status is Status.SUSPENDED


async def test_an_answer_is_forgotten_when_the_data_may_have_changed(world: World) -> None:
    same = "cel: has(data.Risk)"
    script = step("PowerShell", "Script1", parameters={"ScriptContent": "return @{ Risk = 7 }"})
    await world.publish(
        step("NOOPStep", "First", conditions=(same,)), script, world.approval(conditions=(same,)), step("EnrollStep")
    )
    assert (await world.enroll()).instance.status is Status.SUSPENDED


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("data.Absent == 1", "there is no Absent"),
        ("data.SANs.dns[5] == 'x'", "cannot be decided"),
        ("size(data.SANs.dns)", "it yields neither true nor false"),
        ("'true'", "it yields neither true nor false"),
        ("data.Metadata", "it yields neither true nor false"),
        ("null", "it yields neither true nor false"),
    ],
)
async def test_d04_what_cannot_be_decided_fails_the_step_and_never_counts_as_true(
    world: World, expression: str, told: str
) -> None:
    await world.publish(step("NOOPStep", "First", conditions=(f"cel: {expression}",)), step("EnrollStep"))
    with pytest.raises(EnrollmentFailed, match=r"Step First failed: its condition .* cannot be decided: ") as failure:
        await world.enroll()
    assert told in failure.value.message
    assert await world.certificates() == 0


async def test_d01_a_value_that_looks_like_an_expression_or_a_token_stays_text(world: World) -> None:
    condition = "cel: data.Metadata.Team == \"' || true || '\""
    await world.publish(world.approval(conditions=(condition,)), step("EnrollStep"))
    assert (await world.enroll(metadata={"Team": "$(x) || true"})).instance.status is Status.COMPLETE


@pytest.mark.parametrize("condition", ["cel: data.x ==", "cel:", "cel: $(Template)", "CEL: Template == 'x'"])
async def test_what_cannot_be_read_is_told_with_its_place_when_the_definition_is_saved(
    world: World, condition: str
) -> None:
    with pytest.raises(DefinitionInvalid, match=r"step First, Conditions: .*: line 1, column \d+: "):
        await world.publish(step("NOOPStep", "First", conditions=(condition,)), step("EnrollStep"))
