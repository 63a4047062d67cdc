"""Short ways to ask for certificates whose keys the server makes."""

from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.serialization.pkcs12 import PKCS12KeyAndCertificates, load_pkcs12
from tests.operations.conftest import ROOT, World

from certloom.operations.certificates import CertificateChoice, recover_certificate
from certloom.operations.held_keys import FileOrder, HandedOut
from certloom.operations.pfx_enrollment import PfxEnrolled, PfxOrder, enroll_pfx
from certloom.operations.roles import create_role

FILE_PASSWORD = "open sesame please"


async def ask(world: World, name: str = "alice", **fields: Any) -> PfxEnrolled:
    """Ask for a certificate with a key on a curve, unless told otherwise."""
    chosen = {"subject": "CN=web01.corp.example", "template": "WebServer", "key_algorithm": "ECC", **fields}
    order = PfxOrder(**{"file": FileOrder(password=FILE_PASSWORD), **chosen})
    return await enroll_pfx(world.services, await world.actor(name), order)


async def recover(world: World, name: str, certificate_id: int, **fields: Any) -> HandedOut:
    wanted = FileOrder(**{"password": FILE_PASSWORD, **fields})
    choice = CertificateChoice(certificate_id=certificate_id)
    _, file = await recover_certificate(world.services, await world.actor(name), choice, wanted)
    return file


def opened_file(file: HandedOut | None, password: str = FILE_PASSWORD) -> PKCS12KeyAndCertificates:
    assert file is not None
    return load_pkcs12(file.content, password.encode())


async def person(world: World, name: str, *permissions: str) -> None:
    """Somebody who holds these permissions and no others."""
    await create_role(world.services, ROOT, f"of {name}", permissions)
    await world.person(name, f"of {name}")


async def issued_unseen(world: World, **fields: Any) -> int:
    """The id of a certificate whose key still waits for alice."""
    waiting: Sequence[Any] = [(await ask(world, **fields)).enrolled.instance]
    after = await world.vote("bob", waiting[0])
    return int(after.data["KeyfactorId"])
