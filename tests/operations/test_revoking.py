from datetime import UTC, datetime
from uuid import UUID

import pytest
from tests.operations.conftest import ROOT, World, linear, step

from certloom.errors import Invalid
from certloom.operations.access import PermissionMissing
from certloom.operations.certificates import (
    CertificateChoice,
    RevocationRefused,
    Revocations,
    certificate_view,
    download_certificate,
    revoke_certificates,
)
from certloom.operations.context import CertificateNotFound
from certloom.operations.definition_versions import save_steps
from certloom.operations.definitions import create_definition
from certloom.operations.publishing import publish_definition
from certloom.pki.revocation import ReasonNotAllowed
from certloom.store.certificates import CertificateRow
from certloom.store.revocations import read_revocation
from certloom.workflow.instance import Status


async def issued(world: World) -> CertificateRow:
    await world.publish(step("EnrollStep"))
    certificate = (await world.enroll()).certificate
    assert certificate is not None
    return certificate


async def revoke(
    world: World, *ids: int, reason: int = 4, comment: str = "replaced", name: str = "alice"
) -> Revocations:
    return await revoke_certificates(world.services, await world.actor(name), ids, reason, comment)


async def require_approval(world: World) -> None:
    made = await create_definition(
        world.services, ROOT, display_name="Take back", description="", workflow_type="Revocation", keys=["WebServer"]
    )
    await save_steps(world.services, ROOT, UUID(made.row.id), linear(world.approval()))
    await publish_definition(world.services, ROOT, UUID(made.row.id))


async def test_a_certificate_is_revoked_with_reason_comment_and_moment(world: World) -> None:
    row = await issued(world)
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    answer = await revoke_certificates(world.services, await world.actor("alice"), [row.id], 4, "replaced", at)
    assert answer == Revocations((row.id,), ())
    revocation = await read_revocation(world.services.database, row.id)
    assert revocation is not None
    assert (revocation.reason, revocation.comment) == (4, "replaced")
    assert revocation.effective_at == "2026-01-02T03:04:05.000Z"
    assert (await certificate_view(world.services, ROOT, row.id)).revocation == revocation


async def test_g08_a_revocation_that_waits_for_approval_says_so_and_happens_after_it(world: World) -> None:
    row = await issued(world)
    await require_approval(world)
    answer = await revoke(world, row.id)
    ((certificate_id, instance_id, message),) = [(s.certificate_id, s.instance_id, s.message) for s in answer.suspended]
    assert (answer.revoked, certificate_id) == ((), row.id)
    assert message.startswith("Awaiting 1 more approval(s)")
    assert await read_revocation(world.services.database, row.id) is None
    after = await world.vote("bob", instance_id)
    assert (after.status, after.data["Revoked"]) == (Status.COMPLETE, True)
    revocation = await read_revocation(world.services.database, row.id)
    assert revocation is not None
    assert revocation.instance_id == instance_id


async def test_a01_who_asks_for_a_revocation_may_not_approve_it(world: World) -> None:
    row = await issued(world)
    await require_approval(world)
    (waiting,) = (await revoke(world, row.id)).suspended
    with pytest.raises(Exception, match="self-approval rule"):
        await world.vote("alice", waiting.instance_id)
    assert await read_revocation(world.services.database, row.id) is None


async def test_a_denied_revocation_leaves_the_certificate(world: World) -> None:
    row = await issued(world)
    await require_approval(world)
    (waiting,) = (await revoke(world, row.id)).suspended
    assert (await world.deny("bob", waiting.instance_id)).status is Status.REJECTED
    assert await read_revocation(world.services.database, row.id) is None


async def test_a_certificate_is_revoked_once(world: World) -> None:
    row = await issued(world)
    await revoke(world, row.id)
    instances = await world.rows("instance")
    with pytest.raises(RevocationRefused, match="revoked already"):
        await revoke(world, row.id)
    assert await world.rows("instance") == instances


async def test_g02_a_second_revocation_that_waited_changes_nothing_of_the_first(world: World) -> None:
    row = await issued(world)
    await require_approval(world)
    (compromise,) = (await revoke(world, row.id, reason=1, comment="stolen")).suspended
    (replaced,) = (await revoke(world, row.id)).suspended
    await world.vote("bob", compromise.instance_id)
    after = await world.vote("bob", replaced.instance_id)
    assert after.status is Status.FAILED
    assert "was revoked meanwhile" in after.message
    revocation = await read_revocation(world.services.database, row.id)
    assert revocation is not None
    assert (revocation.reason, revocation.comment) == (1, "stolen")


async def test_an_unknown_id_among_known_ones_revokes_none(world: World) -> None:
    row = await issued(world)
    with pytest.raises(CertificateNotFound, match="99"):
        await revoke(world, row.id, 99)
    assert await read_revocation(world.services.database, row.id) is None


@pytest.mark.parametrize("comment", ["", "  \n"])
async def test_a_revocation_needs_a_comment(world: World, comment: str) -> None:
    row = await issued(world)
    with pytest.raises(Invalid, match="Comment is missing"):
        await revoke(world, row.id, comment=comment)


async def test_a_reason_nobody_defined_is_refused(world: World) -> None:
    row = await issued(world)
    with pytest.raises(ReasonNotAllowed):
        await revoke(world, row.id, reason=11)
    assert await read_revocation(world.services.database, row.id) is None


@pytest.mark.parametrize("ids", [[], list(range(1, 1002))])
async def test_the_number_of_certificates_at_once_is_bounded(world: World, ids: list[int]) -> None:
    with pytest.raises(Invalid, match="1 to 1000"):
        await revoke(world, *ids)


async def test_an_id_given_twice_is_revoked_once(world: World) -> None:
    row = await issued(world)
    assert (await revoke(world, row.id, row.id)).revoked == (row.id,)


async def test_revoking_needs_its_permission(world: World) -> None:
    row = await issued(world)
    with pytest.raises(PermissionMissing, match="/certificates/collections/revoke/"):
        await revoke(world, row.id, name="carol")


async def test_a_certificate_is_found_by_id_thumbprint_or_serial_and_its_download_is_audited(world: World) -> None:
    row = await issued(world)
    colons = ":".join(row.thumbprint[i : i + 2] for i in range(0, len(row.thumbprint), 2)).lower()
    for choice in (
        CertificateChoice(certificate_id=row.id),
        CertificateChoice(thumbprint=colons),
        CertificateChoice(serial_number=row.serial_number.lower(), issuer_dn=row.issuer_dn),
    ):
        found, chain = await download_certificate(world.services, ROOT, choice)
        assert (found, len(chain)) == (row, 2)
    assert len(await world.audited("download certificate")) == 3


async def test_a_choice_that_names_nothing_is_refused(world: World) -> None:
    with pytest.raises(Invalid, match="Thumbprint"):
        await download_certificate(world.services, ROOT, CertificateChoice(serial_number="01"))
    with pytest.raises(CertificateNotFound):
        await download_certificate(world.services, ROOT, CertificateChoice(thumbprint="00"))


async def test_g02_a_hold_is_ended_and_the_certificate_is_good_again(world: World) -> None:
    row = await issued(world)
    for ending in (-1, 7, 8):
        assert await revoke(world, row.id, reason=6) == Revocations((row.id,), ())
        held = await read_revocation(world.services.database, row.id)
        assert held is not None
        assert held.reason == 6
        assert await revoke(world, row.id, reason=ending) == Revocations((row.id,), ())
        assert await read_revocation(world.services.database, row.id) is None
        assert (await certificate_view(world.services, ROOT, row.id)).revocation is None
    changes = await world.services.database.fetch_all("SELECT reason FROM revocation_change ORDER BY id")
    assert changes == [(6,), (8,)] * 3


async def test_g02_a_hold_becomes_a_revocation_which_nothing_changes_any_more(world: World) -> None:
    row = await issued(world)
    await revoke(world, row.id, reason=6, comment="lost?")
    await revoke(world, row.id, reason=1, comment="stolen")
    for reason in (-1, 1, 4, 6, 8):
        with pytest.raises(RevocationRefused, match="revoked already"):
            await revoke(world, row.id, reason=reason)
    standing = await read_revocation(world.services.database, row.id)
    assert standing is not None
    assert (standing.reason, standing.comment) == (1, "stolen")


async def test_g02_a_hold_that_does_not_stand_is_not_ended_nor_a_second_one_begun(world: World) -> None:
    row = await issued(world)
    with pytest.raises(RevocationRefused, match="not on hold"):
        await revoke(world, row.id, reason=8)
    await revoke(world, row.id, reason=6)
    with pytest.raises(RevocationRefused, match="on hold already"):
        await revoke(world, row.id, reason=6)


async def test_g02_of_an_end_of_a_hold_and_a_revocation_that_both_waited_the_first_stands(world: World) -> None:
    row = await issued(world)
    await revoke(world, row.id, reason=6)
    await require_approval(world)
    (ending,) = (await revoke(world, row.id, reason=8)).suspended
    (stolen,) = (await revoke(world, row.id, reason=1)).suspended
    await world.vote("bob", stolen.instance_id)
    after = await world.vote("bob", ending.instance_id)
    assert after.status is Status.FAILED
    standing = await read_revocation(world.services.database, row.id)
    assert standing is not None
    assert standing.reason == 1
