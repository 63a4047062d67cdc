from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.workflow.journal_strategies import json_values, texts

from certloom.workflow.approval import bind, changed_fields, digest, votes_for
from certloom.workflow.instance import ReceivedSignal

NOW = datetime(2026, 1, 1, tzinfo=UTC)
requests = st.dictionaries(texts, json_values, min_size=1, max_size=6)


def vote(account_id: int, about: str | None, step: str = "A", *, approved: bool = True) -> ReceivedSignal:
    return ReceivedSignal(step, "ApprovalStatus", account_id, f"p{account_id}", NOW, {"Approved": approved}, about)


def reordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: reordered(member) for name, member in reversed(value.items())}
    return [reordered(member) for member in value] if isinstance(value, list) else value


@given(requests)
def test_a09_equal_requests_have_equal_digests_whatever_the_order_of_their_members(request: dict[str, Any]) -> None:
    assert digest(bind(request)) == digest(bind(reordered(request)))
    assert changed_fields(bind(request), bind(reordered(request))) == ()


@given(requests, st.data())
def test_a09_one_changed_field_changes_the_digest_and_is_named(request: dict[str, Any], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(request)))
    changed = {**request, name: ["changed", request[name]]}
    assert digest(bind(changed)) != digest(bind(request))
    assert changed_fields(bind(request), bind(changed)) == (name,)


@given(requests, texts, json_values)
def test_a09_an_added_or_removed_field_is_named(request: dict[str, Any], name: str, value: Any) -> None:
    without = {field: content for field, content in request.items() if field != name}
    with_it = {**without, name: value}
    assert changed_fields(bind(without), bind(with_it)) == (name,)
    assert changed_fields(bind(with_it), bind(without)) == (name,)
    assert digest(bind(with_it)) != digest(bind(without))


@given(st.lists(texts, min_size=2, max_size=4, unique=True))
def test_a09_the_order_of_a_list_is_part_of_the_request(names: list[str]) -> None:
    assert digest(bind({"SANs": names})) != digest(bind({"SANs": names[::-1]}))


def test_a09_values_cannot_move_between_fields() -> None:
    assert digest(bind({"a": "x", "b": "y"})) != digest(bind({"a": "y", "b": "x"}))
    assert digest(bind({"a": 1})) != digest(bind({"a": "1"}))
    assert digest(bind({"a": None})) != digest(bind({}))


def test_changed_fields_come_in_order_of_name() -> None:
    assert changed_fields(bind({"b": 1, "a": 1, "c": 1}), bind({"b": 2, "a": 2, "c": 1})) == ("a", "b")


@given(st.lists(st.tuples(st.integers(1, 4), st.sampled_from(["d", "other", None]), st.sampled_from("AB"))))
def test_a04_one_person_counts_once_and_only_for_this_request_and_step(sent: list[tuple[int, str, str]]) -> None:
    current = {"CSR": "1"}
    about = {"d": digest(current), "other": digest({"CSR": "2"}), None: None}
    signals = [vote(account, about[which], step) for account, which, step in sent]
    counted = votes_for(signals, "A", current)
    expected = {account for account, which, step in sent if which == "d" and step == "A"}
    assert {one.account_id for one in counted} == expected
    assert len(counted) == len(expected)


def test_the_first_vote_of_a_person_is_the_one_that_counts() -> None:
    about = digest({"CSR": "1"})
    counted = votes_for([vote(1, about, approved=False), vote(1, about)], "A", {"CSR": "1"})
    assert [one.data for one in counted] == [{"Approved": False}]
