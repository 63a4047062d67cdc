from pathlib import Path
from uuid import UUID, uuid4

import pytest
from tests.operations.conftest import APPROVAL, World, world_of

from certloom.operations.instances import InstanceNotFound, read_one
from certloom.operations.signals import (
    AlreadySignalled,
    SelfApprovalRefused,
    SignalNotAwaited,
    SignalRoleMissing,
)
from certloom.store.certificates import read_certificate
from certloom.store.instances import instance_of, journal_of, read_row
from certloom.workflow.instance import Instance, Status
from certloom.workflow.journal import fold
from certloom.workflow.signal import SignalDataInvalid, SignalKeyInvalid


async def waiting(world: World) -> Instance:
    return (await world.enroll()).instance


async def unmoved(world: World, before: Instance) -> bool:
    return await world.instance(before.id) == before and await world.certificates() == 0


async def test_a_request_waits_for_approval_and_is_issued_after_it(world: World) -> None:
    before = await waiting(world)
    assert before.status is Status.SUSPENDED
    assert before.message == "Awaiting 1 more approval(s) from approval roles. Roles: Approvers."
    assert before.awaited == (APPROVAL,)
    assert await world.certificates() == 0
    after = await world.vote("bob", before, {"approved": "True", "comment": "fine"})
    assert after.status is Status.COMPLETE
    certificate = await read_certificate(world.services.database, after.data["KeyfactorId"])
    assert certificate is not None
    assert (certificate.requester, certificate.late) == ("CORP\\alice", 0)
    assert certificate.serial_number == after.data["SerialNumber"]
    assert after.data["ApprovalSignalComments"][0]["Comment"] == "fine"


async def test_the_journal_of_the_story_folds_to_its_row(world: World) -> None:
    after = await world.vote("bob", await waiting(world))
    found = await read_row(world.services.database, after.id)
    assert found is not None
    assert fold(await journal_of(world.services.database, after.id)) == instance_of(found[0])


async def test_a01_the_requester_is_refused_with_the_rule_named_and_audited(world: World) -> None:
    before = await waiting(world)
    with pytest.raises(SelfApprovalRefused, match="self-approval rule"):
        await world.vote("alice", before)
    assert await unmoved(world, before)
    (refusal,) = await world.audited("signal instance", level=1)
    assert (refusal.actor, refusal.entity) == ("CORP\\alice", before.id)
    assert "self-approval rule" in refusal.message


async def test_a02_without_any_setting_the_requester_may_not_even_deny(world: World) -> None:
    before = await waiting(world)
    with pytest.raises(SelfApprovalRefused):
        await world.deny("alice", before)
    assert await unmoved(world, before)


async def test_a01_the_step_itself_may_allow_the_requester(world: World) -> None:
    await world.publish(world.approval(parameters={"allowselfapproval": "True"}))
    after = await world.vote("alice", await waiting(world))
    assert after.status is Status.COMPLETE


async def test_a01_the_setting_may_allow_the_requester(data_folder: Path) -> None:
    async with world_of(data_folder, approvals_self="allow") as world:
        after = await world.vote("alice", await waiting(world))
    assert after.status is Status.COMPLETE


async def test_a_person_without_the_role_is_refused_and_sees_nothing(world: World) -> None:
    before = await waiting(world)
    with pytest.raises(SignalRoleMissing, match="none of the roles"):
        await world.vote("carol", before)
    assert await unmoved(world, before)
    reader = await world.person("rita", "Requesters")
    with pytest.raises(InstanceNotFound) as hidden:
        await read_one(world.services, reader, UUID(before.id))
    absent = uuid4()
    with pytest.raises(InstanceNotFound) as missing:
        await read_one(world.services, reader, absent)
    assert hidden.value.message.replace(before.id, str(absent)) == missing.value.message


async def test_a_denial_ends_the_instance_without_a_certificate(world: World) -> None:
    after = await world.deny("bob", await waiting(world))
    assert after.status is Status.REJECTED
    assert after.message == "Denied by CORP\\bob at step RequireApproval1: not today"
    assert (await world.certificates(), await world.rows("issuance")) == (0, 0)


async def test_a15_the_same_person_counts_once(world: World) -> None:
    await world.publish(world.approval(2))
    before = await world.vote("bob", await waiting(world))
    assert before.status is Status.SUSPENDED
    with pytest.raises(AlreadySignalled, match="one person counts once"):
        await world.vote("bob", before)
    with pytest.raises(AlreadySignalled):
        await world.deny("bob", before)
    assert await unmoved(world, before)


async def test_a15_a_signal_after_the_end_is_refused_with_where_it_stands(world: World) -> None:
    after = await world.vote("bob", await waiting(world))
    with pytest.raises(SignalNotAwaited, match="it is Complete at step EndNOOP"):
        await world.vote("bob", after)
    assert await world.instance(after.id) == after


@pytest.mark.parametrize("key", ["RequireApproval1.Other", "RequireApproval2.ApprovalStatus", "EndNOOP.ApprovalStatus"])
async def test_a15_a_signal_for_another_step_is_refused_with_what_is_awaited(world: World, key: str) -> None:
    before = await waiting(world)
    with pytest.raises(SignalNotAwaited, match=f"waits for {APPROVAL}"):
        await world.vote("bob", before, key=key)
    assert await unmoved(world, before)


async def test_a15_a_later_approval_step_cannot_be_signalled_in_advance(world: World) -> None:
    await world.publish(world.approval(), world.approval(name="Second"))
    before = await waiting(world)
    with pytest.raises(SignalNotAwaited):
        await world.vote("bob", before, key="Second.ApprovalStatus")
    assert await unmoved(world, before)


async def test_a15_a_key_without_a_dot_is_refused(world: World) -> None:
    before = await waiting(world)
    with pytest.raises(SignalKeyInvalid, match="step unique name"):
        await world.vote("bob", before, key="RequireApproval1")


async def test_a15_step_and_signal_are_found_ignoring_case(world: World) -> None:
    after = await world.vote("bob", await waiting(world), key="requireapproval1.APPROVALSTATUS")
    assert after.status is Status.COMPLETE


@pytest.mark.parametrize("data", [{}, {"Approved": "yes"}, {"Approved": 1}, {"Approved": None}, {"Comment": "yes"}])
async def test_a15_unclear_data_neither_approves_nor_denies(world: World, data: dict[str, object]) -> None:
    before = await waiting(world)
    with pytest.raises(SignalDataInvalid, match=r"Data\.Approved"):
        await world.vote("bob", before, data)
    assert await unmoved(world, before)


async def test_a_signal_for_an_unknown_instance_is_not_found(world: World) -> None:
    with pytest.raises(InstanceNotFound):
        await world.vote("bob", str(uuid4()))


async def test_a15_a_finished_step_takes_no_signal_and_the_one_that_waits_keeps_waiting(world: World) -> None:
    await world.person("dave", "Approvers")
    await world.publish(world.approval(), world.approval(name="RequireApproval2"))
    second = await world.vote("bob", await waiting(world))
    assert second.awaited == ("RequireApproval2.ApprovalStatus",)
    with pytest.raises(SignalNotAwaited, match="RequireApproval2"):
        await world.vote("dave", second)
    assert await unmoved(world, second)


async def test_a15_a_vote_moves_no_instance_but_the_one_it_names(world: World) -> None:
    one, other = await waiting(world), await waiting(world)
    await world.vote("bob", one)
    assert await world.instance(other.id) == other


async def test_a15_unknown_members_of_the_data_decide_nothing_and_are_not_kept(world: World) -> None:
    sent = {"Approved": "False", "Requester": "root", "Digest": "0", "Approvals": 9}
    after = await world.vote("bob", await waiting(world), sent)
    assert after.status is Status.REJECTED
    assert [signal.data for signal in after.signals] == [{"Approved": False}]
