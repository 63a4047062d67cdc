from uuid import UUID

import msgspec
import pytest
from tests.operations.conftest import ROOT, World, step

from certloom.identity.claim import LOCAL_PROVIDER, ClaimType
from certloom.operations.explaining import explain_instance
from certloom.operations.instances import InstanceNotFound
from certloom.operations.roles import assign_role, create_role
from certloom.store.accounts import holders_of, list_accounts, read_account, read_role_by_id, read_roles_of
from certloom.store.change import Change
from certloom.store.claims import AccountClaimRow, ClaimRow, RoleClaimRow
from certloom.store.rows import Put
from certloom.workflow.explanation import Explanation
from certloom.workflow.instance import Instance, Status


async def explained(world: World, instance: Instance, name: str = "") -> Explanation:
    actor = await world.actor(name) if name else ROOT
    return await explain_instance(world.services, actor, UUID(instance.id))


async def warnings(world: World) -> list[str]:
    return [told.message for told in await world.audited("run instance", level=1)]


async def test_a_waiting_instance_is_explained_to_whoever_may_read_it(world: World) -> None:
    waiting = (await world.enroll()).instance
    for reader in ("alice", "bob"):
        told = await explained(world, waiting, reader)
        assert (told.status, told.step, told.out_of_reach) == (Status.SUSPENDED, "RequireApproval1", False)
        # bob; alice made the request.
        assert [(one.roles, one.missing, one.people) for one in told.awaited] == [(("Approvers",), 1, 1)]
        assert [one.step for one in told.next_steps] == ["EnrollStep1"]
    await world.person("eve", "Requesters")
    with pytest.raises(InstanceNotFound):
        await explained(world, waiting, "eve")


async def test_a14_an_approval_nobody_can_give_is_told_in_the_audit_log_when_it_begins(world: World) -> None:
    role = await create_role(world.services, ROOT, "Nobody", [])
    await world.publish(world.approval(signals=(world.signal(role.id),)), step("EnrollStep"))
    waiting = (await world.enroll()).instance
    assert waiting.message == "Awaiting 1 more approval(s) from approval roles. Roles: Nobody."
    (told,) = await warnings(world)
    assert "Too few people can: 0." in told
    assert (await explained(world, waiting)).out_of_reach


async def test_a14_an_approval_somebody_can_give_is_no_warning(world: World) -> None:
    await world.enroll()
    assert await warnings(world) == []


async def test_a14_two_needed_where_one_is_left_after_the_requester_is_out_of_reach(world: World) -> None:
    await world.publish(world.approval(2), step("EnrollStep"))
    await world.enroll()
    assert len(await warnings(world)) == 1


async def test_a14_a_vote_that_leaves_too_few_is_told_in_its_own_commit(world: World) -> None:
    await world.person("dave", "Approvers")
    await world.publish(world.approval(2), step("EnrollStep"))
    waiting = (await world.enroll()).instance
    assert await warnings(world) == []
    await world.disable("dave")
    await world.vote("bob", waiting)
    assert len(await warnings(world)) == 1


async def test_a14_a_role_change_is_seen_at_once(world: World) -> None:
    waiting = (await world.enroll()).instance
    await assign_role(world.services, ROOT, "Approvers", "CORP\\bob", remove=True)
    assert (await explained(world, waiting)).out_of_reach
    await assign_role(world.services, ROOT, "Approvers", "CORP\\bob")
    assert not (await explained(world, waiting)).out_of_reach


async def test_a_step_whose_type_is_gone_is_explained_all_the_same(world: World) -> None:
    waiting = (await world.enroll()).instance
    kept = world.services.step_types
    world.services.step_types = {name: one for name, one in kept.items() if name != "RequireApproval"}
    told = await explained(world, waiting)
    assert (told.status, told.step, told.awaited) == (Status.SUSPENDED, "RequireApproval1", ())


async def test_time_limits_and_reminders_are_told_with_their_moments(world: World) -> None:
    parameters = {"TimeoutAfter": "3d", "RemindAfter": "1d", "ReminderEmailRecipients": ["a@b.example"]}
    await world.publish(world.approval(parameters=parameters), step("EnrollStep"))
    waiting = (await world.enroll()).instance
    told = await explained(world, waiting)
    assert [due.what for due in told.dates] == [
        "A reminder is mailed.",
        "The step rejects the instance: a time-out never approves.",
    ]
    assert told.dates[0].at == waiting.wake_at


async def test_a14_people_are_counted_as_votes_are_however_a_role_came_to_them(world: World) -> None:
    """By a role of their own, by a claim that names the account, by one a provider made; never when disabled."""
    database = world.services.database
    claimed = await create_role(world.services, ROOT, "Claimed", [])
    off = await create_role(world.services, ROOT, "Off", [])
    for name in ("dave", "erin", "frank"):
        await world.person(name, "Approvers", "Off")
    await world.disable("frank")
    row = await read_account(database, "corp\\carol")
    dave = await read_account(database, "corp\\dave")
    off_row = await read_role_by_id(database, off.id)
    assert row is not None
    assert dave is not None
    assert off_row is not None
    texts = {"value": "x", "description": ""}
    named = ClaimRow(id=901, claim_type=ClaimType.USER.value, value_key="corp\\carol", provider=LOCAL_PROVIDER, **texts)
    made = ClaimRow(id=902, claim_type=ClaimType.USER.value, value_key="pki", provider="oidc", **texts)
    writes = (
        Put(named),
        Put(made),
        Put(RoleClaimRow(role_id=claimed.id, claim_id=901)),
        Put(RoleClaimRow(role_id=claimed.id, claim_id=902)),
        Put(AccountClaimRow(account_id=dave.id, claim_id=902)),
        Put(msgspec.structs.replace(off_row, enabled=0)),
    )
    await database.commit(Change(writes=writes))
    for wanted in ([claimed.id], [world.approvers], [off.id], [claimed.id, world.approvers], []):
        expected = set()
        for account in await list_accounts(database):
            held = {role.id for role in await read_roles_of(database, account.id)}
            if held & set(wanted) and not account.disabled:
                expected.add(account.id)
        assert await holders_of(database, wanted) == expected
    assert await holders_of(database, [claimed.id]) == {row.id, dave.id}
