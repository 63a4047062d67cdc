import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from tests.operations.conftest import APPROVAL, ROOT, World, opened

from certloom.operations.roles import assign_role
from certloom.operations.runner import advance
from certloom.operations.services import Services
from certloom.operations.signals import SignalNotAwaited, SignalRoleMissing, signal_instance
from certloom.store.change import Change
from certloom.workflow.instance import Instance, Status


def just_before_the_first_vote_is_written(
    world: World, monkeypatch: pytest.MonkeyPatch, happens: Callable[[], Awaitable[None]]
) -> None:
    """Let something happen after a vote was decided upon and before its Change is committed."""
    database = world.services.database
    commit, happened = database.commit, False

    async def commit_after(change: Change) -> None:
        nonlocal happened
        if not happened and any(event[2] == "SignalReceived" for one in change.instances for event in one.events):
            happened = True
            await happens()
        await commit(change)

    monkeypatch.setattr(database, "commit", commit_after)


async def waiting(world: World) -> Instance:
    return (await world.enroll()).instance


async def test_a07_a_role_taken_while_the_vote_is_decided_refuses_the_vote(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def happens() -> None:
        await assign_role(world.services, ROOT, "Approvers", "CORP\\bob", remove=True)

    before = await waiting(world)
    just_before_the_first_vote_is_written(world, monkeypatch, happens)
    with pytest.raises(SignalRoleMissing):
        await world.vote("bob", before)
    assert await world.instance(before.id) == before
    assert await world.certificates() == 0


async def test_a07_a_role_taken_from_an_earlier_voter_while_the_last_vote_is_decided_keeps_it_waiting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def happens() -> None:
        await assign_role(world.services, ROOT, "Approvers", "CORP\\bob", remove=True)

    await world.person("dave", "Approvers")
    await world.publish(world.approval(2))
    before = await world.vote("bob", await waiting(world))
    just_before_the_first_vote_is_written(world, monkeypatch, happens)
    after = await world.vote("dave", before)
    assert (after.status, after.message[:15]) == (Status.SUSPENDED, "Awaiting 1 more")


async def test_a07_a_denial_that_came_first_in_another_process_wins(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.person("dave", "Approvers")
    before = await waiting(world)
    async with opened(world.certloom.folder.path, enroll_wait_seconds=0) as other:

        async def happens() -> None:
            dave = await world.actor("dave")
            await signal_instance(other.services, dave, UUID(before.id), APPROVAL, {"Approved": False})

        just_before_the_first_vote_is_written(world, monkeypatch, happens)
        with pytest.raises(SignalNotAwaited, match="Rejected"):
            await world.vote("bob", before)
    assert (await world.instance(before.id)).status is Status.REJECTED
    assert await world.certificates() == 0


async def test_a05_votes_through_two_processes_are_neither_lost_nor_too_many(world: World) -> None:
    await world.publish(world.approval(2))
    people = [f"p{number}" for number in range(12)]
    for name in people:
        await world.person(name, "Approvers")
    before = await waiting(world)

    async def vote(services: Services, name: str) -> None:
        actor = await world.actor(name)
        await signal_instance(services, actor, UUID(before.id), APPROVAL, {"Approved": True})

    async with opened(world.certloom.folder.path, enroll_wait_seconds=0) as other:
        both = [world.services, other.services] * 6
        votes = [vote(services, name) for services, name in zip(both, people, strict=True)]
        answers = await asyncio.gather(*votes, return_exceptions=True)
    assert Counter(type(answer) for answer in answers) == {type(None): 2, SignalNotAwaited: 10}
    # The other process may have taken the last vote; it has no worker to go on with.
    await advance(world.services, before.id)
    await world.services.settle(before.id, 10)
    after = await world.instance(before.id)
    assert (after.status, len(after.signals)) == (Status.COMPLETE, 2)
    assert (await world.certificates(), await world.rows("issuance")) == (1, 1)
