from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from tests.steps.conftest import FakeContext, FakeHttp, view

from certloom.authorities.embedded.authority import EmbeddedAuthority
from certloom.steps.oauth_rest_request import CredentialsMissing, OAuthRestRequest, TokenRefused
from certloom.workflow.outcome import Continue, Fail, Outcome
from certloom.workflow.outgoing import Answer, HttpRequest, NotDone, PerhapsDone

SECRET = "open-sesame-4711"
ENDPOINT = "https://login.example/token"
GIVEN = {
    "Verb": "GET",
    "URL": "https://api.example/x",
    "DataBucketProperty": "Answer",
    "client_id": "certloom",
    "client_secret": SECRET,
    "TokenEndpoint": ENDPOINT,
    "scope": "https://graph.example/.default",
    "audience": "",
}


def token(value: str = "token-1", expires_in: object = 3600) -> Answer:
    return Answer(
        200, {}, f'{{"access_token": "{value}", "token_type": "Bearer", "expires_in": {expires_in}}}'.encode()
    )


OK = Answer(200, {}, b"{}")


def context_of(issuing: EmbeddedAuthority, http: FakeHttp, **parameters: Any) -> FakeContext:
    return FakeContext(view({}, parameters={**GIVEN, **parameters}), issuing, http=http)


async def called(step: OAuthRestRequest, context: FakeContext) -> Outcome:
    return await step.perform(context, (await step.prepare(context)).intent)


def bearers(http: FakeHttp) -> list[str | None]:
    """The token of each request, None for one to the token endpoint."""
    return [None if one.url == ENDPOINT else _authorization(one) for one in http.asked]


def _authorization(request: HttpRequest) -> str:
    return dict(request.headers)["Authorization"].removeprefix("Bearer ")


async def test_a_token_is_fetched_with_the_credentials_and_sent_along(issuing: EmbeddedAuthority) -> None:
    http = FakeHttp([token(), Answer(200, {}, b'{"value": []}')])
    assert await called(OAuthRestRequest(), context_of(issuing, http)) == Continue({"Answer": '{"value": []}'})
    assert parse_qs(http.asked[0].body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["certloom"],
        "client_secret": [SECRET],
        "scope": ["https://graph.example/.default"],
    }
    assert bearers(http) == [None, "token-1"]


async def test_a_token_is_kept_until_shortly_before_it_expires(issuing: EmbeddedAuthority) -> None:
    step, http = OAuthRestRequest(), FakeHttp([token(), OK, OK, token("token-2"), OK])
    context = context_of(issuing, http)
    await called(step, context)
    await called(step, context)
    later = context.view.now + timedelta(seconds=3541)
    await called(step, replace(context, view=_at(context, later)))
    assert bearers(http) == [None, "token-1", "token-1", None, "token-2"]


def _at(context: FakeContext, now: Any) -> Any:
    return view({}, parameters=context.view.parameters, now=now)


@pytest.mark.parametrize("other", [{"client_secret": "x"}, {"client_id": "x"}, {"scope": "x"}, {"audience": "x"}])
async def test_a_token_is_only_for_the_credentials_it_was_fetched_with(
    issuing: EmbeddedAuthority, other: dict[str, str]
) -> None:
    step, http = OAuthRestRequest(), FakeHttp([token(), OK, token("token-2"), OK])
    await called(step, context_of(issuing, http))
    await called(step, context_of(issuing, http, **other))
    assert bearers(http) == [None, "token-1", None, "token-2"]


async def test_a_kept_token_that_is_refused_is_fetched_anew_once(issuing: EmbeddedAuthority) -> None:
    step, refused = OAuthRestRequest(), Answer(401, {}, b"expired")
    http = FakeHttp([token(), OK, refused, token("token-2"), OK])
    context = context_of(issuing, http)
    await called(step, context)
    assert isinstance(await called(step, context), Continue)
    assert bearers(http) == [None, "token-1", "token-1", None, "token-2"]


async def test_a_fresh_token_that_is_refused_fails_the_step(issuing: EmbeddedAuthority) -> None:
    http = FakeHttp([token(), Answer(401, {}, b"no token-1, no entry")])
    outcome = await called(OAuthRestRequest(), context_of(issuing, http))
    assert isinstance(outcome, Fail)
    assert "401: no (hidden), no entry" in outcome.message


@pytest.mark.parametrize("name", ["client_id", "client_secret", "TokenEndpoint"])
async def test_credentials_that_an_export_left_out_are_told(issuing: EmbeddedAuthority, name: str) -> None:
    http = FakeHttp()
    with pytest.raises(CredentialsMissing):
        await called(OAuthRestRequest(), context_of(issuing, http, **{name: None}))
    assert http.asked == []


async def test_b09_a_refused_token_request_is_told_without_the_secret(issuing: EmbeddedAuthority) -> None:
    body = f'{{"error": "invalid_client", "secret": "{SECRET}"}}'.encode()
    with pytest.raises(TokenRefused, match="invalid_client") as raised:
        await called(OAuthRestRequest(), context_of(issuing, FakeHttp([Answer(401, {}, body)])))
    assert SECRET not in raised.value.message


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"access_token": 7}', b"token-1", b"\xff", b'{"access_token": "token-1", "expires_in": "x"}'],
)
async def test_b09_an_answer_without_a_usable_token_is_told_and_not_shown(
    issuing: EmbeddedAuthority, body: bytes
) -> None:
    with pytest.raises(TokenRefused) as raised:
        await called(OAuthRestRequest(), context_of(issuing, FakeHttp([Answer(200, {}, body)])))
    assert "token-1" not in f"{raised.value}"


BUSY = (Answer(503, {"retry-after": "9"}, b""), Answer(500, {}, b""), Answer(429, {}, b""), PerhapsDone("lost"))


@pytest.mark.parametrize("failure", BUSY)
async def test_without_a_token_nothing_was_done(issuing: EmbeddedAuthority, failure: Answer | Exception) -> None:
    with pytest.raises(NotDone):
        await called(OAuthRestRequest(), context_of(issuing, FakeHttp([failure]), Verb="POST"))


async def test_a_lost_answer_of_the_service_itself_leaves_it_unknown(issuing: EmbeddedAuthority) -> None:
    with pytest.raises(PerhapsDone):
        await called(OAuthRestRequest(), context_of(issuing, FakeHttp([token(), PerhapsDone("lost")]), Verb="POST"))


async def test_b09_what_is_recorded_holds_neither_secret_nor_token(issuing: EmbeddedAuthority) -> None:
    step, context = OAuthRestRequest(), context_of(issuing, FakeHttp([token(), OK]))
    prepared = await step.prepare(context)
    outcome = await step.perform(context, prepared.intent)
    assert SECRET not in f"{prepared}{outcome}"
    assert "token-1" not in f"{prepared}{outcome}"
