import pytest
from tests.operations.conftest import ROOT, World, step

from certloom.identity.permission import READ_PENDING_INSTANCES
from certloom.operations.instances import assigned_instances
from certloom.operations.roles import assign_role, create_role
from certloom.operations.signals import SelfApprovalRefused, SignalRoleMissing
from certloom.store.accounts import RoleRow, read_role
from certloom.store.change import Change
from certloom.store.paging import Paging
from certloom.store.rows import Put
from certloom.workflow.definition import SignalConfiguration
from certloom.workflow.instance import Instance, Status

OWNERS = "$(metadata:Owner)"


async def waiting(world: World, owner: str | None, *tokens: str, minimum: int = 1) -> Instance:
    signals = (SignalConfiguration("ApprovalStatus", (), tokens or (OWNERS,)),)
    await world.publish(world.approval(minimum, signals=signals), step("EnrollStep"))
    metadata = {} if owner is None else {"Owner": owner}
    return (await world.enroll(metadata=metadata)).instance


async def owner(world: World, name: str, role: str) -> int:
    made = await create_role(world.services, ROOT, role, [READ_PENDING_INSTANCES])
    await world.person(name, role)
    return made.id


async def assigned(world: World, name: str) -> list[str]:
    actor = await world.actor(name)
    page = await assigned_instances(world.services, actor, Paging(), None)
    return [row.id for row in page.rows]


async def rename(world: World, old: str, new: str) -> None:
    row = await read_role(world.services.database, old.casefold())
    assert row is not None
    renamed = RoleRow(
        id=row.id, name_key=new.casefold(), name=new, description=row.description, permissions=row.permissions
    )
    await world.services.database.commit(Change(writes=(Put(renamed),)))


@pytest.mark.parametrize("by_id", [False, True])
async def test_a_role_token_lets_the_role_it_stands_for_decide(world: World, *, by_id: bool) -> None:
    role_id = await owner(world, "dave", "Shop Owners")
    before = await waiting(world, str(role_id) if by_id else " shop OWNERS ")
    assert before.message == "Awaiting 1 more approval(s) from approval roles. Roles: Shop Owners."
    assert (await assigned(world, "dave"), await assigned(world, "bob")) == ([before.id], [])
    with pytest.raises(SignalRoleMissing, match="Shop Owners"):
        await world.vote("bob", before)
    after = await world.vote("dave", before)
    assert after.status is Status.COMPLETE
    assert await assigned(world, "dave") == []


@pytest.mark.parametrize("value", [None, "", "Nobody", "4711", "$(Subject)"])
async def test_a_role_token_that_stands_for_no_role_fails_the_step_and_says_so(world: World, value: str | None) -> None:
    signals = (SignalConfiguration("ApprovalStatus", (world.approvers,), (OWNERS,)),)
    await world.publish(world.approval(signals=signals), step("EnrollStep"))
    with pytest.raises(
        Exception, match=r"the role token '\$\(metadata:Owner\)' stands for .* neither the id nor the name"
    ):
        await world.enroll(metadata={} if value is None else {"Owner": value})
    assert (await world.certificates(), await world.rows("awaited_signal")) == (0, 0)


async def test_ids_and_tokens_add_up_and_one_person_counts_once(world: World) -> None:
    await owner(world, "dave", "Owners")
    await assign_role(world.services, ROOT, "Owners", "CORP\\bob")
    signals = (SignalConfiguration("ApprovalStatus", (world.approvers,), (OWNERS, "Owners")),)
    await world.publish(world.approval(2, signals=signals), step("EnrollStep"))
    before = (await world.enroll(metadata={"Owner": "Owners"})).instance
    still = await world.vote("bob", before)
    assert (still.status, still.message) == (
        Status.SUSPENDED,
        "Awaiting 1 more approval(s) from approval roles. Roles: Approvers, Owners.",
    )
    assert (await world.vote("dave", still)).status is Status.COMPLETE


async def test_a11_a_role_renamed_while_an_instance_waits_stays_the_one_that_decides(world: World) -> None:
    await owner(world, "dave", "Owners")
    before = await waiting(world, "Owners", minimum=2)
    await rename(world, "Owners", "Old Owners")
    await owner(world, "erin", "Owners")
    with pytest.raises(SignalRoleMissing, match="Old Owners"):
        await world.vote("erin", before)
    still = await world.vote("dave", before)
    assert (still.status, still.message[-19:]) == (Status.SUSPENDED, " Roles: Old Owners.")
    await assign_role(world.services, ROOT, "Old Owners", "CORP\\bob")
    assert (await world.vote("bob", still)).status is Status.COMPLETE


async def test_a10_a_role_of_a_token_that_is_taken_away_takes_the_vote_away(world: World) -> None:
    await owner(world, "dave", "Owners")
    await world.person("erin", "Owners")
    await world.person("frank", "Owners")
    before = await world.vote("dave", await waiting(world, "Owners", minimum=2))
    await assign_role(world.services, ROOT, "Owners", "CORP\\dave", remove=True)
    still = await world.vote("erin", before)
    assert (still.status, still.message[:15]) == (Status.SUSPENDED, "Awaiting 1 more")
    assert (await world.vote("frank", still)).status is Status.COMPLETE


async def test_a01_a_requester_who_names_their_own_role_still_has_no_vote(world: World) -> None:
    before = await waiting(world, "Requesters")
    with pytest.raises(SelfApprovalRefused):
        await world.vote("alice", before)
    assert before.id not in await assigned(world, "alice")


async def test_somebody_without_a_role_of_the_token_is_not_told_where_the_instance_stands(world: World) -> None:
    await owner(world, "dave", "Owners")
    before = await waiting(world, "Owners")
    with pytest.raises(SignalRoleMissing) as refused:
        await world.vote("carol", before, key="Nothing.ApprovalStatus")
    assert "Suspended" not in refused.value.message
