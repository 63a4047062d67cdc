from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from tests.steps.conftest import FakeContext, view

from certloom.authorities.embedded.authority import EmbeddedAuthority
from certloom.errors import Invalid
from certloom.steps.revoke import RevokeStep
from certloom.workflow.approval import bind, digest
from certloom.workflow.approved_request import RequestChanged
from certloom.workflow.fact import CertificateRevoked
from certloom.workflow.instance import ReceivedSignal
from certloom.workflow.outcome import Continue
from certloom.workflow.step import Retries

STEP = RevokeStep()
ASKED: dict[str, Any] = {
    "CertificateId": 5,
    "RevokeCode": 4,
    "EffectiveDate": "2026-01-02T03:04:05.000Z",
    "Comment": "replaced",
}


async def test_the_same_intent_performed_twice_says_the_same(issuing: EmbeddedAuthority) -> None:
    context = FakeContext(view(ASKED), issuing)
    prepared = await STEP.prepare(context)
    read_back = msgspec.json.decode(msgspec.json.encode(prepared.intent))
    outcomes = [await STEP.perform(context, intent) for intent in (prepared.intent, read_back)]
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    fact = CertificateRevoked(certificate_id=5, authority="CA", reason=4, effective_at=at, comment="replaced")
    assert outcomes == [Continue({"Revoked": True}, (fact,))] * 2
    assert (prepared.intent["serial"], prepared.intent["authority"], STEP.retries) == ("05", "CA", Retries.SAFE)


async def test_a09_a_vote_about_another_revocation_stops_it(issuing: EmbeddedAuthority) -> None:
    about = digest(bind(ASKED | {"RevokeCode": 1}))
    vote = ReceivedSignal("S", "ApprovalStatus", 2, "bob", datetime(2026, 1, 1, tzinfo=UTC), {"Approved": True}, about)
    with pytest.raises(RequestChanged, match="bob decided"):
        await STEP.prepare(FakeContext(view(ASKED, vote), issuing))


@pytest.mark.parametrize(
    "rewritten",
    [
        {"RevokeCode": 11},
        {"RevokeCode": "soon"},
        {"EffectiveDate": "2999-01-01T00:00:00Z"},
        {"EffectiveDate": 5},
    ],
)
async def test_a17_a_revocation_rewritten_by_a_script_is_held_to_the_rules_of_a_new_one(
    issuing: EmbeddedAuthority, rewritten: dict[str, Any]
) -> None:
    with pytest.raises(Invalid):
        await STEP.prepare(FakeContext(view(ASKED | rewritten), issuing))
