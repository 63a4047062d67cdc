from datetime import timedelta
from typing import Any

import msgspec
import pytest
from tests.operations.conftest import World, step
from typing_extensions import override

from certloom.operations.runner import wake
from certloom.operations.signals import SignalRoleMissing, StepTypeAbsent
from certloom.steps.require_approval import RequireApproval
from certloom.store.moments import text_of
from certloom.workflow.instance import Status
from certloom.workflow.outcome import Outcome, Retry
from certloom.workflow.step import EffectStep, Prepared, Retries, StepContext


class Ask(RequireApproval):
    """An approval that another package brings."""

    extension_name = "Ask"


class Later(EffectStep):
    """Cannot be done now."""

    extension_name = "Later"
    display_name = "Later"
    retries = Retries.SAFE

    @override
    async def prepare(self, context: StepContext) -> Prepared:
        return Prepared({})

    @override
    async def perform(self, context: StepContext, intent: dict[str, Any]) -> Outcome:
        return Retry(timedelta(minutes=1), "the other side is away")


def forget(world: World, extension_name: str) -> None:
    """As after a start without the package."""
    known = world.services.step_types
    world.services.step_types = {name: one for name, one in known.items() if name != extension_name}


async def test_a08_a_vote_at_a_step_whose_type_is_gone_is_refused_and_counts_once_it_is_back(world: World) -> None:
    world.register(Ask())
    await world.publish(msgspec.structs.replace(world.approval(), extension_name="Ask"), step("EnrollStep"))
    waiting = (await world.enroll()).instance
    forget(world, "Ask")
    with pytest.raises(StepTypeAbsent, match="Step type Ask is not known"):
        await world.vote("bob", waiting)
    with pytest.raises(SignalRoleMissing):
        await world.vote("carol", waiting)
    assert await world.instance(waiting.id) == waiting
    assert await world.certificates() == 0
    world.register(Ask())
    assert (await world.vote("bob", waiting)).status is Status.COMPLETE


async def test_an_effect_whose_type_is_gone_when_it_is_tried_again_fails_with_its_name(world: World) -> None:
    world.register(Later())
    await world.publish(step("Later"), step("EnrollStep"))
    asleep = (await world.enroll()).instance
    assert asleep.wake_at is not None
    forget(world, "Later")
    world.clock.moved += timedelta(minutes=2)
    await wake(world.services, asleep.id, text_of(asleep.wake_at))
    await world.services.settle(asleep.id, 10)
    ended = await world.instance(asleep.id)
    assert ended.status is Status.FAILED
    assert "step type Later is not known" in ended.message
    assert await world.certificates() == 0
