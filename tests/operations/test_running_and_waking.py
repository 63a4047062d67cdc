import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from tests.operations.conftest import World, step
from typing_extensions import override

from certloom.operations.runner import advance, wake
from certloom.steps.require_approval import RequireApproval
from certloom.store.change import StoreUnavailable
from certloom.store.instances import due, journal_of
from certloom.store.moments import text_of
from certloom.worker.timetable import Timetable
from certloom.workflow.event import StepRetryScheduled, StepSkipped, StepStarted
from certloom.workflow.instance import Instance, Status
from certloom.workflow.outcome import Continue, Outcome, Retry, Suspend
from certloom.workflow.step import EffectStep, Prepared, Retries, StepContext, StepView


class Deadline(RequireApproval):
    """An approval that is looked at again after an hour."""

    extension_name = "Deadline"

    @override
    def run(self, view: StepView) -> Outcome:
        outcome = super().run(view)
        if isinstance(outcome, Suspend):
            return msgspec.structs.replace(outcome, wake_at=view.now + timedelta(hours=1))
        return outcome


class Effect(EffectStep):
    """Does what a test says, and remembers with which keys it was asked."""

    extension_name = "Effect"
    display_name = "Effect"
    retries = Retries.SAFE

    def __init__(self, *outcomes: Outcome, retries: Retries = Retries.SAFE) -> None:
        self.outcomes = list(outcomes)
        self.retries = retries  # type: ignore[misc]  # the class says SAFE; one test needs another
        self.asked: list[str] = []
        self.entered, self.go_on = asyncio.Event(), asyncio.Event()
        self.go_on.set()

    @override
    async def prepare(self, context: StepContext) -> Prepared:
        return Prepared({"number": len(self.asked)})

    @override
    async def perform(self, context: StepContext, intent: dict[str, Any]) -> Outcome:
        self.asked.append(context.key)
        self.entered.set()
        await self.go_on.wait()
        return self.outcomes.pop(0)


async def woken(world: World, instance: Instance) -> Instance:
    assert instance.wake_at is not None
    await wake(world.services, instance.id, text_of(instance.wake_at))
    await world.services.settle(instance.id, 10)
    return await world.instance(instance.id)


async def test_a08_a_deadline_never_approves(world: World) -> None:
    world.register(Deadline())
    await world.publish(msgspec.structs.replace(world.approval(), extension_name="Deadline"), step("EnrollStep"))
    before = (await world.enroll()).instance
    assert await woken(world, before) == before
    for _ in range(3):
        world.clock.moved += timedelta(hours=2)
        after = await woken(world, await world.instance(before.id))
        assert (after.status, after.awaited) == (Status.SUSPENDED, before.awaited)
    assert (await world.certificates(), after.signals) == (0, ())
    assert (await world.vote("bob", after)).status is Status.COMPLETE


async def test_a08_an_approval_without_a_deadline_is_never_woken(world: World) -> None:
    before = (await world.enroll()).instance
    world.clock.moved += timedelta(days=365)
    assert await due(world.services.database, world.clock(), 10) == []
    await wake(world.services, before.id, "")
    assert await world.instance(before.id) == before


async def test_a_step_that_asks_for_another_attempt_sleeps_and_is_tried_again_under_the_same_key(world: World) -> None:
    effect = Effect(Retry(timedelta(minutes=5), "the server is busy"), Continue({"Done": True}))
    world.register(effect)
    await world.publish(step("Effect"), step("EnrollStep"))
    asleep = (await world.enroll()).instance
    assert (asleep.status, asleep.message) == (Status.RUNNING, "the server is busy")
    assert asleep.wake_at is not None
    assert await due(world.services.database, world.clock(), 10) == []
    world.clock.moved += timedelta(minutes=6)
    assert await due(world.services.database, world.clock(), 10) == [(asleep.id, text_of(asleep.wake_at))]
    after = await woken(world, asleep)
    assert (after.status, after.data["Done"]) == (Status.COMPLETE, True)
    assert effect.asked == [f"{asleep.id}:Effect1:1"] * 2
    attempts = [e.attempt for e in await journal_of(world.services.database, asleep.id) if isinstance(e, StepStarted)]
    assert attempts == [1, 2, 1]


async def test_a_wake_of_an_instance_that_was_woken_already_does_nothing(world: World) -> None:
    world.register(Effect(Retry(timedelta(minutes=5), "busy"), Continue()))
    await world.publish(step("Effect"), step("EnrollStep"))
    asleep = (await world.enroll()).instance
    world.clock.moved += timedelta(minutes=6)
    after = await woken(world, asleep)
    await wake(world.services, asleep.id, "")
    assert await world.instance(asleep.id) == after
    retries = [e for e in await journal_of(world.services.database, asleep.id) if isinstance(e, StepRetryScheduled)]
    assert len(retries) == 1


async def test_an_effect_nobody_can_repeat_waits_for_a_person_after_an_interruption(world: World) -> None:
    effect = Effect(Continue(), retries=Retries.MANUAL)
    effect.go_on.clear()
    world.register(effect)
    await world.publish(step("Effect"), step("EnrollStep"))
    instance = (await world.enroll(wait_seconds=0)).instance
    await effect.entered.wait()
    await advance(world.services, instance.id)
    effect.go_on.set()
    after = await world.instance(instance.id)
    assert after.status is Status.FAILED
    assert "whether it happened is not known" in after.message
    assert len(effect.asked) == 1


async def test_a_certificate_id_another_process_took_is_planned_anew(world: World) -> None:
    await world.publish(step("EnrollStep"))
    first = (await world.enroll()).certificate
    world.services._certificate_id = 0
    second = (await world.enroll()).certificate
    assert first is not None
    assert second is not None
    assert second.id == first.id + 1
    assert await world.rows("issuance") == 2


async def test_a_disabled_step_and_an_untrue_condition_are_passed_by_and_recorded(world: World) -> None:
    drafts = (world.approval(name="Off", enabled=False), world.approval(name="If", conditions=("$(IsPFX)",)))
    await world.publish(*drafts, step("EnrollStep"))
    after = (await world.enroll()).instance
    assert after.status is Status.COMPLETE
    events = await journal_of(world.services.database, after.id)
    skipped = [(e.step, e.condition) for e in events if isinstance(e, StepSkipped)]
    assert skipped == [("Off", "the step is disabled"), ("If", "$(IsPFX)")]


async def test_steps_without_an_effect_are_not_committed_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.publish(step("EnrollStep"))
    commits = 0
    commit = world.services.database.commit

    async def counted(change: Any) -> None:
        nonlocal commits
        commits += 1
        await commit(change)

    monkeypatch.setattr(world.services.database, "commit", counted)
    await world.enroll()
    assert commits == 3


async def test_time_goes_on_whatever_happens_to_a_duty(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    seen: list[str] = []

    async def breaks() -> None:
        seen.append("tried")
        raise LookupError("a definition is gone") if len(seen) == 1 else StoreUnavailable("busy")

    timetable = Timetable(world.services)
    monkeypatch.setattr(timetable, "_wake_due", breaks)
    monkeypatch.setattr("certloom.worker.timetable._LOOK_EVERY", 0.0)
    keeping = asyncio.create_task(timetable.run())
    async with asyncio.timeout(10):
        while len(seen) < 3:  # noqa: ASYNC110 - the duty announces itself to nobody
            await asyncio.sleep(0)
    assert not keeping.done()
    keeping.cancel()


async def test_a_step_type_this_release_does_not_know_fails_its_instance(world: World) -> None:
    waiting = (await world.enroll()).instance
    kept = {name: one for name, one in world.services.step_types.items() if name != "EnrollStep"}
    world.services.step_types = kept
    ended = await world.vote("bob", waiting)
    assert ended.status is Status.FAILED
    assert ended.message.startswith("Step EnrollStep1 failed: step type EnrollStep is not known to this server")
