import pytest
from hypothesis import given
from hypothesis import strategies as st

from certloom.workflow.recipients import RecipientsInvalid, recipients_of


def test_one_text_may_hold_many_addresses() -> None:
    texts = ["a@corp.example; b@corp.example,c@corp.example", "", "A@corp.example", " d@corp.example "]
    found = recipients_of(texts)
    assert [one.casefold() for one in found] == [f"{name}@corp.example" for name in "abcd"]


def test_a_domain_beyond_ascii_is_written_as_mail_servers_know_it() -> None:
    assert recipients_of(["a@bücher.example"]) == ("a@xn--bcher-kva.example",)


@pytest.mark.parametrize("texts", [[], [""], [" ; , "]])
def test_no_recipient_at_all_is_told(texts: list[str]) -> None:
    with pytest.raises(RecipientsInvalid, match="no recipient"):
        recipients_of(texts)


def test_too_many_recipients_are_told() -> None:
    with pytest.raises(RecipientsInvalid, match="101 recipients"):
        recipients_of([f"u{number}@corp.example" for number in range(101)])


@pytest.mark.parametrize(
    "address",
    [
        *("a", "@", "a@", "@corp.example", "a b@corp.example", "a@corp example", "Name <a@corp.example>"),
        *("<a@corp.example>", "a@corp.example\r\nBcc: b@corp.example", "a\n@corp.example", "a@corp.example\0"),
        *('"a"@corp.example', "a@[127.0.0.1]", "a..b@corp.example", ".a@corp.example", "ü@corp.example"),
        *("a@b@corp.example", "a@corp.example.", "x" * 65 + "@corp.example"),
    ],
)  # fmt: skip
def test_d03_what_is_no_plain_address_is_refused_by_name(address: str) -> None:
    with pytest.raises(RecipientsInvalid, match="not a mail address"):
        recipients_of(["fine@corp.example", address])


@given(st.text(max_size=60))
def test_d03_what_gets_through_has_nothing_that_could_be_structure(text: str) -> None:
    try:
        found = recipients_of([text, f"{text}@corp.example"])
    except RecipientsInvalid:
        return
    for address in found:
        assert address.isascii()
        assert not set(address) & set(' \r\n\t\0<>()[]:;,\\"')
        assert address.count("@") == 1
