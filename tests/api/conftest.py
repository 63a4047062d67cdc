import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from typing_extensions import override

from certloom.api.application import application
from certloom.app import Certloom, installation, running
from certloom.clock import system_clock
from certloom.identity.actor import system_actor
from certloom.identity.password import PasswordHasher
from certloom.operations.accounts import create_account
from certloom.operations.metadata_fields import create_metadata_field
from certloom.operations.roles import assign_role, create_role
from certloom.operations.services import Services
from certloom.operations.templates import apply_template
from certloom.pki.metadata import MetadataField
from certloom.pki.template import read_template
from certloom.settings import Settings
from certloom.workflow.outcome import Continue, Fail, Outcome, Reject
from certloom.workflow.step import EffectStep, Prepared, PureStep, Retries, StepContext, StepView

ROOT = system_actor("test")
PASSWORD = "correct horse battery"
BASE = "/KeyfactorAPI"
APPROVAL = "RequireApproval1.ApprovalStatus"
GUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
NOBODY = "0190a000-0000-7000-8000-000000000000"

ROLES: Mapping[str, tuple[str, ...]] = {
    "Requesters": (
        "/certificates/enrollment/csr/",
        "/certificates/collections/read/",
        "/certificates/collections/revoke/",
        "/workflows/instances/read/mine/",
    ),
    "Approvers": ("/workflows/instances/read/pending/",),
    "Old Model": ("CertificateEnrollment:EnrollCSR", "WorkflowInstances:ReadMy", "workflowinstances:readassignedtome"),
    "Readers": ("WorkflowInstances:ReadAll",),
}
PEOPLE: Mapping[str, tuple[str, ...]] = {
    "alice": ("Requesters", "Approvers"),
    "bob": ("Approvers",),
    "dora": ("Approvers", "Requesters"),
    "rita": ("Requesters",),
    "carol": (),
    "olga": ("Old Model",),
    "ruth": ("Readers",),
    "admin": ("Administrators",),
}


class FailingStep(PureStep):
    extension_name = "FailingStep"
    display_name = "Fails"

    @override
    def run(self, view: StepView) -> Outcome:
        return Fail("the ticket system refused the ticket")


class RefusingStep(PureStep):
    extension_name = "RefusingStep"
    display_name = "Refuses"

    @override
    def run(self, view: StepView) -> Outcome:
        return Reject("system:policy", "the policy says no")


class HoldingStep(EffectStep):
    extension_name = "HoldingStep"
    display_name = "Holds"
    retries = Retries.SAFE

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.released = asyncio.Event()

    @override
    async def prepare(self, context: StepContext) -> Prepared:
        return Prepared({})

    @override
    async def perform(self, context: StepContext, intent: dict[str, Any]) -> Outcome:
        self.reached.set()
        await self.released.wait()
        return Continue()


@dataclass
class MovableClock:
    """The system's time, or the one it stands at, moved by what a test says."""

    moved: timedelta = field(default_factory=timedelta)
    standing: datetime | None = None

    def __call__(self) -> datetime:
        return (self.standing or system_clock()) + self.moved


def make_csr(
    name: str = "web01.corp.example",
    sans: Sequence[str] = (),
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None,
) -> str:
    builder = x509.CertificateSigningRequestBuilder()
    builder = builder.subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)] if name else []))
    if sans:
        names = x509.SubjectAlternativeName([x509.DNSName(each) for each in sans])
        builder = builder.add_extension(names, critical=False)
    request = builder.sign(key or ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return request.public_bytes(Encoding.PEM).decode()


def linear(*steps: Mapping[str, object]) -> list[dict[str, object]]:
    """The steps between a start and an end, each leading to the next."""
    chain: list[dict[str, object]] = [{"ExtensionName": "NOOPStep", "UniqueName": "StartNOOP"}]
    chain += [{"UniqueName": f"{step['ExtensionName']}1", **step} for step in steps]
    chain += [{"ExtensionName": "NOOPStep", "UniqueName": "EndNOOP"}]
    for step, following in pairwise(chain):
        step["Outputs"] = {"continue": following["UniqueName"]}
    return chain


def assert_problem(answer: httpx.Response, status: int, told: str, code: str = "") -> None:
    """A problem says what is wrong, of a definition also where; its code is a hexadecimal number of eight digits."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    body = answer.json()
    assert [member for member in body if member != "Faults"] == ["ErrorCode", "Message"]
    assert len(body["ErrorCode"]) == 10
    assert int(body["ErrorCode"], 16) >= 0xA0010000
    assert code in body["ErrorCode"]
    assert told in body["Message"]


@dataclass
class Site:
    """An installation behind its HTTP application, called in this process."""

    certloom: Certloom
    client: httpx.AsyncClient
    clock: MovableClock
    holding: HoldingStep

    @property
    def services(self) -> Services:
        return self.certloom.services

    async def call(
        self,
        who: str | None,
        method: str,
        path: str,
        json: object = None,
        *,
        base: str = BASE,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        password: str = PASSWORD,
    ) -> httpx.Response:
        auth = httpx.BasicAuth(f"CORP\\{who}", password) if who else None
        body: dict[str, Any] = {} if json is None else {"json": json}
        if content is not None:
            body = {"content": content}
        url = f"http://testserver{base}{path}"
        return await self.client.request(method, url, auth=auth, headers=dict(headers or {}), **body)

    async def get(self, who: str | None, path: str, **options: Any) -> httpx.Response:
        return await self.call(who, "GET", path, **options)

    async def enroll(
        self,
        who: str = "alice",
        template: str = "WebServer",
        *,
        csr: str | None = None,
        headers: Mapping[str, str] | None = None,
        **members: object,
    ) -> httpx.Response:
        body = {"CSR": csr or make_csr(), "Template": template, **members}
        return await self.call(who, "POST", "/Enrollment/CSR", body, headers=headers)

    async def started(self, who: str = "alice", template: str = "WebServer", **options: Any) -> str:
        """The id of an instance that an enrollment has just started."""
        answer = await self.enroll(who, template, **options)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["CertificateInformation"]["WorkflowInstanceId"])

    async def failed(self, template: str) -> str:
        """The id of an instance whose enrollment was answered with a 400."""
        before = {row["Id"] for row in await self.instances()}
        answer = await self.enroll("alice", template)
        assert answer.status_code == 400, answer.text
        (new,) = {row["Id"] for row in await self.instances()} - before
        return str(new)

    async def signal(
        self, who: str, instance_id: str, data: Mapping[str, object] | None = None, key: str = APPROVAL
    ) -> httpx.Response:
        body = {"SignalKey": key, "Data": {"Approved": "True"} if data is None else data}
        return await self.call(who, "POST", f"/Workflow/Instances/{instance_id}/Signals", body)

    async def instance(self, instance_id: str, who: str = "admin", **options: Any) -> dict[str, Any]:
        answer = await self.get(who, f"/Workflow/Instances/{instance_id}", **options)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def instances(self) -> list[dict[str, Any]]:
        answer = await self.get("admin", "/Workflow/Instances?ReturnLimit=10000")
        rows: list[dict[str, Any]] = answer.json()
        return rows

    async def rows(self, table: str) -> int:
        found = await self.services.database.fetch_one(f"SELECT count(*) FROM {table}")  # noqa: S608 - tests name tables
        assert found is not None
        return int(found[0])

    async def state(self) -> dict[str, int]:
        """How much there is of everything a refused request must not leave behind."""
        tables = ("instance", "journal", "certificate", "issuance", "repeat", "signalled", "definition")
        return {table: await self.rows(table) for table in tables}

    async def template(self, name: str, **fields: object) -> None:
        rules = {"id": 0, "name": name, "display_name": f"The {name}", "san_rules": {"dns": r".*\.corp\.example"}}
        await apply_template(self.services, ROOT, read_template({**rules, **fields}))

    async def define(self, template: str, *steps: Mapping[str, object], workflow_type: str = "Enrollment") -> str:
        """A published definition for a template, made through the API."""
        made = await self.call(
            "admin",
            "POST",
            "/Workflow/Definitions",
            {"DisplayName": f"{template} {workflow_type.lower()}", "WorkflowType": workflow_type, "Key": template},
        )
        assert made.status_code == 200, made.text
        path = f"/Workflow/Definitions/{made.json()['Id']}"
        saved = await self.call("admin", "PUT", f"{path}/Steps", linear(*steps))
        assert saved.status_code == 200, saved.text
        published = await self.call("admin", "POST", f"{path}/Publish")
        assert published.status_code == 200, published.text
        return str(made.json()["Id"])

    async def approval(self, minimum: int = 1, role: str = "Approvers", **fields: object) -> dict[str, object]:
        roles = {role["Name"]: role["Id"] for role in (await self.get("admin", "/Security/Roles")).json()}
        signals = [{"SignalName": "ApprovalStatus", "RoleIds": [roles[role]]}]
        parameters = {"MinimumApprovals": minimum}
        step = {"ExtensionName": "RequireApproval", "Signals": signals, "ConfigurationParameters": parameters}
        return {**step, "DisplayName": "Security review", **fields}


ENROLL: Mapping[str, object] = {"ExtensionName": "EnrollStep"}
TEMPLATES = ("WebServer", "Direct", "Broken", "LateBroken", "Held", "Refused", "TwoEyes")


@asynccontextmanager
async def opened(data_folder: Path, **settings: Any) -> AsyncIterator[Site]:
    """The installation in a data folder, running, behind its application."""
    clock, holding = MovableClock(), HoldingStep()
    chosen = Settings(data_folder=str(data_folder), **settings)
    async with installation(chosen, clock=clock, hasher=PasswordHasher(1, 8, 1)) as certloom:
        steps = (FailingStep(), RefusingStep(), holding)
        certloom.services.step_types = {
            **certloom.services.step_types,
            **{step.extension_name: step for step in steps},
        }
        transport = httpx.ASGITransport(app=application(certloom.services, certloom.authenticator))  # type: ignore[arg-type]  # Litestar and httpx describe ASGI in different words
        client = httpx.AsyncClient(transport=transport)
        async with running(certloom), client:
            yield Site(certloom, client, clock, holding)
            holding.released.set()


async def furnish(data_folder: Path) -> None:
    async with opened(data_folder) as site:
        services = site.services
        for name in TEMPLATES:
            await site.template(name)
        for name in ("Team", "Floor", "Note"):
            await create_metadata_field(services, ROOT, MetadataField(id=0, name=name))
        for name, permissions in ROLES.items():
            await create_role(services, ROOT, name, permissions)
        for name, held in PEOPLE.items():
            await create_account(services, ROOT, f"CORP\\{name}", PASSWORD)
            for role in held:
                await assign_role(services, ROOT, role, f"CORP\\{name}")
        await site.define("WebServer", await site.approval(), ENROLL)
        await site.define("TwoEyes", await site.approval(2), ENROLL)
        await site.define("Broken", {"ExtensionName": "FailingStep"}, ENROLL)
        await site.define("LateBroken", ENROLL, {"ExtensionName": "FailingStep"})
        await site.define("Held", {"ExtensionName": "HoldingStep"}, ENROLL)
        await site.define("Refused", {"ExtensionName": "RefusingStep"}, ENROLL)


@pytest.fixture(scope="session")
def furnished_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder to copy: ceremony, schema, people, templates and definitions are the same for every test."""
    folder = tmp_path_factory.mktemp("furnished-site") / "data"
    asyncio.run(furnish(folder))
    return folder


@pytest.fixture(scope="module")
def site_folder(furnished_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(furnished_site, tmp_path_factory.mktemp("site") / "data"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(site_folder: Path) -> AsyncIterator[Site]:
    async with opened(site_folder) as opened_site:
        yield opened_site
