import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from tests.operations.conftest import ROOT, World, make_csr, step

from certloom.errors import CertloomError, Invalid
from certloom.identity.actor import Actor
from certloom.operations.certificates import Revocations, revoke_certificates
from certloom.operations.definition_versions import save_steps
from certloom.operations.definitions import create_definition, update_definition
from certloom.operations.publishing import publish_definition
from certloom.operations.triggers import DefinitionDisabled
from certloom.store.instances import journal_of
from certloom.store.revocations import RevocationRow, read_revocation
from certloom.workflow.event import StepStarted
from certloom.workflow.instance import Status


async def issued(world: World, template: str = "WebServer") -> int:
    certificate = (await world.enroll(template=template)).certificate
    assert certificate is not None
    return certificate.id


@pytest.fixture
async def alice(world: World) -> Actor:
    await world.publish(step("EnrollStep"))
    return await world.actor("alice")


async def revocation_of(world: World, certificate_id: int) -> RevocationRow:
    row = await read_revocation(world.services.database, certificate_id)
    assert row is not None
    return row


async def test_g02_of_two_revocations_at_the_same_moment_the_first_stands(world: World, alice: Actor) -> None:
    for _ in range(5):
        certificate_id = await issued(world)
        answers = await asyncio.gather(
            revoke_certificates(world.services, alice, [certificate_id], 1, "stolen"),
            revoke_certificates(world.services, alice, [certificate_id], 4, "replaced"),
            return_exceptions=True,
        )
        (told,) = [answer for answer in answers if isinstance(answer, Revocations)]
        (refused,) = [answer for answer in answers if isinstance(answer, CertloomError)]
        assert told.revoked == (certificate_id,)
        assert "revoked meanwhile" in refused.message
        row = await revocation_of(world, certificate_id)
        assert (row.reason, row.comment) == ((1, "stolen") if answers[0] is told else (4, "replaced"))


async def test_g02_an_instance_that_lost_the_race_ends_as_failed_after_both_had_planned(
    world: World, alice: Actor
) -> None:
    certificate_id = await issued(world)
    both = (revoke_certificates(world.services, alice, [certificate_id], reason, "c") for reason in (1, 4))
    await asyncio.gather(*both, return_exceptions=True)
    rows = await world.services.database.fetch_all(
        "SELECT id, status FROM instance WHERE workflow_type = 'Revocation' ORDER BY reference_id"
    )
    journals = [await journal_of(world.services.database, row[0]) for row in rows]
    assert all(any(isinstance(event, StepStarted) for event in journal) for journal in journals)
    assert sorted(row[1] for row in rows) == [Status.COMPLETE, Status.FAILED]
    revoked = [entry for entry in await world.audited("revoke certificate") if entry.message.startswith("Revoked with")]
    assert len(revoked) == 1


async def test_many_revocations_start_all_or_none(world: World, alice: Actor) -> None:
    await world.apply_template(name="Other")
    ids = [await issued(world), await issued(world, "Other")]
    made = await create_definition(
        world.services, ROOT, display_name="Off", description="", workflow_type="Revocation", keys=["Other"]
    )
    definition_id = UUID(made.row.id)
    steps = [step("NOOPStep", "A", outputs={"continue": "B"}), step("NOOPStep", "B")]
    await save_steps(world.services, ROOT, definition_id, steps)
    await publish_definition(world.services, ROOT, definition_id)
    await update_definition(world.services, ROOT, definition_id, display_name="Off", description="", enabled=False)
    before = await world.rows("instance")
    with pytest.raises(DefinitionDisabled):
        await revoke_certificates(world.services, alice, ids, 4, "replaced")
    assert await world.rows("instance") == before
    await update_definition(world.services, ROOT, definition_id, display_name="Off", description="", enabled=True)
    assert (await revoke_certificates(world.services, alice, ids, 4, "replaced")).revoked == tuple(ids)


async def test_a_revocation_that_would_take_effect_later_is_refused_since_it_would_stand_in_the_way(
    world: World, alice: Actor
) -> None:
    certificate_id = await issued(world)
    for later in (world.clock() + timedelta(days=1), datetime.fromisoformat("9999-12-31T23:59:59-14:00")):
        with pytest.raises(Invalid, match="EffectiveDate"):
            await revoke_certificates(world.services, alice, [certificate_id], 4, "replaced", later)
    answer = await revoke_certificates(world.services, alice, [certificate_id], 1, "stolen")
    assert answer.revoked == (certificate_id,)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", "ahead"])
async def test_no_moment_and_a_clock_that_is_a_little_ahead_mean_now(world: World, alice: Actor, moment: str) -> None:
    certificate_id = await issued(world)
    before = world.clock()
    wanted = before + timedelta(minutes=1) if moment == "ahead" else datetime.fromisoformat(moment)
    await revoke_certificates(world.services, alice, [certificate_id], 4, "replaced", wanted)
    at = datetime.fromisoformat((await revocation_of(world, certificate_id)).effective_at).astimezone(UTC)
    assert before - timedelta(seconds=1) < at <= world.clock()


async def test_e04_one_key_asked_for_by_two_people_at_the_same_moment_is_certified_for_one(
    world: World, alice: Actor
) -> None:
    assert alice.account_id
    for number in range(5):
        csr = make_csr(f"web{number}.corp.example")
        answers = await asyncio.gather(world.enroll("alice", csr), world.enroll("bob", csr), return_exceptions=True)
        (refused,) = [answer for answer in answers if isinstance(answer, CertloomError)]
        assert "somebody else" in refused.message
        assert await world.certificates() == number + 1
