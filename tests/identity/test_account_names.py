import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from certloom.identity.account import AccountName, AccountNameInvalid, read_account_name


@pytest.mark.parametrize("text", ["CORP\\alice", "corp\\Alice", "ALICE@Corp", "alice"])
def test_three_spellings_in_any_case_are_one_account(text: str) -> None:
    name = read_account_name(text, default_domain="corp")

    assert name.key == "corp\\alice"
    assert name == AccountName("CORP", "ALICE")
    assert hash(name) == hash(AccountName("CORP", "ALICE"))


def test_the_display_form_shows_the_domain_in_capitals() -> None:
    assert read_account_name("alice@corp", "").display == "CORP\\alice"


def test_an_account_without_any_domain_is_just_the_user() -> None:
    name = read_account_name("Alice", "")

    assert (name.key, name.display) == ("alice", "Alice")


def test_decomposed_letters_name_the_same_account() -> None:
    assert read_account_name("mu\u0308ller", "") == read_account_name("m\u00fcller", "")


def test_another_domain_is_another_account() -> None:
    assert read_account_name("CORP\\alice", "") != read_account_name("LAB\\alice", "")
    assert read_account_name("CORP\\alice", "") != read_account_name("alice", "")
    assert read_account_name("alice", "") != "alice"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        " alice",
        "alice ",
        "CORP\\",
        "\\alice",
        "alice@",
        "@corp",
        "CORP\\alice@corp",
        "CORP\\LAB\\alice",
        "a@b@c",
        "CORP \\alice",
        "ali\x00ce",
        "ali\nce",
        "ali\u202ece",
        "ali\u200bce",
        "ali\u00a0ce",
        "ali\u2028ce",
        "ali\ud800ce",
        "ali\ue000ce",
        "system:renewal",
        "CO:RP\\alice",
        "a" * 257,
        "\u0131\\alice",
    ],
)
def test_hostile_names_are_refused(text: str) -> None:
    with pytest.raises(AccountNameInvalid):
        read_account_name(text, "corp")


def test_a_name_that_is_too_long_only_with_its_domain_is_refused() -> None:
    with pytest.raises(AccountNameInvalid, match="with its domain"):
        read_account_name("a" * 255, "corp")


def test_a_hostile_default_domain_is_refused() -> None:
    with pytest.raises(AccountNameInvalid):
        read_account_name("alice", "corp\\lab")


def test_the_refusal_does_not_repeat_what_was_typed() -> None:
    with pytest.raises(AccountNameInvalid) as refusal:
        read_account_name("hunter2 hunter2 ", "")

    assert "hunter2" not in refusal.value.message


parts = st.text(
    alphabet=st.characters(exclude_categories=["C", "Z"], exclude_characters="\\@:"), min_size=1, max_size=20
)


@given(domain=parts | st.just(""), user=parts)
def test_reading_the_display_form_gives_the_same_account(domain: str, user: str) -> None:
    try:
        name = read_account_name(user, domain)
    except AccountNameInvalid:
        assume(False)

    again = read_account_name(name.display, "elsewhere" if domain else "")

    assert again.key == name.key
    assert again == name


@given(text=st.text(max_size=40), default_domain=st.text(max_size=10))
def test_any_text_is_read_or_refused_by_name(text: str, default_domain: str) -> None:
    try:
        name = read_account_name(text, default_domain)
    except AccountNameInvalid:
        return
    assert name.key == read_account_name(name.display, default_domain="").key
