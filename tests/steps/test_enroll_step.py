import asyncio
import base64
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from cryptography import x509
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.steps.conftest import FakeContext, view

from certloom.authorities.embedded.authority import EmbeddedAuthority
from certloom.errors import Invalid
from certloom.pki.authority import PolicyViolated
from certloom.pki.csr import read_csr
from certloom.steps.enroll import EnrollStep, RequestMalformed
from certloom.workflow.approval import bind, digest
from certloom.workflow.approved_request import RequestChanged
from certloom.workflow.fact import CertificateIssued, IssuancePlanned
from certloom.workflow.instance import ReceivedSignal
from certloom.workflow.outcome import Continue
from certloom.workflow.step import Prepared, Retries

STEP = EnrollStep()
labels = st.from_regex(re.compile(r"[a-z][a-z0-9]{0,10}", re.ASCII), fullmatch=True)


def vote(about: dict[str, Any]) -> ReceivedSignal:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return ReceivedSignal("Approve", "ApprovalStatus", 2, "CORP\\bob", at, {"Approved": True}, digest(bind(about)))


@pytest.fixture
def context(issuing: EmbeddedAuthority, order: dict[str, Any]) -> FakeContext:
    return FakeContext(view(order), issuing)


async def issued_by(context: FakeContext, prepared: Prepared) -> tuple[CertificateIssued, dict[str, Any]]:
    outcome = await STEP.perform(context, prepared.intent)
    assert isinstance(outcome, Continue)
    (fact,) = outcome.facts
    assert isinstance(fact, CertificateIssued)
    return fact, outcome.values


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(labels, min_size=1, max_size=4, unique=True))
def test_f02_the_same_intent_performed_twice_gives_the_same_certificate(
    context: FakeContext, order: dict[str, Any], names: list[str]
) -> None:
    async def twice() -> None:
        seeing = context.seeing(order | {"SANs": {"dns": [f"{name}.corp.example" for name in names]}})
        prepared = await STEP.prepare(seeing)
        read_back = msgspec.json.decode(msgspec.json.encode(prepared.intent))
        first, _ = await issued_by(seeing, prepared)
        second, _ = await issued_by(seeing, Prepared(read_back))
        assert first == second

    asyncio.run(twice())


async def test_f02_what_is_signed_is_what_was_planned(context: FakeContext) -> None:
    prepared = await STEP.prepare(context)
    (planned,) = prepared.facts
    assert isinstance(planned, IssuancePlanned)
    fact, values = await issued_by(context, prepared)
    certificate = x509.load_der_x509_certificate(fact.certificate)
    assert certificate.tbs_certificate_bytes == base64.b64decode(prepared.intent["plan"]["tbs"])
    assert (planned.serial, planned.certificate_id) == (values["SerialNumber"], values["KeyfactorId"])
    assert certificate.serial_number == int(planned.serial, 16)
    assert STEP.retries is Retries.SAFE


async def test_f01_every_plan_has_a_serial_of_its_own(context: FakeContext) -> None:
    plans = [(await STEP.prepare(context)).intent["plan"]["serial"] for _ in range(20)]
    assert len(set(plans)) == 20


async def test_metadata_is_recorded_as_text_and_the_request_as_issued(context: FakeContext) -> None:
    fact, values = await issued_by(context, await STEP.prepare(context))
    assert fact.metadata == {"Team": "shop", "Cost": "7"}
    assert values["CACertificateRequest"] == {"RequestId": None, "Status": "ISSUED"}
    assert (fact.requester_id, fact.requester) == (1, "CORP\\alice")


@pytest.mark.parametrize("spoiled", [{"Metadata": "text"}, {"CACertificateRequest": "text"}])
async def test_f02_what_cannot_be_recorded_is_not_signed(
    context: FakeContext, order: dict[str, Any], spoiled: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    signed: list[object] = []

    async def issue(plan: object) -> bytes:
        signed.append(plan)
        return b""

    monkeypatch.setattr(context.issuing, "issue", issue)
    asked = context.seeing(order | spoiled)
    with pytest.raises((RequestMalformed, AttributeError, TypeError)):
        await STEP.perform(asked, (await STEP.prepare(asked)).intent)
    assert signed == []


async def test_a09_a_vote_about_this_request_lets_it_pass(context: FakeContext, order: dict[str, Any]) -> None:
    assert (await STEP.prepare(context.seeing(order, vote(order)))).facts


async def test_a09_a_vote_about_another_request_stops_it(context: FakeContext, order: dict[str, Any]) -> None:
    with pytest.raises(RequestChanged, match=r"CORP\\bob decided at step Approve"):
        await STEP.prepare(context.seeing(order, vote(order | {"Subject": "CN=other"})))


async def test_a17_the_policy_is_asked_when_planning(context: FakeContext, order: dict[str, Any]) -> None:
    with pytest.raises(PolicyViolated):
        await STEP.prepare(context.seeing(order | {"SANs": {"ip": ["192.0.2.1"]}}))


async def test_e04_a_key_that_may_not_get_a_certificate_is_not_planned_for(context: FakeContext) -> None:
    key = read_csr(context.view.data["CSR"]).key.spki_sha256
    refusing = replace(context, lookup=replace(context.lookup, refused_keys=frozenset({(key, 1)})))
    with pytest.raises(Invalid, match="this key"):
        await STEP.prepare(refusing)
