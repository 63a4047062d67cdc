import subprocess
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from tests.operations.conftest import ROOT, World, step, world_of

from certloom.authorities.embedded.lint import LintUnavailable
from certloom.operations.access import PermissionMissing
from certloom.operations.certificates import revoke_certificates
from certloom.operations.context import AuthorityNotFound
from certloom.operations.revocation_lists import (
    crl_state,
    public_file,
    publish_crl,
    publish_due_crl,
    publish_due_crls,
)
from certloom.pki.certificate import load_certificate
from certloom.pki.chain import pem
from certloom.store.certificates import CertificateRow
from certloom.store.change import GuardLost
from certloom.store.revocations import CrlRow, read_crl
from certloom.worker.revocation_lists import RevocationLists

ISSUING = "certloom-issuing-ca"
NAME = "certloom Issuing CA"


async def issued(world: World) -> CertificateRow:
    await world.publish(step("EnrollStep"))
    certificate = (await world.enroll()).certificate
    assert certificate is not None
    return certificate


async def revoke(world: World, row: CertificateRow, reason: int) -> None:
    await revoke_certificates(world.services, await world.actor("alice"), [row.id], reason, "as the test says")


async def newest(world: World) -> CrlRow:
    """The CRL after everything that was due has been published, whether by the worker or by this."""
    await publish_due_crls(world.services)
    row = await read_crl(world.services.database, NAME.casefold())
    assert row is not None
    return row


async def serials(world: World) -> set[int]:
    return {entry.serial_number for entry in x509.load_der_x509_crl((await newest(world)).der)}


def number_of(row: CrlRow) -> int:
    return x509.load_der_x509_crl(row.der).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def openssl(folder: Path, leaf: bytes, chain: Sequence[bytes], crl: bytes) -> str:
    (folder / "crl.der").write_bytes(crl)
    subprocess.run(["openssl", "crl", "-inform", "DER", "-in", "crl.der", "-out", "crl.pem"], cwd=folder, check=True)  # noqa: S607 - a counterpart
    for name, der in (("leaf", leaf), ("issuing", chain[0]), ("root", chain[1])):
        (folder / f"{name}.pem").write_text(pem(der))
    command = ["openssl", "verify", "-x509_strict", "-crl_check", "-CRLfile", "crl.pem", "-CAfile", "root.pem"]
    command += ["-no-CApath", "-no-CAstore", "-untrusted", "issuing.pem", "leaf.pem"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    return done.stdout + done.stderr


@pytest.mark.needs("openssl")
async def test_g01_openssl_sees_a_revocation_a_hold_and_its_end(world: World, tmp_path: Path) -> None:
    row = await issued(world)
    chain = world.services.authorities[NAME.casefold()].chain()
    assert "leaf.pem: OK" in openssl(tmp_path, row.der, chain, (await newest(world)).der)
    await revoke(world, row, 6)
    assert "certificate revoked" in openssl(tmp_path, row.der, chain, (await newest(world)).der)
    await revoke(world, row, 8)
    assert "leaf.pem: OK" in openssl(tmp_path, row.der, chain, (await newest(world)).der)
    await revoke(world, row, 1)
    assert "certificate revoked" in openssl(tmp_path, row.der, chain, (await newest(world)).der)


async def test_g01_a_recorded_revocation_is_on_the_list_after_the_next_start(data_folder: Path) -> None:
    async with world_of(data_folder) as world:
        row = await issued(world)
        world.services.crl_signers = {}
        await revoke(world, row, 4)
    async with world_of(data_folder) as world:
        crl = await read_crl(world.services.database, NAME.casefold())
        assert crl is not None
        assert {entry.serial_number for entry in x509.load_der_x509_crl(crl.der)} == {
            load_certificate(row.der).serial_number
        }


async def test_g01_many_revocations_are_told_in_few_lists(world: World) -> None:
    await world.publish(step("EnrollStep"))
    ids = []
    for _ in range(10):
        certificate = (await world.enroll()).certificate
        assert certificate is not None
        ids.append(certificate.id)
    published = len(await world.audited("publish CRL"))
    await revoke_certificates(world.services, await world.actor("alice"), ids, 4, "all of them")
    assert len(await serials(world)) == 10
    assert len(await world.audited("publish CRL")) - published <= 3


async def test_g02_a_revoked_certificate_stays_until_a_scheduled_list_after_its_end(world: World) -> None:
    row = await issued(world)
    serial = load_certificate(row.der).serial_number
    await revoke(world, row, 4)
    ends = load_certificate(row.der).not_valid_after_utc
    world.clock.moved = ends - world.clock() - timedelta(hours=1)
    assert serial in await serials(world)
    world.clock.moved += timedelta(hours=2)
    for _ in range(2):  # lists that were asked for after its end do not count as scheduled
        await publish_crl(world.services, ROOT, NAME)
        assert serial in await serials(world)
    world.clock.moved += timedelta(days=1)
    assert serial in await serials(world)
    await publish_crl(world.services, ROOT, NAME)
    assert serial not in await serials(world)


async def test_g02_the_revocation_of_an_expired_certificate_is_told_once(world: World) -> None:
    row = await issued(world)
    world.clock.moved = load_certificate(row.der).not_valid_after_utc - world.clock() + timedelta(days=30)
    await newest(world)
    await revoke(world, row, 1)
    assert await serials(world) == {load_certificate(row.der).serial_number}


async def test_g03_numbers_grow_by_request_by_schedule_after_a_step_back_of_the_clock(
    data_folder: Path,
) -> None:
    numbers = []
    async with world_of(data_folder) as world:
        numbers.append(number_of(await newest(world)))
        numbers += [number_of(await publish_crl(world.services, ROOT, NAME)) for _ in range(3)]
        world.clock.moved = timedelta(days=-30)
        numbers.append(number_of(await publish_crl(world.services, ROOT, NAME)))
        world.clock.moved = timedelta(days=3)
        numbers.append(number_of(await newest(world)))
    assert numbers == sorted(set(numbers))
    assert all(number < 2**159 for number in numbers)


async def test_g03_of_two_writers_one_publishes_and_the_other_is_refused(world: World) -> None:
    before = await newest(world)
    signer = world.services.crl_signers[ISSUING]
    signed: list[int] = []

    class Overtaken:
        name, certificate = signer.name, signer.certificate

        async def sign_crl(self, *given: Any) -> bytes:
            world.services.crl_signers[ISSUING] = signer
            signed.append(given[0])
            signed.append((await publish_crl(world.services, ROOT, NAME)).number)
            return await signer.sign_crl(*given)

    world.services.crl_signers[ISSUING] = Overtaken()
    with pytest.raises(GuardLost):
        await publish_due_crl(world.services, world.services.crl_signers[ISSUING])
    assert before.number < (await newest(world)).number == signed[1]


async def test_g04_a_signing_failure_keeps_the_old_list_and_an_old_one_is_called_late(
    world: World, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    before = await newest(world)
    signer = world.services.crl_signers[ISSUING]

    class Broken:
        name, certificate = signer.name, signer.certificate

        async def sign_crl(self, *_given: Any) -> bytes:
            raise LintUnavailable("The linter gave no answer.")

    broken = Broken()
    world.services.crl_signers = {ISSUING: broken}
    world.clock.moved = timedelta(days=2)
    assert not (await crl_state(world.services, broken)).late
    world.clock.moved = timedelta(days=3)
    state = await crl_state(world.services, broken)
    assert (state.due, state.late) == (True, True)
    assert await RevocationLists(world.services).publish_due() is False
    assert "the CRL ends soon and cannot be renewed" in caplog.text + capsys.readouterr().out
    assert await read_crl(world.services.database, NAME.casefold()) == before
    world.services.crl_signers = {ISSUING: signer}
    assert await RevocationLists(world.services).publish_due() is True
    assert not (await crl_state(world.services, signer)).late


async def test_the_root_publishes_its_list_too(world: World) -> None:
    file = await public_file(world.services, "certloom-root-ca.crl")
    root = load_certificate((await public_file(world.services, "certloom-root-ca.crt")).content)
    assert x509.load_der_x509_crl(file.content).is_signature_valid(root.public_key())  # type: ignore[arg-type]  # an authority's key


async def test_publishing_needs_its_permission_and_an_authority_that_is_there(world: World) -> None:
    with pytest.raises(PermissionMissing, match="/certificate_authorities/modify/"):
        await publish_crl(world.services, await world.actor("alice"), NAME)
    with pytest.raises(AuthorityNotFound, match="certloom Root CA"):
        await publish_crl(world.services, ROOT, "Nonsense")
    assert (await publish_crl(world.services, ROOT, f"host\\{NAME.upper()}")).entries == 0


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({"pki_url": "http://pki.corp.example/"}, "http://pki.corp.example/pki/certloom-issuing-ca.crl"),
        ({"public_url": "http://ca.corp.example"}, "http://ca.corp.example/pki/certloom-issuing-ca.crl"),
        ({"public_url": "https://ca.corp.example"}, None),
        ({}, None),
    ],
    ids=["pki_url", "plain public_url", "public_url with TLS", "nothing"],
)
async def test_certificates_name_the_list_where_everybody_reaches_it_or_nowhere(
    data_folder: Path, settings: dict[str, Any], url: str | None
) -> None:
    async with world_of(data_folder, **settings) as world:
        extensions = load_certificate((await issued(world)).der).extensions
    points = [each.value for each in extensions if isinstance(each.value, x509.CRLDistributionPoints)]
    assert [name.value for point in points for each in point for name in each.full_name or []] == ([url] if url else [])
