import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from tests.operations.conftest import ROOT, World, step, world_of

from certloom.authorities.embedded.authority import EmbeddedAuthority
from certloom.operations.certificates import revoke_certificates
from certloom.operations.runner import advance
from certloom.pki.authority import IssuePlan
from certloom.store.certificates import CertificateRow, read_certificate
from certloom.store.change import Change
from certloom.store.instances import instance_write
from certloom.workflow.event import InstanceRejected
from certloom.workflow.instance import Status
from certloom.workflow.journal import apply

Interfere = Callable[[int, str], Awaitable[None]]


@pytest.fixture
async def world(data_folder: Path) -> AsyncIterator[World]:
    async with world_of(data_folder, enroll_wait_seconds=20) as opened:
        await opened.publish(step("EnrollStep"))
        yield opened


def between_signing_and_recording(world: World, monkeypatch: pytest.MonkeyPatch, interfere: Interfere) -> None:
    """Call ``interfere(n, instance id)`` after the n-th signature, before its worker can record it."""
    (authority,) = world.services.authorities.values()
    assert isinstance(authority, EmbeddedAuthority)
    issue, calls = authority.issue, 0

    async def interrupted(plan: IssuePlan) -> bytes:
        nonlocal calls
        calls += 1
        number, certificate = calls, await issue(plan)
        ((instance_id,),) = await world.services.database.fetch_all("SELECT id FROM instance")
        await interfere(number, instance_id)
        return certificate

    monkeypatch.setattr(authority, "issue", interrupted)


async def some_certificate(world: World) -> None:
    async with asyncio.timeout(10):
        while not await world.certificates():  # noqa: ASYNC110 - a late record announces itself to nobody
            await asyncio.sleep(0.01)


async def only_certificate(world: World) -> CertificateRow:
    ((certificate_id,),) = await world.services.database.fetch_all("SELECT certificate_id FROM issuance")
    certificate = await read_certificate(world.services.database, certificate_id)
    assert certificate is not None
    assert await world.certificates() == 1
    return certificate


async def stop(world: World, instance_id: str) -> None:
    before = await world.instance(instance_id)
    event = InstanceRejected(at=world.clock(), actor="CORP\\root", reason="stopped")
    definition = await world.services.definition(before.definition)
    write = instance_write(before, apply(before, event), (event,), definition, None)
    await world.services.database.commit(Change(instances=(write,)))


async def test_f02_a_certificate_of_an_instance_stopped_meanwhile_is_known_late_and_revocable(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def interfere(_number: int, instance_id: str) -> None:
        await stop(world, instance_id)

    between_signing_and_recording(world, monkeypatch, interfere)
    with pytest.raises(Exception, match="stopped"):
        await world.enroll()
    await some_certificate(world)
    certificate = await only_certificate(world)
    assert certificate.late == 1
    assert (await world.instance(certificate.instance_id)).status is Status.REJECTED
    assert (await world.audited("enroll"))[-1].details["late"] == 1
    assert (await revoke_certificates(world.services, ROOT, [certificate.id], 4, "late")).revoked == (certificate.id,)


async def test_f02_another_effect_behind_the_signature_loses_no_certificate(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def interfere(_number: int, instance_id: str) -> None:
        await stop(world, instance_id)

    await world.publish(step("EnrollStep"), step("UpdateMetadata", parameters={"Name": "Owner", "Value": "x"}))
    between_signing_and_recording(world, monkeypatch, interfere)
    with pytest.raises(Exception, match="stopped"):
        await world.enroll()
    await some_certificate(world)
    assert (await only_certificate(world)).late == 1


async def test_f02_a_worker_overtaken_by_one_that_finished_records_nothing_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def interfere(number: int, instance_id: str) -> None:
        if number == 1:
            await advance(world.services, instance_id)

    between_signing_and_recording(world, monkeypatch, interfere)
    enrolled = await world.enroll()
    assert enrolled.instance.status is Status.COMPLETE
    assert (await only_certificate(world)).late == 0


async def test_f02_a_worker_overtaken_by_a_slower_one_leaves_one_certificate_and_a_finished_instance(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    takeover: list[asyncio.Task[None]] = []
    second_signed = asyncio.Event()

    async def interfere(number: int, instance_id: str) -> None:
        if number == 1:
            takeover.append(asyncio.create_task(advance(world.services, instance_id)))
            await second_signed.wait()
            return
        second_signed.set()
        await some_certificate(world)

    between_signing_and_recording(world, monkeypatch, interfere)
    enrolled = await world.enroll()
    await asyncio.gather(*takeover)
    assert enrolled.instance.status is Status.COMPLETE
    assert (await only_certificate(world)).instance_id == enrolled.instance.id
