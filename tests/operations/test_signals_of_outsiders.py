import pytest
from tests.operations.conftest import World

from certloom.operations.signals import SignalNotAwaited, SignalRoleMissing


async def test_somebody_without_any_role_is_not_told_where_an_instance_stands(world: World) -> None:
    waiting = (await world.enroll()).instance
    with pytest.raises(SignalRoleMissing) as refusal:
        await world.vote("carol", waiting, key="NoSuchStep.ApprovalStatus")
    assert "RequireApproval1" not in refusal.value.message
    assert "Suspended" not in refusal.value.message


async def test_an_approver_is_told_where_it_stands(world: World) -> None:
    waiting = (await world.enroll()).instance
    with pytest.raises(SignalNotAwaited, match=r"Suspended at step RequireApproval1.*RequireApproval1\.ApprovalStatus"):
        await world.vote("bob", waiting, key="NoSuchStep.ApprovalStatus")
