"""One instance in every status it can be seen in: each member has exactly the value it should have.

The clock stands still but for a minute before every act, so that each moment is known.
"""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from tests.api.conftest import ENROLL, Site, make_csr

from certloom.clock import system_clock

pytestmark = pytest.mark.asyncio(loop_scope="module")

NUMBERS = {"Running": 1, "Suspended": 2, "Failed": 3, "Complete": 4, "Rejected": 5, "CanceledForRestart": 6}
AWAITING = "Awaiting {} more approval(s) from approval roles. Roles: Approvers."
DENIAL = {"Approved": "false", "Comment": "not today"}


class Known(msgspec.Struct, kw_only=True):
    """What is known of an instance from elsewhere than its page: from requests, definitions and the clock."""

    id: str
    reference_id: int
    csr: str
    template: str
    started: str
    status: str
    step: str
    message: str
    modified: str
    display: str = ""
    version: int = 1
    received: bool | None = None
    added: Mapping[str, Any] = {}


class Story:
    """Acts upon a site, a minute apart, and keeps when each one happened."""

    def __init__(self, site: Site) -> None:
        self.site = site
        site.clock.standing = system_clock().replace(microsecond=123_456)

    def later(self) -> str:
        """The moment after another minute, as it is written on the wire."""
        self.site.clock.moved += timedelta(minutes=1)
        return self.now()

    def now(self) -> str:
        return self.site.clock().strftime("%Y-%m-%dT%H:%M:%S.123Z")

    async def enroll(self, template: str, status: int = 200, **headers: str) -> dict[str, Any]:
        """The members of Known that are the same at every stage."""
        started, csr, before = self.later(), make_csr(), await self.site.instances()
        answer = await self.site.enroll("alice", template, csr=csr, headers=headers)
        assert answer.status_code == status, answer.text
        known = {"csr": csr, "template": template, "started": started, "modified": started}
        if status == 200:
            told = answer.json()["CertificateInformation"]
            return {**known, "id": told["WorkflowInstanceId"], "reference_id": told["WorkflowReferenceId"]}
        (new,) = {row["Id"] for row in await self.site.instances()} - {row["Id"] for row in before}
        assert new in answer.json()["Message"]
        return {**known, "id": new, "reference_id": 1 + max((row["ReferenceId"] for row in before), default=0)}

    async def signal(self, known: Mapping[str, Any], who: str, data: Mapping[str, object] | None = None) -> str:
        moment = self.later()
        assert (await self.site.signal(who, known["id"], data)).status_code == 204
        return moment

    async def steer(self, known: Mapping[str, Any], verb: str, query: str = "") -> tuple[str, str]:
        """When it happened, and which new instance came of it."""
        moment = self.later()
        answer = await self.site.call("admin", "POST", f"/Workflow/Instances/{known['id']}/{verb}{query}")
        assert (answer.status_code, answer.content) == (204, b"")
        return moment, answer.headers.get("x-certloom-instance-id", "")


def vote(who: str, moment: str, **data: object) -> dict[str, object]:
    return {"Step": "RequireApproval1", "Signal": "ApprovalStatus", "User": f"CORP\\{who}", "Time": moment, **data}


async def waiting(story: Story) -> Known:
    return Known(
        **await story.enroll("TwoEyes"),
        status="Suspended",
        step="RequireApproval1",
        message=AWAITING.format(2),
        display="Security review",
        received=False,
    )


async def half_approved(story: Story) -> Known:
    known = await waiting(story)
    moment = await story.signal({"id": known.id}, "bob")
    return msgspec.structs.replace(
        known,
        message=AWAITING.format(1),
        modified=moment,
        received=True,
        added={"ApprovalSignalComments": [vote("bob", moment, Approved=True)]},
    )


async def running(story: Story) -> Known:
    holding = story.site.holding
    holding.reached.clear()
    holding.released.clear()
    known = await story.enroll("Held", prefer="wait=0")
    await holding.reached.wait()
    return Known(**known, status="Running", step="HoldingStep1", message="")


async def complete(story: Story) -> Known:
    known = await story.enroll("WebServer")
    moment = await story.signal(known, "bob", {"Approved": True, "Comment": "REQ-77"})
    comments = [vote("bob", moment, Approved=True, Comment="REQ-77")]
    issued = (await story.site.enroll("alice", known["template"], csr=known["csr"])).json()["CertificateInformation"]
    path = f"/Certificates/{issued['KeyfactorID']}"
    pem = issued["Certificates"][0].partition("\n")[2]
    assert (await story.site.get("admin", path)).json()["Thumbprint"] == issued["Thumbprint"]
    added = {
        "CACertificateRequest": {**request_of(known["csr"]), "Status": "ISSUED"},
        "ApprovalSignalComments": comments,
        "KeyfactorId": issued["KeyfactorID"],
        "SerialNumber": issued["SerialNumber"],
        "IssuerDN": issued["IssuerDN"],
        "Thumbprint": issued["Thumbprint"],
        "KeyfactorRequestId": 0,
        "RequestDisposition": "ISSUED",
        "DispositionMessage": "",
        "CACertificate": {
            "CACertificateId": issued["KeyfactorID"],
            "CARequestID": known["id"],
            "Status": "ISSUED",
            "Certificate": pem,
            "CertificateTemplate": known["template"],
            "RevocationDate": None,
            "RevocationReason": None,
            "ArchivedKey": False,
        },
    }
    return Known(**{**known, "modified": moment}, status="Complete", step="EndNOOP", message="", added=added)


async def failed(story: Story) -> Known:
    known = await story.enroll("Broken", status=400)
    message = "Step FailingStep1 failed: the ticket system refused the ticket"
    return Known(**known, status="Failed", step="FailingStep1", message=message)


async def rejected_by_a_step(story: Story) -> Known:
    known = await story.enroll("Refused", status=400)
    return Known(**known, status="Rejected", step="RefusingStep1", message="the policy says no")


async def denied(story: Story) -> Known:
    known = await half_approved(story)
    moment = await story.signal({"id": known.id}, "dora", DENIAL)
    comments = [*known.added["ApprovalSignalComments"], vote("dora", moment, Approved=False, Comment="not today")]
    return msgspec.structs.replace(
        known,
        status="Rejected",
        message="Denied by CORP\\dora at step RequireApproval1: not today",
        modified=moment,
        received=None,
        added={"ApprovalSignalComments": comments},
    )


async def stopped(story: Story) -> Known:
    known = await half_approved(story)
    moment, _ = await story.steer({"id": known.id}, "Stop")
    message = "Stopped by CORP\\admin at step RequireApproval1."
    return msgspec.structs.replace(known, status="Rejected", message=message, modified=moment, received=None)


async def superseded(story: Story) -> Known:
    known = await half_approved(story)
    moment, new_id = await story.steer({"id": known.id}, "Restart")
    message = f"Superseded by instance {new_id}, restarted by CORP\\admin."
    return msgspec.structs.replace(known, status="CanceledForRestart", message=message, modified=moment, received=None)


async def superseded_after_failing(story: Story) -> Known:
    known = await failed(story)
    moment, new_id = await story.steer({"id": known.id}, "Restart")
    message = f"Superseded by instance {new_id}, restarted by CORP\\admin."
    return msgspec.structs.replace(known, status="CanceledForRestart", message=message, modified=moment)


async def restarted(story: Story) -> Known:
    known = await half_approved(story)
    moment, new_id = await story.steer({"id": known.id}, "Restart")
    newest = max(row["ReferenceId"] for row in await story.site.instances())
    return msgspec.structs.replace(
        known,
        id=new_id,
        reference_id=newest,
        message=AWAITING.format(2),
        modified=moment,
        received=False,
        added={},
    )


CASES = {
    "running": running,
    "waiting for two": waiting,
    "waiting for one more": half_approved,
    "complete": complete,
    "failed": failed,
    "denied": denied,
    "rejected by a step": rejected_by_a_step,
    "stopped": stopped,
    "superseded while it waited": superseded,
    "superseded after it failed": superseded_after_failing,
    "restarted": restarted,
}
ENDED = ("complete", "failed", "denied", "rejected by a step", "stopped", "superseded while it waited")


def request_of(csr: str) -> dict[str, Any]:
    return {"RequestId": None, "CSR": csr, "Status": "PENDING", "Requester": "CORP\\alice"}


def initial_data(known: Known, operation_start: str) -> dict[str, Any]:
    return {
        "Subject": "CN=web01.corp.example",
        "CSR": known.csr,
        "SANs": {"dns": ["web01.corp.example"]},
        "Template": known.template,
        "CertificateAuthority": "certloom\\certloom Issuing CA",
        "IncludeChain": True,
        "Format": "PEM",
        "IsPFX": False,
        "Metadata": {},
        "AdditionalAttributes": {},
        "CACertificateRequest": request_of(known.csr),
        "InitiatingUserName": "CORP\\alice",
        "OperationStart": operation_start,
    }


async def expected(site: Site, known: Known, asked_at: str, started: str) -> dict[str, Any]:
    """The page of an instance; ``started`` differs from when it was asked for where it was restarted."""
    name = f"{known.template} enrollment"
    (definition,) = [row for row in (await site.get("admin", DEFINITIONS)).json() if row["DisplayName"] == name]
    steps = (await site.get("admin", f"/Workflow/Definitions/{definition['Id']}")).json()["Steps"]
    ids = {step["UniqueName"]: step["Id"] for step in steps}
    data = initial_data(known, asked_at)
    page: dict[str, Any] = {
        "Id": known.id,
        "Status": known.status,
        "CurrentStepId": ids[known.step],
        "StatusMessage": known.message,
        "Signals": [],
        "Definition": {
            "Id": definition["Id"],
            "DisplayName": name,
            "Version": known.version,
            "WorkflowType": "Enrollment",
        },
        "CurrentStepDisplayName": known.display or known.step,
        "CurrentStepUniqueName": known.step,
        "Title": "CORP\\alice is enrolling for a certificate with CN=web01.corp.example.",
        "LastModified": known.modified,
        "StartDate": started,
        "InitialData": data,
        "CurrentStateData": {**data, **known.added},
        "ReferenceId": known.reference_id,
    }
    if known.received is not None:
        page["Signals"] = [
            {"SignalName": "ApprovalStatus", "StepSignalId": SIGNAL_ID, "SignalReceived": known.received},
        ]
    return page


DEFINITIONS = "/Workflow/Definitions?ReturnLimit=1000"
SIGNAL_ID = "the id of the step's signal"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def story(site: Site) -> AsyncIterator[Story]:
    yield Story(site)
    site.holding.released.set()


async def read(site: Site, instance_id: str, **options: Any) -> dict[str, Any]:
    """The page, with the id of its signal exchanged for what stands for it here."""
    page = await site.instance(instance_id, **options)
    for signal in page["Signals"]:
        signal["StepSignalId"] = SIGNAL_ID
    return page


@pytest.mark.parametrize("case", CASES)
async def test_every_member_of_an_instance_has_the_value_its_status_gives_it(story: Story, case: str) -> None:
    known = await CASES[case](story)
    started = known.modified if case == "restarted" else known.started
    page = await expected(story.site, known, known.started, started)
    story.later()
    assert await read(story.site, known.id) == page
    numbered = {**page, "Status": NUMBERS[known.status]}
    assert await read(story.site, known.id, base="/KeyfactorAPI-sdk") == numbered


@pytest.mark.parametrize("case", CASES)
async def test_the_row_of_an_instance_says_what_its_page_says(story: Story, case: str) -> None:
    known = await CASES[case](story)
    page = await story.site.instance(known.id)
    (row,) = (await story.site.get("admin", f"/Workflow/Instances?QueryString=Id -eq {known.id}")).json()
    assert row == {name: page[name] for name in row}
    assert set(page) - set(row) == {"Signals", "InitialData", "CurrentStateData"}


REFUSED: Mapping[str, tuple[str, str, str, object]] = {
    "a second vote": ("bob", "POST", "/Signals", {"SignalKey": "RequireApproval1.ApprovalStatus", "Data": {}}),
    "a vote on one's own request": (
        "alice",
        "POST",
        "/Signals",
        {"SignalKey": "RequireApproval1.ApprovalStatus", "Data": {"Approved": True}},
    ),
    "a vote without a decision": (
        "dora",
        "POST",
        "/Signals",
        {"SignalKey": "RequireApproval1.ApprovalStatus", "Data": {}},
    ),
    "a signal for another step": ("dora", "POST", "/Signals", {"SignalKey": "EnrollStep1.ApprovalStatus", "Data": {}}),
    "a deletion": ("admin", "DELETE", "", None),
    "a retry": ("admin", "POST", "/Retry", None),
    "a restart on a version that is none": ("admin", "POST", "/Restart?version=9", None),
    "a stop without the permission": ("bob", "POST", "/Stop", None),
    "a page": ("admin", "GET", "", None),
    "a page that was not modified": ("alice", "GET", "", None),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_neither_reading_nor_what_is_refused_changes_an_instance(story: Story, case: str) -> None:
    known = await half_approved(story)
    who, method, verb, body = REFUSED[case]
    before = await story.site.get("admin", f"/Workflow/Instances/{known.id}")
    story.later()
    answer = await story.site.call(who, method, f"/Workflow/Instances/{known.id}{verb}", body)
    assert (answer.status_code in {400, 403}) is (method != "GET")
    after = await story.site.get("admin", f"/Workflow/Instances/{known.id}")
    assert (after.content, after.headers["etag"]) == (before.content, before.headers["etag"])


async def test_field_last_modified_rises_with_every_completed_step(story: Story) -> None:
    site = story.site
    known = await running(story)
    moment = story.later()
    site.holding.released.set()
    await site.services.settle(known.id, 30)
    page = await site.instance(known.id)
    assert (page["Status"], page["LastModified"], page["StartDate"]) == ("Complete", moment, known.started)


@pytest.mark.parametrize("case", ENDED)
async def test_an_ended_instance_stays_as_it_was_when_its_definition_is_renamed_and_deleted(
    story: Story, case: str
) -> None:
    site, template = story.site, f"Gone {ENDED.index(case)}"
    await site.template(template)
    kind = {"complete": "WebServer", "failed": "Broken", "rejected by a step": "Refused"}.get(case, "TwoEyes")
    steps = {
        "WebServer": [await site.approval(), ENROLL],
        "Broken": [{"ExtensionName": "FailingStep"}, ENROLL],
        "Refused": [{"ExtensionName": "RefusingStep"}, ENROLL],
        "TwoEyes": [await site.approval(2), ENROLL],
    }
    definition = await site.define(template, *steps[kind])
    known = await CASES[case](OnAnotherTemplate(site, {kind: template}))
    before = await site.get("admin", f"/Workflow/Instances/{known.id}")
    story.later()
    path = f"/Workflow/Definitions/{definition}"
    renamed = await site.call("admin", "PUT", path, {"DisplayName": "Another", "Description": ""})
    deleted = await site.call("admin", "DELETE", path)
    assert (renamed.status_code, deleted.status_code) == (200, 204), (renamed.text, deleted.text)
    assert (await site.get("admin", f"/Workflow/Instances/{known.id}")).content == before.content
    assert before.json()["Definition"]["DisplayName"] == f"{template} enrollment"
    assert (await site.call("admin", "DELETE", f"/Workflow/Instances/{known.id}")).status_code == 204
    assert (await site.get("admin", f"/Workflow/Instances/{known.id}")).status_code == 404


class OnAnotherTemplate(Story):
    """The same acts, with templates exchanged."""

    def __init__(self, site: Site, instead: Mapping[str, str]) -> None:
        self.site = site
        self._instead = instead

    async def enroll(self, template: str, status: int = 200, **headers: str) -> dict[str, Any]:
        return await super().enroll(self._instead.get(template, template), status, **headers)
