"""Approvals that fall out of reach because people change while they are waited for (check A14)."""

from collections.abc import Sequence

import pytest
from tests.operations.conftest import ROOT, World, make_csr

from certloom.operations import lost_approvers
from certloom.operations.lost_approvers import watch_approvers
from certloom.operations.roles import assign_role
from certloom.store.change import AuditEntry


async def warned(world: World) -> Sequence[AuditEntry]:
    return await world.audited("run instance", 1)


async def give(world: World, name: str, *, remove: bool = False) -> None:
    await assign_role(world.services, ROOT, "Approvers", f"CORP\\{name}", remove=remove)
    # The server's own timetable looks as well; whoever comes first has looked at all of them.
    for _ in range(5):
        await watch_approvers(world.services)


async def test_a14_an_approval_falls_out_of_reach_when_a_role_is_taken_away(world: World) -> None:
    waiting = (await world.enroll()).instance
    await give(world, "carol")
    assert await warned(world) == []
    await give(world, "carol", remove=True)
    await give(world, "bob", remove=True)
    (told,) = await warned(world)
    assert told.entity == waiting.id
    assert "RequireApproval1" in told.message


async def test_a14_it_is_told_once_until_it_was_within_reach_again(world: World) -> None:
    await world.enroll()
    await give(world, "bob", remove=True)
    await give(world, "alice", remove=True)
    assert len(await warned(world)) == 1
    await give(world, "carol")
    assert await world.rows("out_of_reach") == 0
    await give(world, "carol", remove=True)
    assert len(await warned(world)) == 2


async def test_a14_every_instance_is_looked_at_piece_by_piece(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lost_approvers, "_AT_ONCE", 2)
    waiting = {(await world.enroll(csr=make_csr(f"web0{n}.corp.example"))).instance.id for n in range(5)}
    await give(world, "bob", remove=True)
    assert {told.entity for told in await warned(world)} == waiting


async def test_a14_what_has_ended_is_not_looked_at(world: World) -> None:
    waiting = (await world.enroll()).instance
    await world.deny("bob", waiting)
    await give(world, "bob", remove=True)
    assert await warned(world) == [told for told in await warned(world) if "Denied" in told.message]
