import asyncio
from collections import Counter

import pytest
from tests.operations.conftest import ROOT, World, linear, step

from certloom.errors import CertloomError
from certloom.operations.definition_versions import save_steps
from certloom.operations.publishing import publish_definition
from certloom.operations.roles import assign_role, create_role
from certloom.operations.signals import SelfApprovalRefused, SignalNotAwaited, SignalRoleMissing
from certloom.workflow.definition import SignalConfiguration
from certloom.workflow.instance import Instance, Status


async def waiting(world: World) -> Instance:
    return (await world.enroll()).instance


async def test_a04_one_person_with_three_roles_counts_once(world: World) -> None:
    roles = [world.approvers]
    for name in ("Security", "Network"):
        roles.append((await create_role(world.services, ROOT, name, [])).id)
        await assign_role(world.services, ROOT, name, "CORP\\bob")
    one_signal = (SignalConfiguration("ApprovalStatus", tuple(roles)),)
    await world.publish(world.approval(2, signals=one_signal))
    before = await world.vote("bob", await waiting(world))
    assert (before.status, before.message[:15]) == (Status.SUSPENDED, "Awaiting 1 more")
    await world.person("dave", "Security")
    assert (await world.vote("dave", before)).status is Status.COMPLETE


@pytest.mark.parametrize("needed", [1, 2])
async def test_a05_of_fifty_simultaneous_approvals_exactly_the_needed_ones_are_taken(world: World, needed: int) -> None:
    await world.publish(world.approval(needed))
    people = [f"p{number}" for number in range(50)]
    for name in people:
        await world.person(name, "Approvers")
    before = await waiting(world)
    answers = await asyncio.gather(*(world.vote(name, before) for name in people), return_exceptions=True)
    kinds = Counter(type(answer) for answer in answers)
    assert kinds == {Instance: needed, SignalNotAwaited: 50 - needed}
    after = await world.instance(before.id)
    assert (after.status, len(after.signals)) == (Status.COMPLETE, needed)
    assert (await world.certificates(), await world.rows("issuance")) == (1, 1)
    assert len(await world.audited("signal instance")) == needed
    assert len(await world.audited("signal instance", level=1)) == 50 - needed


@pytest.mark.parametrize("first", ["deny", "approve"])
async def test_a06_approval_and_denial_at_once_have_one_outcome(world: World, first: str) -> None:
    await world.person("dave", "Approvers")
    before = await waiting(world)
    votes = [world.deny("bob", before), world.vote("dave", before)]
    answers = await asyncio.gather(*(votes if first == "deny" else votes[::-1]), return_exceptions=True)
    assert [type(answer) for answer in answers if isinstance(answer, CertloomError)] == [SignalNotAwaited]
    after = await world.instance(before.id)
    (taken,) = after.signals
    expected = (Status.COMPLETE, 1) if taken.data["Approved"] else (Status.REJECTED, 0)
    assert (after.status, await world.certificates()) == expected


async def test_a06_after_a_denial_among_votes_nothing_is_issued(world: World) -> None:
    await world.person("dave", "Approvers")
    await world.publish(world.approval(2))
    before = await world.vote("bob", await waiting(world))
    assert (await world.deny("dave", before)).status is Status.REJECTED
    assert await world.certificates() == 0


async def test_a10_a_vote_does_not_count_once_its_role_is_taken_and_counts_again_when_it_is_back(world: World) -> None:
    for name in ("dave", "erin"):
        await world.person(name, "Approvers")
    await world.publish(world.approval(2))
    before = await world.vote("bob", await waiting(world))
    await assign_role(world.services, ROOT, "Approvers", "CORP\\bob", remove=True)
    still = await world.vote("dave", before)
    assert (still.status, still.message[:15]) == (Status.SUSPENDED, "Awaiting 1 more")
    await assign_role(world.services, ROOT, "Approvers", "CORP\\bob")
    assert (await world.vote("erin", still)).status is Status.COMPLETE


async def test_a10_a_vote_of_a_disabled_account_does_not_count(world: World) -> None:
    for name in ("dave", "erin"):
        await world.person(name, "Approvers")
    await world.publish(world.approval(2))
    before = await world.vote("bob", await waiting(world))
    await world.disable("bob")
    still = await world.vote("dave", before)
    assert still.status is Status.SUSPENDED
    assert (await world.vote("erin", still)).status is Status.COMPLETE


async def test_a10_a_vote_of_an_account_enabled_again_counts_again(world: World) -> None:
    await world.person("dave", "Approvers")
    await world.publish(world.approval(2))
    before = await world.vote("bob", await waiting(world))
    await world.disable("bob")
    await world.disable("bob", disabled=False)
    assert (await world.vote("dave", before)).status is Status.COMPLETE


async def test_a10_a_role_taken_since_the_login_no_longer_signs(world: World) -> None:
    before = await waiting(world)
    logged_in = await world.actor("bob")
    await assign_role(world.services, ROOT, "Approvers", "CORP\\bob", remove=True)
    assert world.approvers in logged_in.role_ids
    with pytest.raises(SignalRoleMissing):
        await world.vote("bob", before)
    await world.disable("bob")
    with pytest.raises(SignalRoleMissing):
        await world.vote("bob", before)
    assert await world.instance(before.id) == before


async def test_a03_administrators_are_not_exempt(world: World) -> None:
    await assign_role(world.services, ROOT, "Administrators", "CORP\\alice")
    await world.person("root", "Administrators")
    before = await waiting(world)
    with pytest.raises(SelfApprovalRefused):
        await world.vote("alice", before)
    with pytest.raises(SignalRoleMissing):
        await world.vote("root", before)
    assert await world.instance(before.id) == before


async def test_a11_an_instance_keeps_the_version_it_started_with(world: World) -> None:
    await world.publish(world.approval(2))
    before = await waiting(world)
    await world.publish()
    after = await world.vote("bob", before)
    assert after.status is Status.SUSPENDED
    assert after.definition.version == before.definition.version
    assert (await waiting_for_nobody(world)).definition.version == before.definition.version + 1


async def waiting_for_nobody(world: World) -> Instance:
    after = (await world.enroll()).instance
    assert after.status is Status.COMPLETE
    return after


async def test_a11_a_version_that_was_ever_published_is_never_changed(world: World) -> None:
    """Going back to an old version and editing must not touch the newer one instances wait on."""
    await world.publish(world.approval(2))
    before = await waiting(world)
    await publish_definition(world.services, ROOT, world.definition, before.definition.version - 1)
    saved = await save_steps(world.services, ROOT, world.definition, linear(step("EnrollStep")))
    assert saved.version == before.definition.version + 1
    world.services._definitions.clear()
    assert (await world.vote("bob", before)).status is Status.SUSPENDED


async def test_a_signal_configured_in_another_case_is_the_same_signal(world: World) -> None:
    signals = (SignalConfiguration("approvalstatus", (world.approvers,)),)
    await world.publish(world.approval(signals=signals))
    assert (await world.vote("bob", await waiting(world))).status is Status.COMPLETE
