"""Stop, Restart, Retry and Delete over HTTP: what is answered, what is read, and what changes nothing."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest
import pytest_asyncio
from tests.api.conftest import APPROVAL, ENROLL, NOBODY, ROOT, Site, assert_problem

from certloom.operations.roles import assign_role, create_role

pytestmark = pytest.mark.asyncio(loop_scope="module")

VERBS = ("Stop", "Restart", "Retry", "")
"""The four verbs; deleting has none in its path."""


async def steer(site: Site, who: str | None, instance_id: str, verb: str, **options: Any) -> httpx.Response:
    suffix = f"/{verb}" if verb else ""
    return await site.call(
        who,
        "POST" if verb else "DELETE",
        f"/Workflow/Instances/{instance_id}{suffix}",
        options.pop("body", None),
        **options,
    )


async def status(site: Site, instance_id: str) -> str:
    return str((await site.instance(instance_id))["Status"])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def every(site: Site) -> AsyncIterator[Mapping[str, str]]:
    """The id of an instance in every status, by the status."""
    running = await site.started("alice", "Held", headers={"prefer": "wait=0"})
    suspended, complete, rejected, superseded = [await site.started() for _ in range(4)]
    assert (await site.signal("bob", complete)).status_code == 204
    assert (await steer(site, "admin", rejected, "Stop")).status_code == 204
    assert (await steer(site, "admin", superseded, "Restart")).status_code == 204
    ids = (running, suspended, complete, rejected, superseded, await site.failed("Broken"))
    yield {await status(site, each): each for each in ids}
    site.holding.released.set()


# status → what Stop, Restart, Retry and Delete are told; those that would work are asked elsewhere
REFUSED: Mapping[str, tuple[str, ...]] = {
    "Running": (
        "Only a Suspended instance can be stopped",
        "Only a Failed or Suspended instance can be restarted",
        "Only a Failed instance",
        "Wait until it has ended",
    ),
    "Suspended": ("", "", "Only a Failed instance", "Stop it first"),
    "Complete": ("Only a Suspended", "Only a Failed or Suspended", "Only a Failed instance", ""),
    "Rejected": ("Only a Suspended", "Only a Failed or Suspended", "Only a Failed instance", ""),
    "CanceledForRestart": ("Only a Suspended", "Only a Failed or Suspended", "Only a Failed instance", ""),
    "Failed": ("Only a Suspended", "", "", ""),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("stands", REFUSED)
async def test_what_a_status_does_not_allow_is_a_400_that_says_where_it_stands(
    site: Site, every: Mapping[str, str], stands: str, verb: str
) -> None:
    told = REFUSED[stands][VERBS.index(verb)]
    if not told:
        assert set(every) == set(REFUSED)
        return
    before, rows = await site.instance(every[stands]), await site.state()
    answer = await steer(site, "admin", every[stands], verb)
    assert_problem(answer, 400, told)
    assert f"is {stands}" in answer.json()["Message"]
    assert (await site.instance(every[stands]), await site.state()) == (before, rows)


async def test_stop_restart_retry_and_delete_answer_204_without_a_body(site: Site) -> None:
    waiting = await site.started()
    stopped = await steer(site, "admin", waiting, "Stop")
    deleted = await steer(site, "admin", waiting, "")
    failed = await site.failed("Broken")
    retried = await steer(site, "admin", failed, "Retry")
    restarted = await steer(site, "admin", failed, "Restart")
    for answer in (stopped, deleted, retried, restarted):
        assert (answer.status_code, answer.content, "content-type" in answer.headers) == (204, b"", False)
    assert (await site.get("admin", f"/Workflow/Instances/{waiting}")).status_code == 404
    assert await status(site, failed) == "CanceledForRestart"


@pytest.mark.parametrize("verb", VERBS)
async def test_steering_asks_for_the_permission_before_it_looks_for_the_instance(site: Site, verb: str) -> None:
    waiting = await site.started()
    before = await site.instance(waiting)
    for instance_id in (waiting, NOBODY):
        assert (await steer(site, None, instance_id, verb)).status_code == 401
        for who in ("carol", "alice", "bob", "ruth"):
            assert_problem(await steer(site, who, instance_id, verb), 403, "/workflows/instances/manage/", "0xA0140002")
    assert_problem(await steer(site, "admin", NOBODY, verb), 404, f"no workflow instance {NOBODY}", "0xA0110002")
    assert await site.instance(waiting) == before


async def test_restarting_asks_for_reading_too_and_the_others_do_not(site: Site) -> None:
    await create_role(site.services, ROOT, "Only managing", ["WorkflowInstances:Manage"])
    await assign_role(site.services, ROOT, "Only managing", "CORP\\olga")
    waiting, failed = await site.started(), await site.failed("Broken")
    assert_problem(await steer(site, "olga", waiting, "Restart"), 403, "/workflows/instances/read/")
    assert (await steer(site, "olga", failed, "Retry")).status_code == 204
    assert (await steer(site, "olga", waiting, "Stop")).status_code == 204
    assert (await steer(site, "olga", waiting, "")).status_code == 204


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("wrong", ["nonsense", "7", f"{NOBODY}0", "My", "-1", "%7b%7d", "%F0%9F%92%A9"])
async def test_an_id_that_is_none_is_a_400_that_says_what_to_write(site: Site, verb: str, wrong: str) -> None:
    answer = await steer(site, "admin", wrong, verb)
    if wrong == "My" and not verb:
        assert (answer.status_code, "DELETE" in answer.headers["allow"]) == (405, False)
        return
    assert_problem(answer, 400, "GUID", "0xA0110008")


BODIES: Mapping[str, bytes] = {
    "nothing": b"",
    "null": b"null",
    "an empty object": b"{}",
    "members nobody knows": b'{"Reason": "x", "InstanceId": "7"}',
    "what follows an object": b'{} , "CollectionId": 0 }',
}
GARBAGE: Mapping[str, bytes] = {
    "no JSON": b"<restart/>",
    "a list": b"[1]",
    "a text": b'"1"',
    "half an object": b'{"version":',
    "bytes": b"\xff\xfe\x00",
    "a version in words": b'{"version": "newest"}',
    "a broken version": b'{"version": 1.5}',
    "a huge version": b'{"version": 99999999999999999999999}',
    "two versions": b'{"version": 1, "Version": 1}',
    "a reissue in words": b'{"reissue": "perhaps"}',
    "deep": b'{"a":' * 500,
}


@pytest.mark.parametrize("content", BODIES)
async def test_a_body_that_says_nothing_restarts_on_the_version_in_use(site: Site, content: str) -> None:
    waiting = await site.started()
    headers = {"content-type": "application/json-patch+json"}
    answer = await steer(site, "admin", waiting, "Restart", content=BODIES[content], headers=headers)
    assert answer.status_code == 204, answer.text
    assert await status(site, answer.headers["x-certloom-instance-id"]) == "Suspended"


@pytest.mark.parametrize("content", GARBAGE)
async def test_a_body_that_cannot_be_understood_restarts_nothing(site: Site, content: str) -> None:
    waiting = await site.started()
    before, rows = await site.instance(waiting), await site.state()
    assert_problem(await steer(site, "admin", waiting, "Restart", content=GARBAGE[content]), 400, "")
    assert (await site.instance(waiting), await site.state()) == (before, rows)


@pytest.mark.parametrize("verb", ["Stop", "Retry", ""])
async def test_where_no_body_is_taken_none_is_read(site: Site, verb: str) -> None:
    instance_id = await site.started() if verb == "Stop" else await site.failed("Broken")
    answer = await steer(site, "admin", instance_id, verb, content=b"{ [ <nonsense> \xff\x00")
    assert (answer.status_code, answer.content) == (204, b"")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def versions(site: Site) -> str:
    """A template whose definition has two published versions and a draft of a third."""
    await site.template("Versions")
    definition = await site.define("Versions", await site.approval(), ENROLL)
    path = f"/Workflow/Definitions/{definition}"
    steps = (await site.get("admin", path)).json()["Steps"]
    assert (await site.call("admin", "PUT", f"{path}/Steps", steps)).status_code == 200
    assert (await site.call("admin", "POST", f"{path}/Publish")).json()["PublishedVersion"] == 2
    assert (await site.call("admin", "PUT", f"{path}/Steps", steps)).json()["DraftVersion"] == 3
    return "Versions"


VERSIONS: Mapping[str, tuple[str, object, int]] = {
    # how → query, body, and the version that is run on
    "none": ("", None, 2),
    "in the query": ("?version=1", None, 1),
    "in the query, in capitals": ("?VERSION=1", None, 1),
    "in the body": ("", {"version": 1}, 1),
    "in the body, as Python's client spells": ("", {"Version": 1}, 1),
    "in the body, as a text": ("", {"version": "1"}, 1),
    "null in the body": ("", {"version": None}, 2),
    "nothing in the query": ("?version=", {"version": 1}, 1),
    "in both": ("?version=1", {"version": 2}, 1),
}


@pytest.mark.parametrize("case", VERSIONS)
async def test_a_restart_takes_the_version_from_the_query_else_from_the_body(
    site: Site, versions: str, case: str
) -> None:
    query, body, version = VERSIONS[case]
    waiting = await site.started("alice", versions)
    answer = await steer(site, "admin", waiting, f"Restart{query}", body=body)
    assert answer.status_code == 204, answer.text
    new = await site.instance(answer.headers["x-certloom-instance-id"])
    assert (new["Definition"]["Version"], new["Status"]) == (version, "Suspended")
    old = await site.instance(waiting)
    assert (old["Status"], old["Definition"]["Version"]) == ("CanceledForRestart", 2)
    assert new["ReferenceId"] > old["ReferenceId"]
    assert [new[name] for name in ("Title", "InitialData")] == [old[name] for name in ("Title", "InitialData")]


@pytest.mark.parametrize(("query", "told"), [
    ("version=3", "no version 3 that was published"),
    ("version=0", "no version 0"),
    ("version=-1", "no version -1"),
    ("version=9223372036854775807", "no version 9223372036854775807"),
    ("version=99999999999999999999", "$.version"),
    ("version=one", "$.version"),
    ("version=1&version=x", "$.version"),
    ("reissue=perhaps", "$.reissue"),
    ("%ff", "percent-encoded"),
])  # fmt: skip
async def test_a_version_that_was_never_published_is_a_400(site: Site, versions: str, query: str, told: str) -> None:
    waiting = await site.started("alice", versions)
    before = await site.instance(waiting)
    answer = await steer(site, "admin", waiting, f"Restart?{query}")
    assert answer.status_code == 400
    assert told.casefold() in answer.json()["Message"].casefold()
    assert await site.instance(waiting) == before


@pytest.mark.parametrize(("query", "body", "certificates"), [
    ("", None, 1), ("?reissue=true", None, 2), ("?reissue=false", {"Reissue": True}, 2), ("", {"reissue": "true"}, 2),
])  # fmt: skip
async def test_a_restart_issues_another_certificate_only_when_it_is_asked_to(
    site: Site, query: str, body: object, certificates: int
) -> None:
    rows = await site.rows("certificate")
    issued = (await site.enroll("alice", "LateBroken")).json()["CertificateInformation"]
    answer = await steer(site, "admin", issued["WorkflowInstanceId"], f"Restart{query}", body=body)
    assert answer.status_code == 204, answer.text
    new = await site.instance(answer.headers["x-certloom-instance-id"])
    assert (new["Status"], await site.rows("certificate") - rows) == ("Failed", certificates)
    assert (new["CurrentStateData"]["KeyfactorId"] == issued["KeyfactorID"]) is (certificates == 1)


async def test_a_restart_begins_with_no_approvals_and_the_old_ones_are_refused(site: Site) -> None:
    waiting = await site.started("alice", "TwoEyes")
    assert (await site.signal("bob", waiting)).status_code == 204
    new = (await steer(site, "admin", waiting, "Restart")).headers["x-certloom-instance-id"]
    assert_problem(await site.signal("dora", waiting), 400, "CanceledForRestart")
    (signal,) = (await site.instance(new))["Signals"]
    assert signal["SignalReceived"] is False
    for who in ("bob", "dora"):
        assert (await site.signal(who, new)).status_code == 204
    assert await status(site, new) == "Complete"


async def test_a_deleted_instance_leaves_its_certificate_and_the_audit_log(site: Site) -> None:
    issued = (await site.enroll("alice", "Direct")).json()["CertificateInformation"]
    instance_id, total = issued["WorkflowInstanceId"], len(await site.instances())
    assert (await steer(site, "admin", instance_id, "")).status_code == 204
    assert len(await site.instances()) == total - 1
    assert_problem(await steer(site, "admin", instance_id, ""), 404, instance_id)
    assert_problem(await site.signal("bob", instance_id), 404, instance_id)
    assert (await site.get("alice", f"/Certificates/{issued['KeyfactorID']}")).status_code == 200
    told = (await site.get("admin", f'/Audit?QueryString=AuditIdentifier -eq "{instance_id}"')).json()
    assert [
        (entry["User"], "Deleted the record of" in entry["Message"]) for entry in told if entry["Operation"] == 3
    ] == [("CORP\\admin", True)]


TRICKS: Mapping[str, tuple[str, str, int]] = {
    # how → method, what stands behind the id, and the answer
    "a suffix": ("POST", "/Stop/configs", 404),
    "an encoded slash": ("POST", "%2FStop", 404),
    "a semicolon": ("POST", "/Stop;now", 404),
    "dots": ("POST", "/Signals/%2e%2e/Stop", 404),
    "an unknown verb": ("POST", "/Resume", 404),
    "reading": ("GET", "/Stop", 405),
    "reading the head": ("HEAD", "/Stop", 405),
    "putting": ("PUT", "/Stop", 405),
    "deleting a verb": ("DELETE", "/Stop", 405),
    "posting to the page": ("POST", "", 405),
    "a NUL": ("POST", "/Stop%00", 404),
}


@pytest.mark.parametrize("case", TRICKS)
async def test_b02_no_trick_of_the_path_steers_an_instance(site: Site, case: str) -> None:
    method, suffix, code = TRICKS[case]
    waiting = await site.started()
    before = await site.instance(waiting)
    answer = await site.call("admin", method, f"/Workflow/Instances/{waiting}{suffix}")
    assert answer.status_code == code, answer.text
    assert await site.instance(waiting) == before


@pytest.mark.parametrize("spelling", ["/workflow/INSTANCES/{}/stop", "/Workflow//Instances/{}//Stop/"])
async def test_b02_other_spellings_of_a_verb_stand_behind_the_same_gate(site: Site, spelling: str) -> None:
    waiting = await site.started()
    assert (await site.call(None, "POST", spelling.format(waiting))).status_code == 401
    assert (await site.call("bob", "POST", spelling.format(waiting))).status_code == 403
    assert (await site.call("admin", "POST", spelling.format(waiting.upper()))).status_code == 204
    assert await status(site, waiting) == "Rejected"


async def test_b02_no_header_turns_reading_into_deleting(site: Site) -> None:
    issued = await site.started("alice", "Direct")
    path = f"/Workflow/Instances/{issued}"
    for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        assert (await site.get("admin", path, headers={header: "DELETE"})).status_code == 200
    assert await status(site, issued) == "Complete"


async def test_a_stopped_instance_takes_no_signal(site: Site) -> None:
    waiting = await site.started()
    assert (await steer(site, "admin", waiting, "Stop")).status_code == 204
    answer = await site.signal("bob", waiting, {"Approved": True}, APPROVAL)
    assert_problem(answer, 400, "it is Rejected at step RequireApproval1")
