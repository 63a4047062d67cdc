import asyncio
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.operations.conftest import ROOT, World, step
from tests.operations.keys import FILE_PASSWORD, ask, issued_unseen, opened_file, person, recover
from typing_extensions import override

from certloom.operations.access import PermissionMissing
from certloom.operations.enrollment import EnrollmentFailed
from certloom.operations.held_keys import FileOrder, HandedOut, KeyNotHeld, PasswordTooWeak
from certloom.operations.restarting import restart_instance
from certloom.operations.retention import forget_outdated
from certloom.operations.steering import delete_instance, retry_instance, stop_instance
from certloom.operations.templates import TemplateNotAllowed
from certloom.pki.authority import PolicyViolated
from certloom.pki.certificate import load_certificate
from certloom.pki.csr import read_csr
from certloom.pki.private_key import read_private_key
from certloom.store.held_keys import read_held_key
from certloom.workflow.instance import Status
from certloom.workflow.outcome import Fail, Outcome
from certloom.workflow.step import PureStep, StepView


def public_bytes(file: HandedOut | None) -> bytes:
    key = opened_file(file).key
    assert key is not None
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


class Failing(PureStep):
    """Fails until it is told not to."""

    extension_name = "Failing"
    display_name = "Failing"

    @override
    def run(self, view: StepView) -> Outcome:
        return Fail("not now")


async def test_a_key_is_made_certified_and_handed_out_in_one_call(world: World) -> None:
    await world.publish(step("EnrollStep"))
    found = await ask(world, friendly_name="my site")
    file = opened_file(found.file)
    assert found.enrolled.certificate is not None
    assert file.cert is not None
    assert isinstance(file.key, ec.EllipticCurvePrivateKey)
    assert file.cert.friendly_name == b"my site"
    assert file.cert.certificate == load_certificate(found.enrolled.certificate.der)
    assert file.key.public_key() == file.cert.certificate.public_key()
    assert [each.certificate.subject.rfc4514_string() for each in file.additional_certs] == [
        "CN=certloom Issuing CA",
        "CN=certloom Root CA",
    ]
    assert await world.rows("held_key") == 0


async def test_the_request_of_a_made_key_goes_through_the_workflow_as_a_csr(world: World) -> None:
    found = await ask(world, sans={"dns": ["web02.corp.example"]}, friendly_name="my site")
    data = found.enrolled.instance.data
    request = read_csr(data["CSR"])
    assert (data["IsPFX"], data["Format"], data["CustomName"]) == (True, "PFX", "my site")
    assert (request.subject, request.sans) == ("CN=web01.corp.example", {"dns": ("web02.corp.example",)})
    assert data["SANs"] == {"dns": ["web02.corp.example", "web01.corp.example"]}
    assert (found.file, found.enrolled.certificate) == (None, None)


async def test_the_template_chooses_the_key_where_the_request_does_not(world: World) -> None:
    await world.apply_template(key_types=["P-384", "RSA-2048"])
    await world.publish(step("EnrollStep"))
    file = opened_file((await ask(world, key_algorithm="")).file)
    assert isinstance(file.key, ec.EllipticCurvePrivateKey)
    assert file.key.curve.name == "secp384r1"
    file = opened_file((await ask(world, key_algorithm="RSA", key_bits=2048)).file)
    assert isinstance(file.key, rsa.RSAPrivateKey)
    assert file.key.key_size == 2048


async def test_a_key_type_the_template_refuses_is_not_made(world: World) -> None:
    with pytest.raises(PolicyViolated, match="No key of type RSA 1024 can be made for template WebServer; RSA-2048"):
        await ask(world, key_algorithm="RSA", key_bits=1024)
    assert (await world.rows("instance"), await world.rows("held_key")) == (0, 0)


@pytest.mark.parametrize(
    "fields",
    [
        {"subject": "CN=web01.elsewhere.example"},
        {"subject": ""},
        {"sans": {"dns": ["*.corp.example"]}},
        {"sans": {"ip": ["192.0.2.1"]}},
    ],
)
async def test_a17_the_names_are_held_to_the_same_policy_as_those_of_a_csr(
    world: World, fields: dict[str, Any]
) -> None:
    with pytest.raises(PolicyViolated):
        await ask(world, **fields)
    assert (await world.rows("instance"), await world.rows("held_key")) == (0, 0)


async def test_a_template_for_a_role_refuses_others_before_a_key_is_made(world: World) -> None:
    await world.apply_template(allowed_requesters=["Requesters"])
    with pytest.raises(TemplateNotAllowed):
        await ask(world, "bob")
    assert await world.rows("held_key") == 0


async def test_without_the_permission_no_key_is_made(world: World) -> None:
    await person(world, "csr-only", "/certificates/enrollment/csr/")
    with pytest.raises(PermissionMissing, match="/certificates/enrollment/pfx/"):
        await ask(world, "csr-only", template="unknown")


@pytest.mark.parametrize("password", ["short", "eleven char", "x" * 129, "unprintable\nones"])
async def test_a_password_that_does_not_protect_is_refused_and_starts_nothing(world: World, password: str) -> None:
    with pytest.raises(PasswordTooWeak, match="12 to 128 printable characters"):
        await ask(world, file=FileOrder(password=password))
    assert await world.rows("instance") == 0


async def test_a_made_password_is_told_once_and_kept_nowhere(world: World) -> None:
    await world.publish(step("EnrollStep"))
    found = await ask(world, file=FileOrder())
    assert found.file is not None
    made = found.file.made_password
    assert made is not None
    assert len(made) == 20
    assert opened_file(found.file, made).key is not None
    given = await ask(world)
    assert given.file is not None
    assert given.file.made_password is None


async def test_a_waiting_key_is_collected_once_after_the_approval(world: World) -> None:
    certificate_id = await issued_unseen(world)
    file = opened_file(await recover(world, "alice", certificate_id, include_chain=False))
    assert file.key is not None
    assert file.additional_certs == []
    assert await world.rows("held_key") == 0
    with pytest.raises(KeyNotHeld, match="is not here"):
        await recover(world, "alice", certificate_id)
    (told,) = await world.audited("collect private key")
    assert (told.actor, told.entity) == ("CORP\\alice", str(certificate_id))


async def test_of_two_who_collect_at_the_same_moment_one_gets_the_key(world: World) -> None:
    certificate_id = await issued_unseen(world)
    both = await asyncio.gather(*(recover(world, "alice", certificate_id) for _ in range(2)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in both) == ["HandedOut", "KeyNotHeld"]
    assert len(await world.audited("collect private key")) == 1


async def test_a_refused_password_leaves_the_key_to_be_collected(world: World) -> None:
    certificate_id = await issued_unseen(world)
    with pytest.raises(PasswordTooWeak):
        await recover(world, "alice", certificate_id, password="short")
    assert opened_file(await recover(world, "alice", certificate_id)).key is not None


async def test_b10_nobody_else_gets_a_key_without_the_permission_to_recover(world: World) -> None:
    everything_else = (
        "/certificates/enrollment/",
        "/certificates/collections/read/",
        "/certificates/collections/revoke/",
        "/workflows/",
        "/security/",
    )
    await person(world, "eve", *everything_else)
    certificate_id = await issued_unseen(world)
    with pytest.raises(PermissionMissing, match="/certificates/collections/private_key/read/"):
        await recover(world, "eve", certificate_id)
    assert await world.rows("held_key") == 1


async def test_b10_recovering_has_its_own_permission_and_entry_and_leaves_the_key_to_its_requester(
    world: World,
) -> None:
    await person(world, "keeper", "/certificates/collections/private_key/read/")
    certificate_id = await issued_unseen(world)
    recovered = await recover(world, "keeper", certificate_id)
    collected = await recover(world, "alice", certificate_id)
    assert public_bytes(recovered) == public_bytes(collected)
    (told,) = await world.audited("recover private key")
    assert (told.actor, told.entity) == ("CORP\\keeper", str(certificate_id))


async def test_a_key_is_not_handed_out_after_its_days_and_then_forgotten(world: World) -> None:
    certificate_id = await issued_unseen(world)
    world.clock.moved += timedelta(days=7, minutes=1)
    with pytest.raises(KeyNotHeld):
        await recover(world, "alice", certificate_id)
    await forget_outdated(world.services)
    assert await world.rows("held_key") == 0


async def test_a_waiting_request_keeps_its_key_however_long_people_take(world: World) -> None:
    waiting = (await ask(world)).enrolled.instance
    world.clock.moved += timedelta(days=30)
    await forget_outdated(world.services)
    after = await world.vote("bob", waiting)
    assert after.status is Status.COMPLETE
    assert opened_file(await recover(world, "alice", after.data["KeyfactorId"])).key is not None


async def test_a_denied_request_destroys_its_key(world: World) -> None:
    waiting = (await ask(world)).enrolled.instance
    assert await world.rows("held_key") == 1
    await world.deny("bob", waiting)
    assert await world.rows("held_key") == 0


async def test_a_stopped_request_destroys_its_key(world: World) -> None:
    waiting = (await ask(world)).enrolled.instance
    await stop_instance(world.services, ROOT, UUID(waiting.id))
    assert await world.rows("held_key") == 0


async def test_an_expired_request_destroys_its_key(world: World) -> None:
    await world.publish(world.approval(parameters={"TimeoutAfter": "1d"}), step("EnrollStep"))
    waiting = (await ask(world)).enrolled.instance
    world.clock.moved += timedelta(days=2)
    settled = world.services.dispatcher.settling(waiting.id)
    await asyncio.wait_for(settled, 10)
    assert (await world.instance(waiting.id)).status is Status.REJECTED
    assert await world.rows("held_key") == 0


async def test_a_restart_carries_the_key_to_the_new_instance(world: World) -> None:
    waiting = (await ask(world)).enrolled.instance
    new_id = await restart_instance(world.services, ROOT, UUID(waiting.id))
    assert (await world.instance(new_id)).status in {Status.RUNNING, Status.SUSPENDED}
    await world.services.settle(new_id, 10)
    await delete_instance(world.services, ROOT, UUID(waiting.id))
    after = await world.vote("bob", new_id)
    assert opened_file(await recover(world, "alice", after.data["KeyfactorId"])).key is not None


async def test_a_restarted_and_then_denied_request_destroys_its_key(world: World) -> None:
    waiting = (await ask(world)).enrolled.instance
    new_id = await restart_instance(world.services, ROOT, UUID(waiting.id))
    await world.services.settle(new_id, 10)
    await world.deny("bob", new_id)
    assert await world.rows("held_key") == 0


async def test_a_deleted_request_destroys_its_key(world: World) -> None:
    certificate_id = await issued_unseen(world)
    ((instance_id,),) = await world.services.database.fetch_all("SELECT id FROM instance")
    await delete_instance(world.services, ROOT, UUID(instance_id))
    assert await world.rows("held_key") == 0
    with pytest.raises(KeyNotHeld):
        await recover(world, "alice", certificate_id)


async def test_a_failed_request_loses_its_key_after_the_days_and_then_issues_nothing(world: World) -> None:
    world.register(Failing())
    await world.publish(step("Failing"), step("EnrollStep"))
    with pytest.raises(EnrollmentFailed):
        await ask(world)
    ((instance_id,),) = await world.services.database.fetch_all("SELECT id FROM instance")
    world.clock.moved += timedelta(days=6)
    await forget_outdated(world.services)
    assert await world.rows("held_key") == 1
    world.clock.moved += timedelta(days=2)
    await forget_outdated(world.services)
    assert await world.rows("held_key") == 0
    world.services.step_types = {**world.services.step_types, "Failing": world.services.step_types["NOOPStep"]}
    await retry_instance(world.services, ROOT, UUID(instance_id))
    await world.services.settle(instance_id, 10)
    after = await world.instance(instance_id)
    assert after.status is Status.FAILED
    assert "private key of this request is not held any more" in after.message
    assert await world.certificates() == 0


async def test_equal_requests_get_keys_of_their_own(world: World) -> None:
    await world.publish(step("EnrollStep"))
    found = await asyncio.gather(*(ask(world) for _ in range(10)))
    assert len({one.enrolled.instance.id for one in found}) == 10
    keys = {public_bytes(one.file) for one in found}
    assert len(keys) == 10


async def test_an_equal_request_joins_one_that_waits_for_people(world: World) -> None:
    first = (await ask(world)).enrolled.instance
    again = (await ask(world)).enrolled.instance
    other = (await ask(world, key_algorithm="RSA")).enrolled.instance
    assert again.id == first.id
    assert other.id != first.id
    assert await world.rows("held_key") == 2


async def test_f07_one_idempotency_key_is_one_certificate_and_its_key_is_handed_out_once(world: World) -> None:
    await world.publish(step("EnrollStep"))
    found = await asyncio.gather(*(ask(world, idempotency_key="order-4711") for _ in range(10)))
    assert len({one.enrolled.instance.id for one in found}) == 1
    assert sum(one.file is not None for one in found) == 1
    assert await world.certificates() == 1


def files_in(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


async def test_b09_neither_key_nor_password_stands_anywhere_but_sealed(
    world: World, data_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    waiting = (await ask(world, key_algorithm="RSA")).enrolled.instance
    spki = read_csr(waiting.data["CSR"]).key.spki_sha256
    row = await read_held_key(world.services.database, spki)
    assert row is not None
    plain = world.services.seal.open(row.sealed, row.purpose)
    key = read_private_key(plain)
    assert isinstance(key, rsa.RSAPrivateKey)
    secret = key.private_numbers().p.to_bytes(128)
    after = await world.vote("bob", waiting)
    await recover(world, "alice", after.data["KeyfactorId"])
    seen = files_in(data_folder)
    journal = await world.services.database.fetch_all("SELECT body FROM journal")
    audit = await world.services.database.fetch_all("SELECT body FROM audit")
    shown = [*seen, caplog.text.encode(), msgspec.json.encode([after.data, after.initial_data])]
    shown += [bytes(body) if isinstance(body, bytes) else str(body).encode() for (body,) in (*journal, *audit)]
    assert any(row.sealed[:8] in text or spki.encode() in text for text in seen)
    for text in shown:
        assert secret not in text
        assert plain[-200:] not in text
        assert FILE_PASSWORD.encode() not in text
        assert b"PRIVATE KEY" not in text
