import re

import pytest
from tests.api.conftest import APPROVAL, MOMENT, NOBODY, Site, assert_problem

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_explanation_has_its_members_in_their_order(site: Site) -> None:
    instance_id = await site.started("alice", "TwoEyes")
    await site.signal("bob", instance_id, {"Approved": "True", "Comment": "fine"})
    answer = await site.get("alice", f"/Certloom/Instances/{instance_id}/Explanation")
    assert answer.status_code == 200
    body = answer.json()
    assert list(body) == [
        "Id",
        "Status",
        "Summary",
        "Step",
        "StepDisplayName",
        "Since",
        "OutOfReach",
        "Awaited",
        "Votes",
        "Dates",
        "Failure",
        "NextSteps",
        "Actions",
        "SupersededBy",
    ]
    assert (body["Id"], body["Status"], body["OutOfReach"]) == (instance_id, "Suspended", False)
    assert body["StepDisplayName"] == "Security review"
    # alice asked and bob has voted: dora is left.
    assert body["Awaited"] == [
        {
            "SignalKey": APPROVAL,
            "Roles": ["Approvers"],
            "Needed": 2,
            "Missing": 1,
            "People": 1,
            "OutOfReach": False,
        }
    ]
    (vote,) = body["Votes"]
    assert re.fullmatch(MOMENT, vote.pop("Time"))
    assert vote == {
        "Step": "RequireApproval1",
        "User": "CORP\\bob",
        "Approved": True,
        "Comment": "fine",
        "Counts": True,
        "Why": "",
    }
    assert body["NextSteps"][0]["Step"] == "EnrollStep1"
    assert body["Actions"] == ["Signal", "Stop", "Restart"]


async def test_an_explanation_of_a_failure_says_what_failed_and_what_can_be_done(site: Site) -> None:
    instance_id = await site.failed("Broken")
    body = (await site.get("admin", f"/Certloom/Instances/{instance_id}/Explanation")).json()
    assert body["Failure"]["Step"] == "FailingStep1"
    assert body["Failure"]["Why"] == "the ticket system refused the ticket"
    assert body["Actions"] == ["Retry", "Restart", "Delete"]


async def test_an_explanation_outside_ones_reach_looks_like_one_of_nothing(site: Site) -> None:
    instance_id = await site.started("alice")
    theirs = await site.get("rita", f"/Certloom/Instances/{instance_id}/Explanation")
    nobodys = await site.get("rita", f"/Certloom/Instances/{NOBODY}/Explanation")
    assert_problem(theirs, 404, "There is no workflow instance")
    assert theirs.text.replace(instance_id, NOBODY) == nobodys.text
