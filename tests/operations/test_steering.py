"""Stop, retry and delete: what each allows, leaves behind, and refuses."""

import asyncio
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from tests.operations.conftest import ROOT, World, step
from typing_extensions import override

from certloom.errors import NotFound
from certloom.operations.access import PermissionMissing
from certloom.operations.roles import create_role
from certloom.operations.steering import (
    InstanceNotDeletable,
    InstanceNotRetryable,
    InstanceNotStoppable,
    delete_instance,
    retry_instance,
    stop_instance,
)
from certloom.store.change import GuardLost
from certloom.store.instances import journal_of
from certloom.workflow.event import StepRetried, StepStarted
from certloom.workflow.instance import Instance, Status
from certloom.workflow.journal import fold
from certloom.workflow.outcome import Continue, Fail, Outcome
from certloom.workflow.step import EffectStep, Prepared, PureStep, Retries, StepContext, StepView


class Fragile(EffectStep):
    """Fails as often as it is told to; its plan is a number nobody else gets."""

    extension_name = "Fragile"
    display_name = "Fragile"
    retries = Retries.MANUAL
    failures = 1
    plans: ClassVar[list[int]] = []
    performed: ClassVar[list[int]] = []

    @override
    async def prepare(self, context: StepContext) -> Prepared:
        self.plans.append(len(self.plans))
        return Prepared({"plan": self.plans[-1]})

    @override
    async def perform(self, context: StepContext, intent: dict[str, Any]) -> Outcome:
        self.performed.append(intent["plan"])
        return Fail("the wire is cut.") if len(self.performed) <= self.failures else Continue({"Mended": True})


class Undecided(PureStep):
    """Fails until it is said to be ready."""

    extension_name = "Undecided"
    display_name = "Undecided"
    ready = False

    @override
    def run(self, view: StepView) -> Outcome:
        return Continue({"Ready": True}) if self.ready else Fail("not ready.")


@pytest.fixture
def fragile(world: World) -> Fragile:
    Fragile.plans.clear()
    Fragile.performed.clear()
    step_type = Fragile()
    world.register(step_type)
    return step_type


async def manager(world: World) -> Any:
    await create_role(world.services, ROOT, "Managers", ["/workflows/instances/"])
    return await world.person("mona", "Managers")


async def settled(world: World, instance_id: str) -> Instance:
    await world.services.settle(instance_id, 10)
    return await world.instance(instance_id)


async def test_a_stopped_instance_is_rejected_and_says_who_stopped_it_where(world: World) -> None:
    mona, waiting = await manager(world), (await world.enroll()).instance
    await stop_instance(world.services, mona, UUID(waiting.id))
    stopped = await world.instance(waiting.id)
    assert stopped.status is Status.REJECTED
    assert stopped.message == "Stopped by CORP\\mona at step RequireApproval1."
    assert stopped.modified_at > waiting.modified_at
    assert await world.rows("awaited_signal") == 0
    assert await world.certificates() == 0
    assert [told.actor for told in await world.audited("stop instance")] == ["CORP\\mona"]


async def test_only_a_suspended_instance_can_be_stopped(world: World) -> None:
    mona, waiting = await manager(world), (await world.enroll()).instance
    await world.vote("bob", waiting)
    done = await settled(world, waiting.id)
    with pytest.raises(InstanceNotStoppable, match=r"is Complete at step EndNOOP\. Only a Suspended"):
        await stop_instance(world.services, mona, UUID(waiting.id))
    assert await world.instance(waiting.id) == done


async def test_an_approval_and_a_stop_at_the_same_moment_have_one_end(world: World) -> None:
    mona = await manager(world)
    for _ in range(8):
        waiting = (await world.enroll()).instance
        both = (world.vote("bob", waiting), stop_instance(world.services, mona, UUID(waiting.id)))
        _, second = await asyncio.gather(*both, return_exceptions=True)
        end = await settled(world, waiting.id)
        assert end.status in {Status.COMPLETE, Status.REJECTED}
        assert (end.status is Status.REJECTED) is (second is None)
        assert fold(await journal_of(world.services.database, end.id)) == end


async def test_a_failed_step_is_tried_again_in_the_same_instance(world: World) -> None:
    undecided, mona = Undecided(), await manager(world)
    world.register(undecided)
    await world.publish(step("Undecided"), step("EnrollStep"))
    with pytest.raises(Exception, match="not ready"):
        await world.enroll()
    (failed,) = [row[0] for row in await world.services.database.fetch_all("SELECT id FROM instance")]
    undecided.ready = True
    await retry_instance(world.services, mona, UUID(failed))
    done = await settled(world, failed)
    assert (done.status, done.data["Ready"], await world.certificates()) == (Status.COMPLETE, True, 1)
    assert (await world.audited("retry instance"))[0].message.startswith("Had step Undecided1 tried again.")


async def test_a_retried_effect_keeps_its_plan_where_a_person_decides(world: World, fragile: Fragile) -> None:
    mona = await manager(world)
    await world.publish(step("Fragile"), step("EnrollStep"))
    with pytest.raises(Exception, match="the wire is cut"):
        await world.enroll()
    (failed,) = [row[0] for row in await world.services.database.fetch_all("SELECT id FROM instance")]
    await retry_instance(world.services, mona, UUID(failed))
    done = await settled(world, failed)
    assert (done.status, done.data["Mended"]) == (Status.COMPLETE, True)
    assert (fragile.plans, fragile.performed) == ([0], [0, 0])
    events = [e for e in await journal_of(world.services.database, failed) if isinstance(e, StepStarted | StepRetried)]
    kinds = [type(event).__name__ for event in events if event.step == "Fragile1"]
    assert kinds == ["StepStarted", "StepRetried", "StepStarted"]


async def test_only_a_failed_instance_has_a_step_to_try_again(world: World) -> None:
    mona, waiting = await manager(world), (await world.enroll()).instance
    with pytest.raises(InstanceNotRetryable, match="is Suspended at step RequireApproval1"):
        await retry_instance(world.services, mona, UUID(waiting.id))


async def test_of_many_who_retry_at_once_one_is_heard(world: World, fragile: Fragile) -> None:
    mona = await manager(world)
    await world.publish(step("Fragile"), step("EnrollStep"))
    with pytest.raises(Exception, match="the wire is cut"):
        await world.enroll()
    (failed,) = [row[0] for row in await world.services.database.fetch_all("SELECT id FROM instance")]
    many = [retry_instance(world.services, mona, UUID(failed)) for _ in range(10)]
    answers = await asyncio.gather(*many, return_exceptions=True)
    await settled(world, failed)
    assert [answer for answer in answers if answer is None] == [None]
    assert {type(answer) for answer in answers if answer is not None} <= {InstanceNotRetryable, GuardLost}
    assert fragile.performed == [0, 0]


async def test_a_deleted_record_is_gone_with_its_journal_and_its_certificate_stays(world: World) -> None:
    mona, waiting = await manager(world), (await world.enroll()).instance
    await world.vote("bob", waiting)
    await settled(world, waiting.id)
    await delete_instance(world.services, mona, UUID(waiting.id))
    with pytest.raises(NotFound):
        await stop_instance(world.services, mona, UUID(waiting.id))
    assert [await world.rows(name) for name in ("instance", "journal", "signalled", "awaited_signal")] == [0, 0, 0, 0]
    assert await world.certificates() == 1
    assert await world.services.database.fetch_all("SELECT sum(total) FROM instance_count") == [(0,)]
    assert waiting.title in (await world.audited("delete instance"))[0].message


async def test_a_suspended_instance_is_not_deleted_before_it_is_stopped(world: World) -> None:
    mona, waiting = await manager(world), (await world.enroll()).instance
    with pytest.raises(InstanceNotDeletable, match="Stop it first"):
        await delete_instance(world.services, mona, UUID(waiting.id))
    await stop_instance(world.services, mona, UUID(waiting.id))
    await delete_instance(world.services, mona, UUID(waiting.id))
    assert await world.rows("instance") == 0


@pytest.mark.parametrize("steering", [stop_instance, retry_instance, delete_instance])
async def test_steering_needs_the_permission_to_manage_and_an_instance(world: World, steering: Any) -> None:
    waiting = (await world.enroll()).instance
    with pytest.raises(PermissionMissing, match="/workflows/instances/manage/"):
        await steering(world.services, await world.actor("bob"), UUID(waiting.id))
    with pytest.raises(NotFound, match="no workflow instance"):
        await steering(world.services, await manager(world), uuid4())
    assert (await world.instance(waiting.id)).status is Status.SUSPENDED
