"""The generated client of Keyfactor Command 10.x, unmodified, against a server on loopback (check K01).

It wants an older httpx than ours, so its pinned and hashed requirements are installed into a folder of their own, and
an interpreter that sees only this folder makes the calls.
"""

import base64
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.api.conftest import APPROVAL, NOBODY, PASSWORD, make_csr
from tests.api.live import served

HERE = Path(__file__).parent
REQUIREMENTS = HERE.parents[1] / "requirements" / "keyfactor-client.txt"
MOMENTS = ("LastModified", "StartDate")
Call = Mapping[str, Any]
Client = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="module")
def packages() -> Path:
    """The client and what it needs, installed once for each state of its requirements."""
    folder = Path(sys.prefix) / f"keyfactor-client-{hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:16]}"
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=sys.prefix) as made:
            pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
            options = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--target", f"{made}/packages"]
            subprocess.run([*pip, *options, "--requirement", REQUIREMENTS], check=True)  # noqa: S603  # arguments are ours
            try:
                Path(made, "packages").rename(folder)
            except OSError:
                assert folder.exists()  # another run was quicker
    return folder


@pytest.fixture(scope="module")
def port(furnished_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with served(furnished_site, tmp_path_factory.mktemp("client")) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(packages: Path, port: int) -> Client:
    def called(who: str, *calls: Call, base: str = "/KeyfactorAPI-sdk") -> list[dict[str, Any]]:
        token = base64.b64encode(f"CORP\\{who}:{PASSWORD}".encode()).decode()
        done = subprocess.run(  # noqa: S603  # arguments are ours
            # -S leaves out the packages of this interpreter, -P the folder of the script.
            [sys.executable, "-S", "-P", HERE / "keyfactor_calls.py", f"http://127.0.0.1:{port}{base}", token],
            input=json.dumps(calls),
            env={"PYTHONPATH": str(packages), "PATH": os.environ["PATH"]},
            check=True,
            capture_output=True,
            text=True,
            timeout=90,
        )
        answers: list[dict[str, Any]] = json.loads(done.stdout)
        return answers

    return called


class Raw:
    """The same server, asked without the client."""

    def __init__(self, port: int) -> None:
        self._base = f"http://127.0.0.1:{port}/KeyfactorAPI-sdk"

    def call(self, who: str, method: str, path: str, body: object = None) -> httpx.Response:
        return httpx.request(method, f"{self._base}{path}", json=body, auth=(f"CORP\\{who}", PASSWORD), timeout=30)

    def started(self, template: str = "WebServer") -> str:
        answer = self.call("alice", "POST", "/Enrollment/CSR", {"CSR": make_csr(), "Template": template})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["CertificateInformation"]["WorkflowInstanceId"])

    def instance(self, instance_id: str) -> dict[str, Any]:
        answer = self.call("admin", "GET", f"/Workflow/Instances/{instance_id}")
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        return page


@pytest.fixture(scope="module")
def raw(port: int) -> Raw:
    return Raw(port)


def comparable(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: datetime.fromisoformat(value) if name in MOMENTS else value for name, value in row.items()}


LISTS = {
    "workflow_instance_query": ("admin", "pq", ""),
    "workflow_instance_query_instances_started_by_me": ("alice", "instance_query", "/My"),
    "workflow_instance_query_instances_assigned_to_me": ("bob", "pq", "/AssignedToMe"),
}


@pytest.mark.parametrize("way", ["sync", "asyncio"])
@pytest.mark.parametrize("call", LISTS)
def test_k01_the_three_lists_are_decoded_as_they_are_sent(client: Client, raw: Raw, call: str, way: str) -> None:
    who, prefix, path = LISTS[call]
    started = [raw.started() for _ in range(3)]
    whole, page, found = client(
        who,
        {"call": call, "way": way},
        {
            "call": call,
            "way": way,
            "arguments": {
                f"{prefix}_sort_field": "ReferenceId",
                f"{prefix}_sort_ascending": 1,
                f"{prefix}_page_returned": 2,
                f"{prefix}_return_limit": 1,
                f"{prefix}_query_string": 'Status -eq "Suspended"',
            },
        },
        {"call": call, "way": way, "arguments": {f"{prefix}_query_string": f"Id -eq {started[0]}"}},
    )
    sent = raw.call(who, "GET", f"/Workflow/Instances{path}")
    assert [each["status"] for each in (whole, page, found)] == [200, 200, 200]
    assert [comparable(row) for row in whole["parsed"]] == [comparable(row) for row in sent.json()]
    assert whole["headers"]["x-total-count"] == sent.headers["x-total-count"]
    assert [row["Id"] for row in page["parsed"]] == [started[1]]
    assert [(row["Id"], row["Status"]) for row in found["parsed"]] == [(started[0], 2)]


def test_k01_statuses_arrive_as_members_of_its_enumeration(client: Client, raw: Raw) -> None:
    complete, rejected = raw.started(), raw.started()
    for instance_id, approved in ((complete, "True"), (rejected, "False")):
        body = {"SignalKey": APPROVAL, "Data": {"Approved": approved}}
        assert raw.call("bob", "POST", f"/Workflow/Instances/{instance_id}/Signals", body).status_code == 204
    raw.call("alice", "POST", "/Enrollment/CSR", {"CSR": make_csr(), "Template": "Broken"})
    (answer,) = client("admin", {"call": "workflow_instance_query", "arguments": {"pq_return_limit": 1000}})
    statuses = {row["Id"]: row["Status"] for row in answer["parsed"]}
    assert (statuses[complete], statuses[rejected]) == (4, 5)
    assert {2, 3, 4, 5} <= set(statuses.values())


def test_k01_names_below_the_other_base_path_are_more_than_it_can_read(client: Client, raw: Raw) -> None:
    raw.started()
    (answer,) = client("admin", {"call": "workflow_instance_query"}, base="/KeyfactorAPI")
    assert answer == {"raised": "ValueError"}


def test_k01_stop_restart_and_delete_are_answered_as_it_expects(client: Client, raw: Raw) -> None:
    stopped, restarted = raw.started(), raw.started()
    answers = client(
        "admin",
        {"call": "workflow_instance_stop", "arguments": {"instance_id": stopped}},
        {"call": "workflow_instance_restart", "arguments": {"instance_id": restarted, "version": 1}},
        {"call": "workflow_instance_restart", "way": "asyncio", "arguments": {"instance_id": restarted}},
        {"call": "workflow_instance_delete_instance", "arguments": {"instance_id": stopped}},
        {"call": "workflow_instance_delete_instance", "arguments": {"instance_id": stopped}},
        {"call": "workflow_instance_stop", "arguments": {"instance_id": NOBODY}},
    )
    assert [each["status"] for each in answers] == [204, 204, 400, 204, 404, 404]
    new = answers[1]["headers"]["x-certloom-instance-id"]
    assert (raw.instance(restarted)["Status"], raw.instance(new)["Status"]) == (6, 2)
    assert raw.call("admin", "GET", f"/Workflow/Instances/{stopped}").status_code == 404


def test_k01_its_model_of_one_instance_cannot_hold_texts_and_the_answer_is_right(client: Client, raw: Raw) -> None:
    instance_id = raw.started()
    (answer,) = client("admin", {"call": "workflow_instance_get", "arguments": {"instance_id": instance_id}})
    # It takes every value of the data for an object. That is a fault of the client; the product sends texts as well.
    assert set(answer) == {"raised"}
    page = raw.instance(instance_id)
    assert (page["Status"], page["InitialData"]["Template"]) == (2, "WebServer")
    assert [signal["SignalName"] for signal in page["Signals"]] == ["ApprovalStatus"]
