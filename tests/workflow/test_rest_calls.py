import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certloom.workflow.outcome import Continue, Fail
from certloom.workflow.outgoing import Answer, NotDone, PerhapsDone
from certloom.workflow.rest import CallUnusable, RestCall, call_of, excerpt, outcome_of, rest_faults, wait_of
from certloom.workflow.retry import Retries
from certloom.workflow.tokens import replace_tokens

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PARAMETERS = {"Verb": "POST", "URL": "https://api.example/x?secret=q", "ContentType": "application/json"}
VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def call(**parameters: Any) -> RestCall:
    return call_of({**PARAMETERS, **parameters}, frozenset({"Subject"}))


def answer(status: int, body: str | bytes = b"", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, named, body.encode() if isinstance(body, str) else body)


@given(
    st.sampled_from(VERBS),
    st.dictionaries(st.sampled_from(["Accept", "X-A", "X-B"]), st.lists(st.text())),
    st.text(),
    st.text(alphabet="abc", max_size=5),
)
def test_a_call_holds_what_the_parameters_say_and_survives_being_recorded(
    verb: str, headers: dict[str, list[str]], body: str, stored_as: str
) -> None:
    made = call(Verb=verb, Headers=headers, RequestContent=body, DataBucketProperty=stored_as)
    again = msgspec.convert(json.loads(json.dumps(msgspec.to_builtins(made))), RestCall)
    assert again == made
    request = again.request("key", None)
    assert (request.method, request.url, request.body) == (verb, PARAMETERS["URL"], body.encode("utf-8", "replace"))
    expected = [(name, value) for name, values in headers.items() for value in values]
    own = [("Content-Type", "application/json")] if body else []
    assert list(request.headers) == [*own, *expected, ("Idempotency-Key", "key")]


def test_every_request_carries_the_key_in_a_form_any_header_can_hold() -> None:
    request = call().request("1-2:Ask the ü\r\nX: y:1", "Basic x")
    assert request.headers == (
        ("Idempotency-Key", "1-2:Ask%20the%20%C3%BC%0D%0AX:%20y:1"),
        ("Authorization", "Basic x"),
    )


@pytest.mark.parametrize(
    ("verb", "again"), [(one, Retries.MANUAL if one in {"POST", "PATCH"} else Retries.SAFE) for one in VERBS]
)
def test_only_verbs_that_may_be_repeated_are_safe(verb: str, again: Retries) -> None:
    assert call(Verb=verb).again is again


@pytest.mark.parametrize("name", ["Content-Type", "AUTHORIZATION", "idempotency-key"])
def test_headers_with_a_field_of_their_own_are_not_set_through_headers(name: str) -> None:
    (fault,) = rest_faults({"Headers": {name: ["x"], "Accept": ["y"]}})
    assert name in fault


@pytest.mark.parametrize("name", ["a.b", "a[0]", "$(x)", "a\nb", "x" * 101])
def test_a_response_is_stored_under_a_name_that_tokens_find(name: str) -> None:
    assert len(rest_faults({"DataBucketProperty": name})) == 1
    with pytest.raises(CallUnusable):
        call(DataBucketProperty=name)


@pytest.mark.parametrize("name", ["Subject", "subject", " SUBJECT "])
def test_d06_a_response_never_replaces_what_is_protected(name: str) -> None:
    with pytest.raises(CallUnusable, match="may not be replaced"):
        call(DataBucketProperty=name)


def test_a_response_is_stored_so_that_tokens_reach_into_it() -> None:
    body = '\ufeff{"value": [{"x": "ü"}], "n": 1}'
    outcome = outcome_of(call(DataBucketProperty="Var"), answer(200, body), (), NOW)
    assert isinstance(outcome, Continue)
    assert replace_tokens("$(Var.value[0].x) $(var.n)", outcome.values) == "ü 1"


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_without_a_name_a_response_is_discarded(status: int) -> None:
    assert outcome_of(call(), answer(status, "{}"), (), NOW) == Continue()


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 403, 404, 409, 418, 600])
def test_a_refusal_fails_the_step_with_status_place_and_excerpt(status: int) -> None:
    outcome = outcome_of(call(), answer(status, "no\n such\tthing"), (), NOW)
    assert isinstance(outcome, Fail)
    assert f"POST https://api.example/x answered {status}: no such thing" in outcome.message
    assert "secret" not in outcome.message
    assert ("not followed" in outcome.message) is (300 <= status < 400)


@pytest.mark.parametrize("status", [408, 500, 502, 504, 599])
def test_a_server_that_failed_may_have_done_it(status: int) -> None:
    with pytest.raises(PerhapsDone, match=str(status)):
        outcome_of(call(), answer(status), (), NOW)


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_did_nothing_and_says_when_to_come_back(status: int) -> None:
    with pytest.raises(NotDone) as raised:
        outcome_of(call(), answer(status, retry_after="120"), (), NOW)
    assert raised.value.after == timedelta(seconds=120)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("soon", None),
        ("-1", None),
        ("0", timedelta(0)),
        ("30", timedelta(seconds=30)),
        ("Thu, 01 Jan 2026 00:01:00 GMT", timedelta(minutes=1)),
        ("Wed, 31 Dec 2025 00:00:00 GMT", timedelta(0)),
        ("9" * 50, timedelta(seconds=10**8)),
    ],
)
def test_how_long_a_server_asks_to_wait(text: str, expected: timedelta | None) -> None:
    assert wait_of(answer(429, retry_after=text), NOW) == expected


@given(st.text())
def test_any_retry_after_is_a_wait_or_nothing(text: str) -> None:
    waited = wait_of(answer(429, retry_after=text), NOW)
    assert waited is None or waited >= timedelta(0)


@given(st.text(), st.text(alphabet=st.characters(codec="ascii", categories=("L", "N", "P")), min_size=4), st.text())
def test_b09_an_excerpt_repeats_no_secret(before: str, secret: str, after: str) -> None:
    shown = excerpt(answer(400, f"{before}{secret}{after}"), (secret, ""))
    assert secret not in shown or secret in "(hidden)"
    assert len(shown) <= 301
    assert shown.isprintable()


def test_b09_an_excerpt_repeats_no_secret_in_another_spelling() -> None:
    secret = 'a"b&c/d'
    body = json.dumps({"echo": secret, "form": "client_secret=a%22b%26c%2Fd"})
    shown = excerpt(answer(400, body), (secret,))
    assert "b&c" not in shown
    assert "%26c" not in shown
