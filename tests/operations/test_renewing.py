import pytest
from tests.operations.conftest import World, step
from tests.operations.keys import ask, person

from certloom.errors import Invalid
from certloom.operations.access import PermissionMissing
from certloom.operations.certificates import revoke_certificates
from certloom.operations.context import CertificateNotFound
from certloom.operations.renewable import CertificateNotRenewable


async def test_b04_who_may_not_read_a_certificate_does_not_renew_it(world: World) -> None:
    await world.publish(step("EnrollStep"))
    before = (await world.enroll()).certificate
    assert before is not None
    await person(world, "eve", "/certificates/enrollment/")
    with pytest.raises(PermissionMissing, match="/certificates/collections/read/"):
        await ask(world, "eve", renewed_id=before.id)
    assert (await world.rows("instance"), await world.rows("held_key")) == (1, 0)


async def test_a_revoked_certificate_is_not_renewed(world: World) -> None:
    await world.publish(step("EnrollStep"))
    before = (await world.enroll()).certificate
    assert before is not None
    await revoke_certificates(world.services, await world.actor("alice"), [before.id], 4, "replaced")
    with pytest.raises(CertificateNotRenewable, match="was revoked"):
        await world.enroll(renewed_id=before.id)


async def test_a_renewal_names_a_certificate_that_exists(world: World) -> None:
    with pytest.raises(Invalid, match="leave it out for a new certificate"):
        await world.enroll(renewed_id=0)
    with pytest.raises(CertificateNotFound):
        await world.enroll(renewed_id=999)
    assert await world.rows("instance") == 0
