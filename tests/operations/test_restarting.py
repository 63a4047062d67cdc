"""Restart: what the new instance keeps, what it leaves behind, and what it carries forward."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from tests.operations.conftest import ROOT, World, linear, make_csr, step
from typing_extensions import override

from certloom.identity.actor import Actor
from certloom.operations.access import PermissionMissing
from certloom.operations.certificates import revoke_certificates
from certloom.operations.definition_versions import save_steps
from certloom.operations.definitions import delete_definition, enable_definition
from certloom.operations.restarting import InstanceNotRestartable, VersionNotPublished, restart_instance
from certloom.operations.roles import create_role
from certloom.operations.triggers import DefinitionDisabled
from certloom.store.instances import journal_of
from certloom.workflow.event import InstanceStarted, StepCompleted
from certloom.workflow.instance import Instance, Status
from certloom.workflow.journal import SIGNAL_COMMENTS, fold
from certloom.workflow.outcome import Continue, Fail, Outcome
from certloom.workflow.step import PureStep, StepView


class Broken(PureStep):
    """Fails until it is mended, and sets a value when it does not."""

    extension_name = "Broken"
    display_name = "Broken"
    mended = False

    @override
    def run(self, view: StepView) -> Outcome:
        return Continue({"Mended": True}) if self.mended else Fail("broken.")


class Rewriting(PureStep):
    """Asks for another name than the request did, when it is told to."""

    extension_name = "Rewriting"
    display_name = "Rewriting"
    changes_request = True
    sans: Mapping[str, list[str]] | None = None

    @override
    def run(self, view: StepView) -> Outcome:
        return Continue({} if self.sans is None else {"SANs": self.sans})


@pytest.fixture
async def mona(world: World) -> Actor:
    await create_role(world.services, ROOT, "Managers", ["/workflows/instances/"])
    return await world.person("mona", "Managers")


async def settled(world: World, instance_id: str) -> Instance:
    await world.services.settle(instance_id, 10)
    return await world.instance(instance_id)


async def failed_after_issuance(world: World, broken: Broken) -> Instance:
    world.register(broken)
    await world.publish(world.approval(), step("EnrollStep"), step("Broken"))
    waiting = (await world.enroll()).instance
    await world.vote("bob", waiting)
    failed = await settled(world, waiting.id)
    assert (failed.status, await world.certificates()) == (Status.FAILED, 1)
    return failed


async def restart(world: World, actor: Actor, before: Instance, *args: int, **fields: Any) -> Instance:
    return await settled(world, await restart_instance(world.services, actor, UUID(before.id), *args, **fields))


async def test_a_restart_puts_a_new_instance_in_place_of_the_old_one(world: World, mona: Actor) -> None:
    waiting = (await world.enroll()).instance
    new = await restart(world, mona, waiting)
    old = await world.instance(waiting.id)
    assert (old.status, old.superseded_by) == (Status.CANCELED_FOR_RESTART, new.id)
    assert old.message == f"Superseded by instance {new.id}, restarted by CORP\\mona."
    assert old.modified_at > waiting.modified_at
    assert (new.initiator, new.initiator_id, new.title) == (waiting.initiator, waiting.initiator_id, waiting.title)
    assert (new.initial_data, new.status) == (waiting.initial_data, Status.SUSPENDED)
    assert new.id != waiting.id
    for one in (old, new):
        assert fold(await journal_of(world.services.database, one.id)) == one


async def test_a_restart_drops_approvals_and_what_steps_had_set(world: World, mona: Actor) -> None:
    await world.publish(
        step("PowerShell", parameters={"ScriptContent": "@{ Team = 'shop' }"}), world.approval(2), step("EnrollStep")
    )
    waiting = await world.vote("bob", (await world.enroll()).instance)
    assert (waiting.data["Team"], len(waiting.signals)) == ("shop", 1)
    await world.publish(world.approval(2), step("EnrollStep"))
    new = await restart(world, mona, waiting)
    assert (new.signals, new.status) == ((), Status.SUSPENDED)
    assert not {"Team", SIGNAL_COMMENTS} & new.data.keys()
    assert len((await world.vote("bob", new)).signals) == 1


async def test_a_restart_runs_on_the_version_in_use_or_on_the_one_that_is_named(world: World, mona: Actor) -> None:
    waiting = (await world.enroll()).instance
    await world.publish(world.approval(2), step("EnrollStep"))
    newest = await restart(world, mona, waiting)
    older = await restart(world, mona, newest, 1)
    assert (waiting.definition.version, newest.definition.version, older.definition.version) == (1, 2, 1)


async def test_a_version_that_was_never_published_is_refused(world: World, mona: Actor) -> None:
    waiting = (await world.enroll()).instance
    await save_steps(world.services, ROOT, world.definition, linear(step("EnrollStep")))
    for version in (2, 3, 0):
        with pytest.raises(VersionNotPublished, match=f"no version {version} that was published"):
            await restart_instance(world.services, mona, UUID(waiting.id), version)
    assert await world.instance(waiting.id) == waiting


async def test_after_its_definition_was_deleted_an_instance_restarts_on_a_version_that_is_named(
    world: World, mona: Actor
) -> None:
    waiting = (await world.enroll()).instance
    await delete_definition(world.services, ROOT, world.definition)
    with pytest.raises(VersionNotPublished, match="name a published one"):
        await restart_instance(world.services, mona, UUID(waiting.id))
    assert (await restart(world, mona, waiting, 1)).status is Status.SUSPENDED


async def test_only_what_failed_or_waits_is_restarted(world: World, mona: Actor) -> None:
    denied = await world.deny("bob", (await world.enroll()).instance)
    with pytest.raises(InstanceNotRestartable, match="is Rejected"):
        await restart_instance(world.services, mona, UUID(denied.id))
    assert await world.rows("instance") == 1


async def test_restarting_needs_to_manage_and_to_read(world: World) -> None:
    waiting = (await world.enroll()).instance
    for number, held in enumerate((["/workflows/instances/manage/"], ["/workflows/instances/read/"])):
        await create_role(world.services, ROOT, f"Half{number}", held)
        with pytest.raises(PermissionMissing):
            await restart_instance(
                world.services, await world.person(f"half{number}", f"Half{number}"), UUID(waiting.id)
            )


async def test_a_definition_that_is_switched_off_restarts_nothing(world: World, mona: Actor) -> None:
    waiting = (await world.enroll()).instance
    await enable_definition(world.services, ROOT, world.definition, enabled=False)
    with pytest.raises(DefinitionDisabled):
        await restart_instance(world.services, mona, UUID(waiting.id))


async def test_of_many_restarts_at_once_one_happens(world: World, mona: Actor) -> None:
    waiting = (await world.enroll()).instance
    many = [restart_instance(world.services, mona, UUID(waiting.id)) for _ in range(10)]
    answers = await asyncio.gather(*many, return_exceptions=True)
    assert len([answer for answer in answers if isinstance(answer, str)]) == 1
    assert await world.rows("instance") == 2


async def test_a_certificate_that_was_issued_is_carried_forward_once_the_new_approval_is_there(
    world: World, mona: Actor
) -> None:
    broken = Broken()
    failed = await failed_after_issuance(world, broken)
    broken.mended = True
    new = await restart(world, mona, failed)
    assert (new.status, "KeyfactorId" in new.data) == (Status.SUSPENDED, False)
    await world.vote("bob", new)
    done = await settled(world, new.id)
    assert (done.status, await world.certificates()) == (Status.COMPLETE, 1)
    assert done.data["KeyfactorId"] == failed.data["KeyfactorId"]
    assert done.data["CACertificate"] == failed.data["CACertificate"]
    (told,) = [
        event.messages
        for event in await journal_of(world.services.database, done.id)
        if isinstance(event, StepCompleted) and event.step == "EnrollStep1"
    ]
    assert failed.id in told[0]


async def test_what_was_issued_is_carried_over_several_restarts(world: World, mona: Actor) -> None:
    broken = Broken()
    failed = await failed_after_issuance(world, broken)
    second = await restart(world, mona, failed)
    third = await restart(world, mona, second)
    await world.vote("bob", third)
    await settled(world, third.id)
    broken.mended = True
    fourth = await restart(world, mona, await world.instance(third.id))
    await world.vote("bob", fourth)
    done = await settled(world, fourth.id)
    assert (done.status, await world.certificates()) == (Status.COMPLETE, 1)
    first = (await journal_of(world.services.database, fourth.id))[0]
    assert isinstance(first, InstanceStarted)
    assert (first.restarted, [effect.instance_id for effect in first.carried]) == (third.id, [failed.id])


async def test_reissue_asks_for_another_certificate(world: World, mona: Actor) -> None:
    broken = Broken()
    failed = await failed_after_issuance(world, broken)
    broken.mended = True
    new = await restart(world, mona, failed, reissue=True)
    await world.vote("bob", new)
    done = await settled(world, new.id)
    assert (done.status, await world.certificates()) == (Status.COMPLETE, 2)


async def test_a_certificate_for_another_request_is_not_carried_forward(world: World, mona: Actor) -> None:
    broken, rewriting = Broken(), Rewriting()
    world.register(rewriting)
    world.register(broken)
    await world.publish(step("Rewriting"), step("EnrollStep"), step("Broken"))
    failed = (await world.enroll()).instance
    assert (failed.status, await world.certificates()) == (Status.FAILED, 1)
    broken.mended, rewriting.sans = True, {"dns": ["other.corp.example"]}
    done = await restart(world, mona, failed)
    assert (done.status, await world.certificates()) == (Status.COMPLETE, 2)


async def test_a_certificate_that_was_revoked_meanwhile_is_not_carried_forward(world: World, mona: Actor) -> None:
    broken = Broken()
    failed = await failed_after_issuance(world, broken)
    await revoke_certificates(world.services, ROOT, [failed.data["KeyfactorId"]], reason=4, comment="replaced")
    broken.mended = True
    new = await restart(world, mona, failed)
    await world.vote("bob", new)
    done = await settled(world, new.id)
    assert (done.status, await world.certificates()) == (Status.COMPLETE, 2)
    assert done.data["KeyfactorId"] != failed.data["KeyfactorId"]


async def test_who_asks_again_after_a_restart_gets_the_new_instance(world: World, mona: Actor) -> None:
    csr = make_csr()
    waiting = (await world.enroll(csr=csr)).instance
    new = await restart(world, mona, waiting)
    assert (await world.enroll(csr=csr)).instance.id == new.id
    assert await world.rows("instance") == 2
