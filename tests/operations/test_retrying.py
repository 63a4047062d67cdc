import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from tests.operations.conftest import ROOT, World, step, world_of
from typing_extensions import override

from certloom.authorities.embedded.lint import LintUnavailable
from certloom.operations.runner import advance, wake
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
from certloom.store.moments import text_of
from certloom.workflow.event import StepRetryScheduled, StepStarted
from certloom.workflow.instance import Instance, Phase, Status
from certloom.workflow.outcome import Continue, Outcome
from certloom.workflow.outgoing import NotDone, PerhapsDone
from certloom.workflow.step import EffectStep, Prepared, Retries, StepContext

SAFE, MANUAL = Retries.SAFE, Retries.MANUAL


class Calling(EffectStep):
    """Fails as a test says, then succeeds; counts how often it was prepared and what it was asked to do."""

    extension_name = "Calling"
    display_name = "Calling"
    retries = Retries.SAFE

    def __init__(self, *failures: Exception, retries: Retries = SAFE) -> None:
        self.failures = list(failures)
        self.retries = retries  # type: ignore[misc]  # the class says SAFE; some tests need another
        self.prepared = 0
        self.asked: list[tuple[str, Any]] = []
        self.entered, self.go_on = asyncio.Event(), asyncio.Event()
        self.go_on.set()

    @override
    async def prepare(self, context: StepContext) -> Prepared:
        self.prepared += 1
        return Prepared({"number": self.prepared})

    @override
    async def perform(self, context: StepContext, intent: dict[str, Any]) -> Outcome:
        self.asked.append((context.key, intent["number"]))
        self.entered.set()
        await self.go_on.wait()
        if self.failures:
            raise self.failures.pop(0)
        return Continue({"Called": True})


async def started(world: World, calling: Calling, **parameters: object) -> Instance:
    world.register(calling)
    await world.publish(step("Calling", parameters=parameters), step("EnrollStep"))
    instance = (await world.enroll(wait_seconds=0)).instance
    await world.services.settle(instance.id, 10)
    return await world.instance(instance.id)


async def woken(world: World, instance: Instance) -> Instance:
    assert instance.wake_at is not None
    world.clock.moved += max(instance.wake_at - world.clock(), timedelta(0)) + timedelta(seconds=1)
    await wake(world.services, instance.id, text_of(instance.wake_at))
    await world.services.settle(instance.id, 10)
    return await world.instance(instance.id)


async def retries_of(world: World, instance: Instance) -> list[int]:
    journal = await journal_of(world.services.database, instance.id)
    return [event.attempt for event in journal if isinstance(event, StepRetryScheduled)]


async def test_a_failure_that_may_pass_is_tried_again_with_the_same_intent_and_key(world: World) -> None:
    calling = Calling(NotDone("Busy."), PerhapsDone("Lost."))
    asleep = await started(world, calling)
    assert (asleep.status, asleep.cursor and asleep.cursor.phase) == (Status.RUNNING, Phase.ASLEEP)
    assert "Busy." in asleep.message
    again = await woken(world, asleep)
    after = await woken(world, again)
    assert (after.status, after.data["Called"]) == (Status.COMPLETE, True)
    assert calling.asked == [(f"{asleep.id}:Calling1:1", 1)] * 3
    assert (calling.prepared, await retries_of(world, after)) == (1, [1, 2])


async def test_after_the_last_attempt_the_instance_fails(world: World) -> None:
    calling = Calling(NotDone("Busy."), NotDone("Still busy."))
    after = await woken(world, await started(world, calling, RetryAttempts=2))
    assert after.status is Status.FAILED
    assert after.message == "Step Calling1 failed: Still busy. It was tried 2 time(s)."


async def test_what_must_not_happen_twice_is_only_tried_again_when_it_did_not_happen(world: World) -> None:
    calling = Calling(NotDone("Busy."), PerhapsDone("Lost."), retries=MANUAL)
    after = await woken(world, await started(world, calling))
    assert after.status is Status.FAILED
    assert "not known" in after.message
    assert len(calling.asked) == 2


async def test_an_author_may_say_that_a_second_time_does_no_harm(world: World) -> None:
    calling = Calling(PerhapsDone("Lost."), retries=MANUAL)
    after = await woken(world, await started(world, calling, RetryOn="any"))
    assert (after.status, len(calling.asked)) == (Status.COMPLETE, 2)


@pytest.mark.parametrize(("retries", "status"), [(SAFE, Status.RUNNING), (MANUAL, Status.FAILED)])
async def test_an_effect_that_takes_too_long_is_stopped(world: World, retries: Retries, status: Status) -> None:
    calling = Calling(retries=retries)
    calling.go_on.clear()
    stopped = await started(world, calling, TimeLimitSeconds=1)
    assert stopped.status is status
    assert "time limit of 1 seconds" in stopped.message


async def test_a_time_out_inside_an_effect_is_a_fault_and_not_its_time_limit(world: World) -> None:
    failed = await started(world, Calling(TimeoutError("its own")))
    assert failed.status is Status.FAILED
    assert "unexpected fault" in failed.message


async def test_i01_a_restart_between_two_attempts_loses_neither_of_them(data_folder: Path) -> None:
    async with world_of(data_folder) as world:
        first = Calling(NotDone("Busy."))
        asleep = await started(world, first)
    async with world_of(data_folder) as world:
        second = Calling()
        world.register(second)
        assert await world.instance(asleep.id) == asleep
        after = await woken(world, asleep)
        assert after.status is Status.COMPLETE
    assert (second.prepared, second.asked) == (0, first.asked)


async def test_i01_a_crash_during_a_second_attempt_is_taken_over_with_the_same_intent(world: World) -> None:
    calling = Calling(NotDone("Busy."))
    asleep = await started(world, calling)
    calling.go_on.clear()
    calling.entered.clear()
    assert asleep.wake_at is not None
    world.clock.moved += timedelta(hours=1)
    await wake(world.services, asleep.id, text_of(asleep.wake_at))
    await calling.entered.wait()
    taking_over = asyncio.create_task(advance(world.services, asleep.id))
    async with asyncio.timeout(10):
        while len(calling.asked) < 3:  # noqa: ASYNC110 - the attempt announces itself to nobody else
            await asyncio.sleep(0.01)
    calling.go_on.set()
    await taking_over
    await world.services.settle(asleep.id, 10)
    assert (await world.instance(asleep.id)).status is Status.COMPLETE
    assert len(set(calling.asked)) == 1
    journal = await journal_of(world.services.database, asleep.id)
    attempts = [event.attempt for event in journal if isinstance(event, StepStarted) and event.step == "Calling1"]
    assert attempts == [1, 2, 3]


async def test_an_approved_request_outlives_a_linter_that_does_not_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    linter = world.certloom.linter
    real, failures = linter.findings, [LintUnavailable("The linter gave no answer.")]

    async def findings(der: bytes) -> Any:
        if failures:
            raise failures.pop()
        return await real(der)

    waiting = (await world.enroll()).instance
    monkeypatch.setattr(linter, "findings", findings)
    asleep = await world.vote("bob", waiting)
    await world.services.settle(asleep.id, 10)
    asleep = await world.instance(asleep.id)
    assert (asleep.status, await world.certificates()) == (Status.RUNNING, 0)
    after = await woken(world, asleep)
    assert (after.status, await world.certificates()) == (Status.COMPLETE, 1)


async def test_a_person_has_the_next_attempt_made_at_once(world: World) -> None:
    calling = Calling(NotDone("Busy."), NotDone("Still busy."))
    asleep = await started(world, calling)
    for _ in range(2):
        await retry_instance(world.services, ROOT, UUID(asleep.id))
        await world.services.settle(asleep.id, 10)
    after = await world.instance(asleep.id)
    assert (after.status, len(calling.asked), calling.prepared) == (Status.COMPLETE, 3, 1)
    told = [entry.message for entry in await world.audited("retry instance")]
    assert [("Busy." in one, "Still busy." in one) for one in told] == [(True, False), (False, True)]


async def test_of_many_who_want_the_next_attempt_one_has_it_made(world: World) -> None:
    calling = Calling(NotDone("Busy."))
    asleep = await started(world, calling)
    many = [retry_instance(world.services, ROOT, UUID(asleep.id)) for _ in range(10)]
    answers = await asyncio.gather(*many, return_exceptions=True)
    await world.services.settle(asleep.id, 10)
    assert [answer for answer in answers if answer is None] == [None]
    assert {type(answer) for answer in answers if answer is not None} <= {InstanceNotRetryable, GuardLost}
    assert len(calling.asked) == 2


async def test_an_instance_between_two_attempts_says_what_becomes_of_it_when_it_cannot_be_stopped(world: World) -> None:
    asleep = await started(world, Calling(NotDone("Busy.")))
    assert asleep.wake_at is not None
    due = asleep.wake_at.isoformat(timespec="seconds").replace("+00:00", "Z")
    for steering, error in ((stop_instance, InstanceNotStoppable), (delete_instance, InstanceNotDeletable)):
        with pytest.raises(error, match=f"attempted again at {due}; Retry makes that attempt now"):
            await steering(world.services, ROOT, UUID(asleep.id))
    assert await world.instance(asleep.id) == asleep
