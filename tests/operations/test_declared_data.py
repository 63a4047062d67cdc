"""What the data of every workflow type holds is what the type declares."""

import base64
from collections.abc import Iterable
from typing import Any

import pytest
from tests.operations.conftest import World, step
from tests.operations.keys import ask
from tests.operations.test_expirations import cover, issued, start
from tests.operations.test_revoking import require_approval, revoke

from certloom.app import WORKFLOW_TYPES
from certloom.store.instances import journal_of
from certloom.workflow.event import InstanceStarted
from certloom.workflow.instance import Instance, Status
from certloom.workflow.journal import SIGNAL_COMMENTS
from certloom.workflow.workflow_type import APPROVAL_COMMENTS, DataKey

KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "number": int,
    "boolean": bool,
    "object": dict,
    "array": list,
}


def declared(instance: Instance) -> dict[str, DataKey]:
    kind = next(one for one in WORKFLOW_TYPES if one.name == instance.definition.workflow_type)
    return {key.name: key for key in kind.data_keys}


def wrong_types(data: dict[str, Any], keys: dict[str, DataKey]) -> list[str]:
    return [
        name
        for name, value in data.items()
        if not isinstance(value, KINDS[keys[name].json_type])
        or (isinstance(value, bool) and keys[name].json_type != "boolean")
    ]


def check_objects(data: dict[str, Any], keys: Iterable[DataKey]) -> None:
    for key in keys:
        value = data.get(key.name)
        for one in value if isinstance(value, list) else [value]:
            if key.members and one is not None:
                optional = {"Comment"} if key is APPROVAL_COMMENTS else set()
                assert set(key.members) - optional <= set(one) <= set(key.members), key.name


async def check(world: World, instance: Instance, *, approved: bool, extra: frozenset[str] = frozenset()) -> None:
    """Initial and state data hold the declared keys, each in its type, and no other.

    Of the keys of a start that are there at times, exactly those of ``extra``.
    """
    at_times = {name for name, key in declared(instance).items() if key.added_by == "start" and key.when}
    assert extra <= at_times
    keys = {name: key for name, key in declared(instance).items() if name not in at_times - extra}
    at_start = {name for name, key in keys.items() if key.added_by == "start"}
    assert set(instance.initial_data) == at_start
    expected = {name for name, key in keys.items() if approved or key is not APPROVAL_COMMENTS}
    assert set(instance.data) == expected
    for data in (instance.initial_data, instance.data):
        assert wrong_types(data, keys) == []
        check_objects(data, keys.values())
    begun = (await journal_of(world.services.database, instance.id))[0]
    assert isinstance(begun, InstanceStarted)
    assert instance.initial_data == begun.data


async def enrollment(world: World) -> Instance:
    before = (await world.enroll(metadata={"Team": "shop"})).instance
    return await world.vote("bob", before, {"Approved": "True", "Comment": "fine"})


async def revocation(world: World) -> Instance:
    row = await issued(world)
    await require_approval(world)
    (suspended,) = (await revoke(world, row.id)).suspended
    return await world.vote("bob", suspended.instance_id)


async def expiration(world: World) -> Instance:
    row = await issued(world, metadata={"Team": "shop"})
    await cover(world, world.approval())
    return await world.vote("bob", await start(world, row))


@pytest.mark.parametrize("run", [enrollment, revocation, expiration])
async def test_every_workflow_type_holds_the_data_it_declares_and_no_other(world: World, run: Any) -> None:
    after = await run(world)
    assert after.status is Status.COMPLETE
    await check(world, after, approved=True)


async def test_without_an_approval_its_key_is_absent(world: World) -> None:
    await world.publish(step("EnrollStep"))
    await check(world, (await world.enroll()).instance, approved=False)


async def test_a_renewal_with_a_made_key_has_the_keys_of_both(world: World) -> None:
    await world.publish(step("EnrollStep"))
    before = (await world.enroll()).certificate
    assert before is not None
    after = (await ask(world, renewed_id=before.id, metadata={"Team": "shop"})).enrolled.instance
    assert base64.b64decode(after.data["CertificateToBeRenewed"]) == before.der
    await check(world, after, approved=False, extra=frozenset({"CustomName", "CertificateToBeRenewed"}))


def test_every_workflow_type_is_run_above() -> None:
    assert {one.name for one in WORKFLOW_TYPES} == {"Enrollment", "Revocation", "Expiration"}


def test_every_type_keeps_votes_under_the_same_key() -> None:
    assert APPROVAL_COMMENTS.name == SIGNAL_COMMENTS
    assert all(APPROVAL_COMMENTS in one.data_keys for one in WORKFLOW_TYPES)


async def test_a_comment_is_json_with_who_when_and_what(world: World) -> None:
    after = await enrollment(world)
    (comment,) = after.data[SIGNAL_COMMENTS]
    time = comment.pop("Time")
    assert comment == {
        "Step": "RequireApproval1",
        "Signal": "ApprovalStatus",
        "User": "CORP\\bob",
        "Approved": True,
        "Comment": "fine",
    }
    assert time.endswith("Z")
