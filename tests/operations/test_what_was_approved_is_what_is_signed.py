from typing import Any

import pytest
from tests.operations.conftest import World, make_csr, step
from typing_extensions import override

from certloom.workflow.instance import Instance, Status
from certloom.workflow.outcome import Continue, Outcome
from certloom.workflow.step import PureStep, StepView


class SetValues(PureStep):
    """Puts values into the data, as a script or a REST answer may."""

    extension_name = "SetValues"
    display_name = "Set Values"
    changes_request = True

    def __init__(self, values: dict[str, object]) -> None:
        self.values = values

    @override
    def run(self, view: StepView) -> Outcome:
        return Continue(self.values)


CHANGES: dict[str, object] = {
    "Subject": "CN=web02.corp.example",
    "CSR": make_csr(),
    "SANs": {"dns": ["web01.corp.example", "web02.corp.example"]},
    "Template": "Other",
    "CertificateAuthority": "certloom\\certloom Root CA",
    "Metadata": {"Team": "other"},
    "AdditionalAttributes": {"Owner": "other"},
}


async def waiting(world: World, **fields: Any) -> Instance:
    return (await world.enroll(**fields)).instance


async def assert_refused_for(world: World, after: Instance, *fields: str) -> None:
    assert after.status is Status.FAILED
    assert after.message.startswith("Step EnrollStep1 failed: ")
    assert f"has changed since in: {', '.join(fields)}. Restart" in after.message
    assert (await world.certificates(), await world.rows("issuance")) == (0, 0)
    (failure,) = await world.audited("run instance", level=2)
    assert (failure.entity, failure.message) == (after.id, after.message)


@pytest.mark.parametrize("field", sorted(CHANGES))
async def test_a09_a_field_changed_after_the_approval_fails_the_step_and_is_named(world: World, field: str) -> None:
    await world.apply_template(name="Other")
    world.register(SetValues({field: CHANGES[field]}))
    await world.publish(world.approval(), step("SetValues"), step("EnrollStep"))
    after = await world.vote("bob", await waiting(world, metadata={"Team": "shop"}))
    if field == "Template":
        await assert_refused_for(world, after, "Template", "TemplateDocument")
    else:
        await assert_refused_for(world, after, field)


async def test_a09_what_the_request_is_not_about_may_change(world: World) -> None:
    world.register(SetValues({"Ticket": "4711"}))
    await world.publish(world.approval(), step("SetValues"), step("EnrollStep"))
    after = await world.vote("bob", await waiting(world))
    assert (after.status, after.data["Ticket"]) == (Status.COMPLETE, "4711")


async def test_a09_a_change_before_the_approval_is_what_is_approved(world: World) -> None:
    world.register(SetValues({"Subject": "CN=web02.corp.example"}))
    await world.publish(step("SetValues"), world.approval(), step("EnrollStep"))
    after = await world.vote("bob", await waiting(world))
    assert (after.status, await world.certificates()) == (Status.COMPLETE, 1)


async def test_a09_a_template_changed_between_two_votes_keeps_them_from_adding_up(world: World) -> None:
    for name in ("dave", "erin"):
        await world.person(name, "Approvers")
    await world.publish(world.approval(2))
    before = await world.vote("bob", await waiting(world))
    await world.apply_template(validity_days=3650)
    still = await world.vote("dave", before)
    assert (still.status, still.message[:15]) == (Status.SUSPENDED, "Awaiting 1 more")
    after = await world.vote("erin", still)
    await assert_refused_for(world, after, "TemplateDocument")


async def test_a09_a_template_changed_between_two_approval_steps_fails_the_issue(world: World) -> None:
    await world.publish(world.approval(), world.approval(name="Second"))
    before = await world.vote("bob", await waiting(world))
    await world.apply_template(validity_days=3650)
    after = await world.vote("bob", before, key="Second.ApprovalStatus")
    await assert_refused_for(world, after, "TemplateDocument")


async def test_a09_a_template_applied_again_unchanged_voids_nothing(world: World) -> None:
    await world.publish(world.approval(), world.approval(name="Second"))
    before = await world.vote("bob", await waiting(world))
    await world.apply_template()
    after = await world.vote("bob", before, key="Second.ApprovalStatus")
    assert after.status is Status.COMPLETE


async def test_a17_the_policy_is_asked_again_after_the_last_approval(world: World) -> None:
    before = await waiting(world)
    await world.apply_template(san_rules={"dns": r".*\.other\.example"})
    after = await world.vote("bob", before)
    assert after.status is Status.FAILED
    assert "does not match" in after.message
    assert await world.certificates() == 0


async def test_a17_without_any_approval_the_policy_is_asked_at_issue_too(world: World) -> None:
    world.register(SetValues({"SANs": {"dns": ["www.elsewhere.example"]}}))
    await world.publish(step("SetValues"), step("EnrollStep"))
    with pytest.raises(Exception, match="does not match"):
        await world.enroll()
    assert (await world.certificates(), await world.rows("issuance")) == (0, 0)


async def test_a09_a_vote_cast_after_a_change_names_only_what_changed_later(world: World) -> None:
    world.register(SetValues({"Subject": "CN=web02.corp.example"}))
    await world.publish(world.approval(), step("SetValues"), step("EnrollStep"))
    before = await waiting(world)
    await world.apply_template(validity_days=3650)
    await assert_refused_for(world, await world.vote("bob", before), "Subject")
