import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from tests.operations.conftest import APPROVAL, ROOT, World, opened, step, world_of
from tests.operations.test_votes_in_a_race import just_before_the_first_vote_is_written

from certloom.operations.roles import assign_role
from certloom.operations.runner import wake
from certloom.operations.signals import SignalNotAwaited, signal_instance
from certloom.store.instances import due, journal_of
from certloom.store.moments import text_of
from certloom.store.outbox import due_mails, recipients_of
from certloom.workflow.event import SignalReceived, StepWoken
from certloom.workflow.instance import Instance, Status

LIMITED: Mapping[str, object] = {"TimeoutAfter": "3d"}
REMINDING: Mapping[str, object] = {
    "RemindAfter": "1d",
    "ReminderEmailSubject": "$(Subject) waits",
    "ReminderEmailMessage": "Please decide.",
    "ReminderEmailRecipients": ["team@corp.example; boss@corp.example", ""],
}


@pytest.fixture
async def world(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """Time passes when a test says so: the timetable and the outbox look once only."""
    monkeypatch.setattr("certloom.worker.timetable._LOOK_EVERY", 3600.0)
    monkeypatch.setattr("certloom.worker.outbox._LOOK_EVERY", 3600.0)
    async with world_of(data_folder) as opened_world:
        yield opened_world


async def waiting(world: World, parameters: Mapping[str, object], minimum: int = 1) -> Instance:
    await world.publish(world.approval(minimum, parameters=parameters), step("EnrollStep"))
    return (await world.enroll()).instance


async def woken(world: World, before: Instance) -> Instance:
    """Move the time to when the instance is due, and wake it."""
    assert before.wake_at is not None
    world.clock.moved += before.wake_at - world.clock()
    await wake(world.services, before.id, text_of(before.wake_at))
    await world.services.settle(before.id, 10)
    return await world.instance(before.id)


async def mails(world: World) -> list[tuple[str, tuple[str, ...], str, str]]:
    found = await due_mails(world.services.database, world.clock(), 100)
    return [(row.purpose, recipients_of(row), row.subject, row.message) for row in found]


async def test_a08_a_time_out_rejects_and_says_so(world: World) -> None:
    before = await waiting(world, LIMITED)
    assert before.wake_at is not None
    assert before.message == "Awaiting 1 more approval(s) from approval roles. Roles: Approvers."
    after = await woken(world, before)
    assert after.status is Status.REJECTED
    assert after.message == "Step RequireApproval1 was not approved within 3d: rejected by time-out."
    (told,) = await world.audited("run instance", level=1)
    assert (told.entity, told.message) == (after.id, after.message)
    assert (await world.certificates(), await world.rows("issuance"), await world.rows("awaited_signal")) == (0, 0, 0)


async def test_a08_a_time_out_after_some_approvals_rejects_all_the_same(world: World) -> None:
    await world.person("dave", "Approvers")
    before = await world.vote("bob", await waiting(world, LIMITED, 2))
    after = await woken(world, before)
    assert (after.status, await world.certificates()) == (Status.REJECTED, 0)


async def test_a08_votes_do_not_move_the_time_limit(world: World) -> None:
    before = await waiting(world, LIMITED, 2)
    world.clock.moved += timedelta(days=2)
    assert (await world.vote("bob", before)).wake_at == before.wake_at


async def test_a08_a_role_that_is_held_again_does_not_approve_when_time_comes(world: World) -> None:
    """Enough votes count once the role is back; still nobody voted after that, so nothing goes on."""
    await world.person("dave", "Approvers")
    before = await world.vote("bob", await waiting(world, {**LIMITED, **REMINDING}, 2))
    await assign_role(world.services, ROOT, "Approvers", "CORP\\bob", remove=True)
    before = await world.vote("dave", before)
    await assign_role(world.services, ROOT, "Approvers", "CORP\\bob")
    reminded = await woken(world, before)
    assert (reminded.status, reminded.message[:15]) == (Status.SUSPENDED, "Awaiting 1 more")
    for _ in range(2):
        reminded = await woken(world, reminded)
    assert (reminded.status, await world.certificates()) == (Status.REJECTED, 0)


async def test_a08_a_start_of_the_server_after_the_limit_never_approves(world: World) -> None:
    before = await waiting(world, LIMITED)
    world.clock.moved += timedelta(days=30)
    assert [one for one, _ in await due(world.services.database, world.clock(), 9)] == [before.id]
    assert (await woken(world, before)).status is Status.REJECTED


async def test_a07_a_vote_at_the_very_moment_of_the_time_out_comes_too_late(world: World) -> None:
    before = await waiting(world, LIMITED)
    assert before.wake_at is not None
    world.clock.moved += before.wake_at - world.clock()
    with pytest.raises(SignalNotAwaited, match="Rejected"):
        await world.vote("bob", before)
    after = await world.instance(before.id)
    assert (after.status, after.signals, await world.certificates()) == (Status.REJECTED, (), 0)


async def test_a07_a_time_out_while_a_vote_is_decided_wins_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    before = await waiting(world, LIMITED)

    async def happens() -> None:
        await woken(world, before)

    just_before_the_first_vote_is_written(world, monkeypatch, happens)
    with pytest.raises(SignalNotAwaited, match="Rejected"):
        await world.vote("bob", before)
    after = await world.instance(before.id)
    assert (after.status, after.signals, await world.certificates()) == (Status.REJECTED, (), 0)


async def test_a07_of_a_vote_and_a_time_out_in_two_processes_exactly_one_wins(world: World) -> None:
    before = await waiting(world, LIMITED)
    assert before.wake_at is not None
    wake_at = text_of(before.wake_at)
    async with opened(world.certloom.folder.path, enroll_wait_seconds=0) as other:
        # The other process's clock has reached the limit; in this one it is a moment before.
        world.clock.moved += before.wake_at - world.clock() - timedelta(seconds=30)
        other.services.clock = lambda: before.wake_at  # type: ignore[assignment,return-value]  # a clock that stands
        vote = signal_instance(world.services, await world.actor("bob"), UUID(before.id), APPROVAL, {"Approved": True})
        answers = await asyncio.gather(vote, wake(other.services, before.id, wake_at), return_exceptions=True)
    world.certloom.dispatcher.wake([before.id])
    world.clock.moved += timedelta(minutes=1)
    await world.services.settle(before.id, 10)
    after = await world.instance(before.id)
    events = await journal_of(world.services.database, before.id)
    voted = any(isinstance(event, SignalReceived) for event in events)
    timed_out = any(isinstance(event, StepWoken) for event in events)
    assert voted is not timed_out
    assert isinstance(answers[0], SignalNotAwaited) is timed_out
    assert (after.status, await world.certificates()) == ((Status.COMPLETE, 1) if voted else (Status.REJECTED, 0))


async def test_a_reminder_is_mailed_again_and_again_and_changes_nothing_else(world: World) -> None:
    before = await waiting(world, REMINDING)
    for times in (1, 2, 3):
        after = await woken(world, before)
        assert after.wake_at == before.wake_at + timedelta(days=1)  # type: ignore[operator]  # it waits with a reminder
        assert (after.status, after.message, after.awaited, after.modified_at) == (
            Status.SUSPENDED, before.message, before.awaited, before.modified_at
        )  # fmt: skip
        team = ("team@corp.example", "boss@corp.example")
        assert await mails(world) == [("ReminderEmail", team, "CN=web01.corp.example waits", "Please decide.")] * times
        before = after
    assert (await world.vote("bob", before)).status is Status.COMPLETE


async def test_missed_reminders_are_one_reminder(world: World) -> None:
    before = await waiting(world, REMINDING)
    world.clock.moved += timedelta(days=5, hours=1)
    await wake(world.services, before.id, "")
    await world.services.settle(before.id, 10)
    after = await world.instance(before.id)
    assert len(await mails(world)) == 1
    assert after.wake_at == before.wake_at + timedelta(days=5)  # type: ignore[operator]  # it waits with a reminder


async def test_a_vote_after_a_missed_reminder_counts(world: World) -> None:
    before = await waiting(world, REMINDING)
    world.clock.moved += timedelta(days=1, hours=1)
    assert (await world.vote("bob", before)).status is Status.COMPLETE


async def test_a_vote_that_is_not_enough_is_no_reason_to_remind(world: World) -> None:
    before = await waiting(world, REMINDING, 2)
    world.clock.moved += timedelta(hours=23)
    after = await world.vote("bob", before)
    assert (after.wake_at, await mails(world)) == (before.wake_at, [])
