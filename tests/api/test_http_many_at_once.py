"""Two hundred people decide at the same moment, each through a connection of their own, on a real server."""

import asyncio
import shutil
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest
from tests.api.conftest import APPROVAL, ENROLL, PASSWORD, ROOT, make_csr, opened
from tests.api.live import served

from certloom.operations.accounts import create_account

PEOPLE = [f"p{number:03}" for number in range(200)]
THRESHOLD = 20
APPROVE, DENY = {"Approved": "True"}, {"Approved": "False", "Comment": "no"}


async def gather_crowd(folder: Path) -> None:
    async with opened(folder) as site:
        await site.template("Crowd")
        await site.define("Crowd", await site.approval(THRESHOLD), ENROLL)
        for name in PEOPLE:
            await create_account(site.services, ROOT, f"CORP\\{name}", PASSWORD, ["Approvers"])


@pytest.fixture(scope="module")
def crowded(furnished_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(shutil.copytree(furnished_site, tmp_path_factory.mktemp("crowded") / "data"))
    asyncio.run(gather_crowd(folder))
    return folder


class Crowd:
    """People with an open connection each, and a view into the server's database."""

    def __init__(self, clients: dict[str, httpx.AsyncClient], database: Path) -> None:
        self.clients = clients
        self._database = database

    async def call(self, who: str, method: str, path: str, body: object = None) -> httpx.Response:
        return await self.clients[who].request(method, path, json=body)

    async def started(self, template: str) -> str:
        answer = await self.call("alice", "POST", "/Enrollment/CSR", {"CSR": make_csr(), "Template": template})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["CertificateInformation"]["WorkflowInstanceId"])

    async def vote(self, who: str, instance_id: str, data: object) -> int:
        body = {"SignalKey": APPROVAL, "Data": data}
        answer = await self.call(who, "POST", f"/Workflow/Instances/{instance_id}/Signals", body)
        assert answer.status_code in {204, 400}, answer.text
        return answer.status_code

    async def settled(self, instance_id: str) -> dict[str, object]:
        """The page of the instance once it does not run any more."""
        async with asyncio.timeout(30):
            while True:
                page: dict[str, object] = (await self.call("admin", "GET", f"/Workflow/Instances/{instance_id}")).json()
                if page["Status"] != "Running":
                    return page
                await asyncio.sleep(0.05)

    def events(self, instance_id: str) -> Counter[str]:
        return Counter(row[0] for row in self._rows("SELECT kind FROM journal WHERE instance_id = ?", instance_id))

    def count(self, table: str, instance_id: str) -> int:
        sql = f"SELECT count(*) FROM {table} WHERE instance_id = ?"  # noqa: S608  # tests name tables
        ((number,),) = self._rows(sql, instance_id)
        return int(number)

    def _rows(self, sql: str, *values: str) -> list[tuple[str]]:
        connection = sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def live(crowded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    folder = tmp_path_factory.mktemp("crowd")
    with served(crowded, folder) as port:
        yield port, folder / "data" / "certloom.db"


@asynccontextmanager
async def connected(port: int, database: Path, people: Sequence[str]) -> AsyncIterator[Crowd]:
    """Everybody is known and connected before the first one decides."""
    async with AsyncExitStack() as stack:
        clients = {}
        for name in people:
            client = httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{port}/KeyfactorAPI",
                auth=(f"CORP\\{name}", PASSWORD),
                timeout=60,
                verify=False,  # noqa: S501  # plain HTTP on loopback; a context for each of them would take seconds
            )
            clients[name] = await stack.enter_async_context(client)
        known = await asyncio.gather(*(client.get("/Status/HealthCheck") for client in clients.values()))
        assert {answer.status_code for answer in known} == {204}
        yield Crowd(clients, database)


@pytest.fixture
async def crowd(live: tuple[int, Path]) -> AsyncIterator[Crowd]:
    async with connected(*live, [*PEOPLE, "alice", "admin"]) as opened_crowd:
        yield opened_crowd


def all_at_once(votes: Sequence[Awaitable[int]]) -> Awaitable[list[int]]:
    return asyncio.wait_for(asyncio.gather(*votes), 60)


async def test_a05_of_two_hundred_approvals_at_once_the_threshold_is_taken_and_no_more(crowd: Crowd) -> None:
    instance_id = await crowd.started("Crowd")
    answers = await all_at_once([crowd.vote(who, instance_id, APPROVE) for who in PEOPLE])
    assert Counter(answers) == {204: THRESHOLD, 400: len(PEOPLE) - THRESHOLD}
    page = await crowd.settled(instance_id)
    data = page["CurrentStateData"]
    assert isinstance(data, dict)
    taken = {f"CORP\\{who}" for who, status in zip(PEOPLE, answers, strict=True) if status == 204}
    assert page["Status"] == "Complete"
    assert {vote["User"] for vote in data["ApprovalSignalComments"]} == taken
    events = crowd.events(instance_id)
    assert (events["SignalReceived"], events["InstanceCompleted"]) == (THRESHOLD, 1)
    # Suspended at first and again after every vote but the last, which completed the step: once.
    assert events["StepSuspended"] == THRESHOLD
    assert [crowd.count(table, instance_id) for table in ("issuance", "signalled", "awaited_signal")] == [
        1,
        THRESHOLD,
        0,
    ]


async def test_a06_of_approvals_and_denials_at_once_one_kind_wins(crowd: Crowd) -> None:
    instance_id = await crowd.started("Crowd")
    decisions = [APPROVE if number % 2 else DENY for number in range(len(PEOPLE))]
    votes = [crowd.vote(who, instance_id, data) for who, data in zip(PEOPLE, decisions, strict=True)]
    answers = await all_at_once(votes)
    page = await crowd.settled(instance_id)
    taken = Counter(data is DENY for data, status in zip(decisions, answers, strict=True) if status == 204)
    assert (page["Status"], taken[True]) in {("Rejected", 1), ("Complete", 0)}
    assert taken[False] == THRESHOLD if page["Status"] == "Complete" else taken[False] < THRESHOLD
    assert crowd.count("issuance", instance_id) == (page["Status"] == "Complete")
    assert crowd.events(instance_id)["SignalReceived"] == taken.total()


@pytest.mark.parametrize("verb", ["Stop", "Restart"])
async def test_a07_of_approvals_and_a_manager_at_once_one_outcome_stands(crowd: Crowd, verb: str) -> None:
    instance_id = await crowd.started("TwoEyes")

    async def steered() -> int:
        answer = await crowd.call("admin", "POST", f"/Workflow/Instances/{instance_id}/{verb}")
        assert answer.status_code in {204, 400}, answer.text
        return answer.status_code

    voters = PEOPLE[:40]
    votes = [crowd.vote(who, instance_id, APPROVE) for who in voters]
    answers = await all_at_once([*votes[:20], steered(), *votes[20:]])
    page, heard = await crowd.settled(instance_id), answers.pop(20) == 204
    ended = {"Stop": "Rejected", "Restart": "CanceledForRestart"}[verb] if heard else "Complete"
    taken = answers.count(204)
    assert page["Status"] == ended
    assert taken < 2 if heard else taken == 2
    assert crowd.count("issuance", instance_id) == (not heard)
    events = crowd.events(instance_id)
    assert events["SignalReceived"] == taken
    assert sum(events[end] for end in ("InstanceCompleted", "InstanceRejected", "InstanceSuperseded")) == 1
