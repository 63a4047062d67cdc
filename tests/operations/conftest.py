import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from certloom.app import Certloom, installation, running
from certloom.clock import system_clock
from certloom.identity.actor import Actor, system_actor
from certloom.identity.password import PasswordHasher
from certloom.operations.accounts import actor_of, create_account
from certloom.operations.definition_steps import StepDraft
from certloom.operations.definition_versions import save_steps
from certloom.operations.definitions import create_definition
from certloom.operations.enrollment import Enrolled, EnrollmentOrder, enroll_csr
from certloom.operations.metadata_fields import create_metadata_field
from certloom.operations.publishing import publish_definition
from certloom.operations.roles import assign_role, create_role
from certloom.operations.services import Services
from certloom.operations.signals import signal_instance
from certloom.operations.templates import apply_template
from certloom.outbound.network import Network
from certloom.pki.metadata import MetadataField
from certloom.pki.template import read_template
from certloom.settings import Settings
from certloom.store.accounts import read_account, security_rev
from certloom.store.certificates import count_certificates
from certloom.store.change import AuditEntry, Change
from certloom.store.instances import read_instance
from certloom.store.meta import MetaRow
from certloom.store.rows import Put
from certloom.workflow.definition import SignalConfiguration
from certloom.workflow.instance import Instance
from certloom.workflow.step import StepType

ROOT = system_actor("test")
PASSWORD = "correct horse battery"
APPROVAL = "RequireApproval1.ApprovalStatus"
WEB_SERVER: Mapping[str, object] = {
    "id": 0,
    "name": "WebServer",
    "display_name": "Web Server",
    "san_rules": {"dns": r".*\.corp\.example"},
}
PERMISSIONS = ("/certificates/", "/workflows/instances/read/mine/", "/workflows/instances/read/pending/")


@dataclass
class MovableClock:
    """The system's time, moved by what a test says."""

    moved: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return system_clock() + self.moved


def make_csr(name: str = "web01.corp.example", key: ec.EllipticCurvePrivateKey | None = None) -> str:
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    signer = key or ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(signer, hashes.SHA256())
    return request.public_bytes(Encoding.PEM).decode()


def step(extension: str, name: str = "", **fields: Any) -> StepDraft:
    return StepDraft(unique_name=name or f"{extension}1", display_name="", extension_name=extension, **fields)


def linear(*drafts: StepDraft) -> list[StepDraft]:
    """The drafts between a start and an end, each leading to the next."""
    whole = [step("NOOPStep", "StartNOOP"), *drafts, step("NOOPStep", "EndNOOP")]
    followed = pairwise(whole)
    linked = [msgspec.structs.replace(one, outputs={"continue": after.unique_name}) for one, after in followed]
    return [*linked, whole[-1]]


@dataclass
class World:
    """An installation with people, a template and a definition, and short ways to do what people do."""

    certloom: Certloom
    clock: MovableClock
    definition: UUID
    approvers: int

    @property
    def services(self) -> Services:
        return self.certloom.services

    def register(self, step_type: StepType) -> None:
        self.services.step_types = {**self.services.step_types, step_type.extension_name: step_type}

    async def person(self, name: str, *roles: str) -> Actor:
        await create_account(self.services, ROOT, f"CORP\\{name}", PASSWORD)
        for role in roles:
            await assign_role(self.services, ROOT, role, f"CORP\\{name}")
        return await self.actor(name)

    async def actor(self, name: str) -> Actor:
        row = await read_account(self.services.database, f"corp\\{name}")
        assert row is not None
        return await actor_of(self.services, row)

    def signal(self, *role_ids: int) -> SignalConfiguration:
        return SignalConfiguration("ApprovalStatus", role_ids)

    async def disable(self, name: str, *, disabled: bool = True) -> None:
        database = self.services.database
        row = await read_account(database, f"corp\\{name}")
        assert row is not None
        rev = MetaRow(name="security_rev", value=str(int(await security_rev(database)) + 1))
        await database.commit(Change(writes=(Put(msgspec.structs.replace(row, disabled=int(disabled))), Put(rev))))

    def approval(self, minimum: int = 1, name: str = "RequireApproval1", **fields: Any) -> StepDraft:
        signals = (SignalConfiguration("ApprovalStatus", (self.approvers,)),)
        parameters = {"MinimumApprovals": minimum, **fields.pop("parameters", {})}
        return step("RequireApproval", name, parameters=parameters, **{"signals": signals, **fields})

    async def publish(self, *drafts: StepDraft) -> None:
        """Give the definition these steps between start and end, in use."""
        await save_steps(self.services, ROOT, self.definition, linear(*drafts))
        await publish_definition(self.services, ROOT, self.definition)

    async def apply_template(self, **fields: object) -> None:
        await apply_template(self.services, ROOT, read_template({**WEB_SERVER, **fields}))

    async def enroll(self, name: str = "alice", csr: str | None = None, **fields: Any) -> Enrolled:
        order = EnrollmentOrder(csr=csr or make_csr(), **{"template": "webserver", **fields})
        return await enroll_csr(self.services, await self.actor(name), order)

    async def vote(
        self, name: str, instance: Instance | str, data: Mapping[str, object] | None = None, key: str = APPROVAL
    ) -> Instance:
        instance_id = instance if isinstance(instance, str) else instance.id
        given = {"Approved": "True"} if data is None else data
        await signal_instance(self.services, await self.actor(name), UUID(instance_id), key, given)
        return await self.instance(instance_id)

    async def deny(self, name: str, instance: Instance | str) -> Instance:
        return await self.vote(name, instance, {"Approved": "False", "Comment": "not today"})

    async def instance(self, instance_id: str) -> Instance:
        instance = await read_instance(self.services.database, instance_id)
        assert instance is not None
        return instance

    async def certificates(self) -> int:
        return await count_certificates(self.services.database)

    async def audited(self, operation: str, level: int = 0) -> Sequence[AuditEntry]:
        sql = "SELECT body FROM audit WHERE operation = ? AND level = ? ORDER BY seq"
        rows = await self.services.database.fetch_all(sql, operation, level)
        return [msgspec.json.decode(row[0], type=AuditEntry) for row in rows]

    async def rows(self, table: str) -> int:
        found = await self.services.database.fetch_one(f"SELECT count(*) FROM {table}")  # noqa: S608 - tests name tables
        assert found is not None
        return int(found[0])


async def furnish(data_folder: Path) -> None:
    """Create an installation with a role, three people, a template and its definition: approval, enroll."""
    async with opened(data_folder) as certloom:
        services = certloom.services
        await apply_template(services, ROOT, read_template(WEB_SERVER))
        for name in ("Team", "Owner"):
            await create_metadata_field(services, ROOT, MetadataField(id=0, name=name))
        role = await create_role(services, ROOT, "Approvers", PERMISSIONS)
        await create_role(services, ROOT, "Requesters", PERMISSIONS)
        for name, held in (("alice", ("Requesters", "Approvers")), ("bob", ("Approvers",)), ("carol", ())):
            await create_account(services, ROOT, f"CORP\\{name}", PASSWORD)
            for one in held:
                await assign_role(services, ROOT, one, f"CORP\\{name}")
        made = await create_definition(
            services, ROOT, display_name="Web", description="", workflow_type="Enrollment", keys=["WebServer"]
        )
        world = World(certloom, MovableClock(), UUID(made.row.id), role.id)
        await world.publish(world.approval(), step("EnrollStep"))


@asynccontextmanager
async def opened(
    data_folder: Path, clock: MovableClock | None = None, network: Network | None = None, **settings: Any
) -> AsyncIterator[Certloom]:
    chosen = Settings(data_folder=str(data_folder), **settings)
    hasher = PasswordHasher(1, 8, 1)
    async with installation(chosen, clock=clock or MovableClock(), hasher=hasher, network=network) as certloom:
        yield certloom


@asynccontextmanager
async def world_of(data_folder: Path, network: Network | None = None, **settings: Any) -> AsyncIterator[World]:
    """The furnished installation in a data folder, running."""
    clock = MovableClock()
    async with opened(data_folder, clock, network, **settings) as certloom, running(certloom):
        database = certloom.services.database
        definition = await database.fetch_one("SELECT id FROM definition WHERE is_global = 0")
        role = await database.fetch_one("SELECT id FROM role WHERE name = 'Approvers'")
        assert definition is not None
        assert role is not None
        yield World(certloom, clock, UUID(definition[0]), role[0])


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder to copy: the ceremony, the schema and the people are the same for every test."""
    folder = tmp_path_factory.mktemp("furnished") / "data"
    asyncio.run(furnish(folder))
    return folder


@pytest.fixture
def data_folder(furnished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(furnished, tmp_path / "data"))


@pytest.fixture
async def world(data_folder: Path) -> AsyncIterator[World]:
    async with world_of(data_folder) as opened_world:
        yield opened_world
