import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from certloom.steps.require_approval import RequireApproval
from certloom.workflow.signal import SignalDataInvalid, SignalKeyInvalid, read_signal_data, split_signal_key

(APPROVAL,) = RequireApproval.signals


@pytest.mark.parametrize("value", [True, "True", "true", " TRUE "])
def test_a15_true_in_every_spelling_approves(value: object) -> None:
    assert read_signal_data(APPROVAL, {"Approved": value}) == {"Approved": True}


@pytest.mark.parametrize("value", [False, "False", "false"])
def test_a15_false_in_every_spelling_denies(value: object) -> None:
    assert read_signal_data(APPROVAL, {"approved": value}) == {"Approved": False}


@pytest.mark.parametrize("value", ["yes", "1", 1, 0, 1.0, "", "tru", [], ["True"], {"a": True}, "true\0", "\u0422RUE"])
def test_a15_anything_else_is_refused_with_what_to_send(value: object) -> None:
    with pytest.raises(SignalDataInvalid, match='Send "Approved": "True"'):
        read_signal_data(APPROVAL, {"Approved": value})


@pytest.mark.parametrize("data", [{}, {"Approved": None}, {"Comment": "True"}, {"Approved ": "True"}])
def test_a15_a_missing_decision_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(SignalDataInvalid, match=r"Data\.Approved is missing"):
        read_signal_data(APPROVAL, data)


@given(st.booleans(), st.booleans())
def test_a15_a_decision_in_two_spellings_is_refused(first: bool, second: bool) -> None:  # noqa: FBT001 - drawn
    with pytest.raises(SignalDataInvalid, match="more than once"):
        read_signal_data(APPROVAL, {"Approved": first, "approved": second})


def test_a15_members_nobody_declared_are_left_out() -> None:
    sent = {"APPROVED": "true", "comment": "fine", "Requester": "root", "Digest": "0"}
    assert read_signal_data(APPROVAL, sent) == {"Approved": True, "Comment": "fine"}


@pytest.mark.parametrize("comment", [7, True, ["a"], "x" * 10_001])
def test_a_comment_is_text_of_bounded_length(comment: object) -> None:
    with pytest.raises(SignalDataInvalid, match="Comment"):
        read_signal_data(APPROVAL, {"Approved": True, "Comment": comment})


def test_a_comment_may_be_as_long_as_it_says_and_its_refusal_says_how_long_that_is() -> None:
    longest = "x" * 10_000
    assert read_signal_data(APPROVAL, {"Approved": True, "Comment": longest})["Comment"] == longest
    with pytest.raises(SignalDataInvalid) as refusal:
        read_signal_data(APPROVAL, {"Approved": True, "Comment": f"{longest}x"})
    assert refusal.value.message == 'Data.Comment cannot be read. Send "Comment" as text of at most 10000 characters.'


class Impostor:
    """Something that calls itself true."""

    @override
    def __str__(self) -> str:
        return "true"


def test_a15_what_only_looks_like_true_as_text_is_not_true() -> None:
    with pytest.raises(SignalDataInvalid, match="cannot be read"):
        read_signal_data(APPROVAL, {"Approved": Impostor()})


def test_a_signal_key_is_step_and_name() -> None:
    assert split_signal_key(" RequireApproval1.ApprovalStatus ") == ("RequireApproval1", "ApprovalStatus")


@pytest.mark.parametrize("key", ["", ".", "A", "A.", ".B", " . ", "RequireApproval1"])
def test_a_key_without_both_halves_is_refused_with_an_example(key: str) -> None:
    with pytest.raises(SignalKeyInvalid, match=r"RequireApproval1\.ApprovalStatus"):
        split_signal_key(key)


def test_a_long_key_is_not_repeated_in_full() -> None:
    with pytest.raises(SignalKeyInvalid) as refusal:
        split_signal_key("x" * 10_000)
    assert len(refusal.value.message) < 500


def test_a_private_key_in_a_comment_is_refused_and_not_repeated() -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----"
    with pytest.raises(SignalDataInvalid, match="holds a private key") as refusal:
        read_signal_data(RequireApproval.signals[0], {"Approved": "True", "Comment": pem})
    assert "MIGHAgEAMBMGByqGSM49" not in refusal.value.message
