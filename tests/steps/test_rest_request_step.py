from base64 import b64decode
from dataclasses import replace
from typing import Any

import pytest
from tests.steps.conftest import FakeContext, FakeHttp, view

from certloom.authorities.embedded.authority import EmbeddedAuthority
from certloom.steps.rest_request import RestRequest
from certloom.workflow.outcome import Continue, Fail, Outcome
from certloom.workflow.outgoing import Answer
from certloom.workflow.parameters import named_as_declared
from certloom.workflow.rest import CallUnusable
from certloom.workflow.step import Retries

PASSWORD = "open-sesame-4711"
GIVEN = {"Verb": "POST", "URL": "https://api.example/x", "RequestContent": "{}", "DataBucketProperty": "Answer"}
BASIC = {"UseBasicAuth": True, "BasicUsername": "cert", "BasicPassword": PASSWORD}


def context_of(issuing: EmbeddedAuthority, http: FakeHttp, **parameters: Any) -> FakeContext:
    return FakeContext(view({}, parameters={**GIVEN, **parameters}), issuing, http=http)


async def called(context: FakeContext) -> tuple[dict[str, Any], Outcome]:
    step = RestRequest()
    prepared = await step.prepare(context)
    return prepared.intent, await step.perform(context, prepared.intent)


async def test_a_request_is_sent_and_its_answer_stored(issuing: EmbeddedAuthority) -> None:
    http = FakeHttp([Answer(200, {}, b'{"id": 7}')])
    _, outcome = await called(context_of(issuing, http))
    assert outcome == Continue({"Answer": '{"id": 7}'})
    assert (http.asked[0].method, http.asked[0].body) == ("POST", b"{}")
    assert dict(http.asked[0].headers) == {"Content-Type": "application/json", "Idempotency-Key": "i:S:1"}


@pytest.mark.parametrize("switch", [True, "True", " true "])
async def test_b09_basic_authentication_is_sent_and_never_recorded(issuing: EmbeddedAuthority, switch: object) -> None:
    http = FakeHttp([Answer(403, {}, f"no entry for {PASSWORD}".encode())])
    intent, outcome = await called(context_of(issuing, http, **{**BASIC, "UseBasicAuth": switch}))
    header = dict(http.asked[0].headers)["Authorization"]
    assert b64decode(header.removeprefix("Basic ")) == f"cert:{PASSWORD}".encode()
    assert isinstance(outcome, Fail)
    assert PASSWORD not in f"{intent}{outcome}"
    assert header.removeprefix("Basic ") not in f"{intent}{outcome}"


@pytest.mark.parametrize("switch", [False, "False", None])
async def test_credentials_stay_at_home_while_the_switch_is_off(issuing: EmbeddedAuthority, switch: object) -> None:
    http = FakeHttp([Answer(200, {}, b"")])
    await called(context_of(issuing, http, **{**BASIC, "UseBasicAuth": switch}))
    assert "Authorization" not in dict(http.asked[0].headers)


@pytest.mark.parametrize("missing", ["BasicUsername", "BasicPassword"])
async def test_half_of_the_credentials_sends_nothing(issuing: EmbeddedAuthority, missing: str) -> None:
    http = FakeHttp()
    with pytest.raises(CallUnusable, match="empty"):
        await called(context_of(issuing, http, **{**BASIC, missing: None}))
    assert http.asked == []


async def test_d06_a_response_cannot_be_stored_over_what_is_protected(issuing: EmbeddedAuthority) -> None:
    context = context_of(issuing, FakeHttp())
    with pytest.raises(CallUnusable, match="may not be replaced"):
        await called(replace(context, view=view({}, parameters=GIVEN, protected=frozenset({"answer"}))))


async def test_what_a_second_time_does_depends_on_the_verb(issuing: EmbeddedAuthority) -> None:
    for verb, again in (("GET", Retries.SAFE), ("POST", Retries.MANUAL)):
        prepared = await RestRequest().prepare(context_of(issuing, FakeHttp(), Verb=verb))
        assert RestRequest().again(prepared.intent) is again


def test_what_cannot_be_sent_is_told_when_the_definition_is_saved() -> None:
    faults = RestRequest().faults({"BasicUsername": "a:b", "Headers": {"authorization": ["Bearer x"]}})
    assert [fault.partition(" ")[0] for fault in faults] == ["Headers", "BasicUsername"]


def test_basic_authentication_is_read_in_near_spellings() -> None:
    given = {"UseBasicAuthentication": True, "username": "cert", "Password": "x"}
    assert set(named_as_declared(RestRequest.parameters, given)) == set(BASIC)
