from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from tests.operations.conftest import make_csr

from certloom.authorities.embedded.authority import EmbeddedAuthority
from certloom.authorities.embedded.ceremony import create_issuing, create_root
from certloom.authorities.embedded.finding import Finding
from certloom.clock import system_clock
from certloom.errors import Invalid
from certloom.pki.authority import Authority
from certloom.pki.template import Template
from certloom.workflow.approval import bind
from certloom.workflow.event import InstanceStarted
from certloom.workflow.instance import DefinitionPin, Instance, ReceivedSignal
from certloom.workflow.journal import apply
from certloom.workflow.outgoing import Answer, Http, HttpRequest, Mail, Mailbox
from certloom.workflow.step import RevocableCertificate, ScriptRun, StandingCertificate, StepView

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def instance(data: Mapping[str, Any], *signals: ReceivedSignal) -> Instance:
    started = InstanceStarted(
        at=NOW,
        id="i",
        definition=DefinitionPin("d", "D", 1, "Enrollment"),
        title="",
        initiator_id=1,
        initiator="CORP\\alice",
        data=dict(data),
    )
    return msgspec.structs.replace(apply(None, started), signals=signals)


def view(data: Mapping[str, Any], *signals: ReceivedSignal, **fields: Any) -> StepView:
    made = StepView(
        instance=instance(data, *signals),
        step="S",
        parameters={},
        votes=signals,
        roles=("Approvers",),
        request=bind(data),
        now=system_clock(),
    )
    return msgspec.structs.replace(made, **fields)


class NoFindings:
    async def findings(self, _der: bytes) -> tuple[Finding, ...]:
        return ()


@dataclass(frozen=True)
class FakeLookup:
    """Knows one template and one certificate."""

    known: Template
    refused_keys: frozenset[tuple[str, int]] = frozenset()
    standing: dict[int, StandingCertificate] = field(default_factory=dict)
    revoked: frozenset[tuple[int, str]] = frozenset()
    held: frozenset[str] = frozenset()

    async def template(self, _name: str) -> Template:
        return self.known

    async def reserve_certificate_id(self) -> int:
        return 7

    async def check_key(self, spki_sha256: str, requester_id: int) -> None:
        if (spki_sha256, requester_id) in self.refused_keys:
            raise Invalid("this key may not get a certificate")

    async def metadata(self, given: Mapping[str, Any]) -> dict[str, str]:
        return {name: str(value) for name, value in given.items()}

    async def metadata_value(self, certificate_id: int, name: str, value: object) -> tuple[str, str]:
        if certificate_id != 7:
            raise Invalid("there is no such certificate")
        return name.capitalize(), str(value or "")

    async def holds_key(self, spki_sha256: str) -> bool:
        return spki_sha256 in self.held

    async def revocable_certificate(self, certificate_id: int, _reason: int, _instance_id: str) -> RevocableCertificate:
        return RevocableCertificate(f"0{certificate_id}", "CA")

    async def standing_certificate(self, certificate_id: int) -> StandingCertificate | None:
        return self.standing.get(certificate_id)

    async def was_revoked_by(self, certificate_id: int, instance_id: str) -> bool:
        return (certificate_id, instance_id) in self.revoked


@dataclass
class FakeHttp:
    """Answers what a test says, and remembers what it was asked."""

    answers: list[Answer | Exception] = field(default_factory=list)
    asked: list[HttpRequest] = field(default_factory=list)

    async def send(self, request: HttpRequest) -> Answer:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class FakeMailbox:
    """Keeps the mails, and refuses the recipients a test names."""

    refused: tuple[str, ...] = ()
    sent: list[Mail] = field(default_factory=list)

    async def send(self, mail: Mail) -> tuple[str, ...]:
        self.sent.append(mail)
        return self.refused


@dataclass(frozen=True)
class FakeScripts:
    """A library of one script, which returns what it was given."""

    name: str = "Tag"
    contents: str = "a" * 64

    async def sha256(self, name: str) -> str:
        if name != self.name:
            raise Invalid(f"no script {name}")
        return self.contents

    async def run(self, name: str, sha256: str, parameters: Mapping[str, Any], protected: Iterable[str]) -> ScriptRun:
        assert (await self.sha256(name), "InitiatingUserName" in protected) == (sha256, False)
        return ScriptRun(dict(parameters), ("host: tagged",))


@dataclass(frozen=True)
class FakeContext:
    """A StepContext over an authority, a web and a mailbox of the test's own."""

    view: StepView
    issuing: Authority
    http: Http = field(default_factory=FakeHttp)
    mail: Mailbox = field(default_factory=FakeMailbox)
    key: str = "i:S:1"
    lookup: FakeLookup = field(
        default_factory=lambda: FakeLookup(Template(id=1, name="WebServer", display_name="Web Server"))
    )
    scripts: FakeScripts = field(default_factory=FakeScripts)

    def authority(self, _name: str) -> Authority:
        return self.issuing

    async def secret(self, value: Any) -> str | None:
        return None if value is None else str(value)

    def seeing(self, data: Mapping[str, Any], *signals: ReceivedSignal) -> "FakeContext":
        return replace(self, view=view(data, *signals))


@pytest.fixture(scope="session")
def issuing() -> EmbeddedAuthority:
    root = create_root("Root", "P-256", system_clock())
    made = create_issuing(root, "CA", "P-256", system_clock())
    return EmbeddedAuthority("CA", made.certificate, made.private_key, (root.certificate,), NoFindings())


@pytest.fixture(scope="session")
def csr() -> str:
    return make_csr()


@pytest.fixture
def order(csr: str) -> dict[str, Any]:
    """The data of an enrollment."""
    return {
        "CSR": csr,
        "Subject": "CN=web01.corp.example",
        "SANs": {"dns": ["web01.corp.example"]},
        "Template": "WebServer",
        "CertificateAuthority": "host\\CA",
        "Metadata": {"Team": "shop", "Cost": 7},
        "CACertificateRequest": {"RequestId": None, "Status": "PENDING"},
    }
