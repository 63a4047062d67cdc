from datetime import timedelta

from tests.operations.conftest import ROOT, World

from certloom.operations.first_administrator import issue_first_admin_token
from certloom.operations.retention import forget_outdated


async def test_repeats_and_tokens_are_forgotten_once_they_mean_nothing(world: World) -> None:
    await world.enroll()
    await issue_first_admin_token(world.services, ROOT, timedelta(hours=1))
    await forget_outdated(world.services)
    assert (await world.rows("repeat"), await world.rows("token")) == (1, 1)
    world.clock.moved += timedelta(minutes=world.services.settings.repeat_minutes, seconds=1)
    await forget_outdated(world.services)
    assert (await world.rows("repeat"), await world.rows("token")) == (0, 1)
    world.clock.moved += timedelta(hours=1)
    await forget_outdated(world.services)
    assert await world.rows("token") == 0
