import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certloom.workflow.tokens import is_token, lookup, replace_tokens

DATA = {
    "CN": "web01",
    "dotted.name": "whole",
    "Metadata": {"Team": "shop", "Cost.Centre": "7"},
    "Response": '{"value": [{"mail": "a@example"}, {"mail": "b@example"}]}',
    "Names": ["a", "b"],
    "Yes": True,
    "Count": 3,
    "Nothing": None,
}
HOSTILE = ['"', "a\nb", "$(CN)", "$(other)", "{{CN}}", "${CN}", "%0d%0a", "\0", "\u202eevil", "';--", "$($(CN))", "\\1"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello $(CN)!", "Hello web01!"),
        ("$(cn)$(Cn)", "web01web01"),
        ("$( CN )", "web01"),
        ("$(dotted.name)", "whole"),
        ("$(metadata:Team) $(METADATA:team)", "shop shop"),
        ("$(metadata:Cost.Centre)", "7"),
        ("$(Metadata.Team)", "shop"),
        ("$(Response.value[1].mail)", "b@example"),
        ("$(response.VALUE[0].Mail)", "a@example"),
        ("$(Names[1])", "b"),
        ("$(Names)", '["a", "b"]'),
        ("$(Metadata)", '{"Team": "shop", "Cost.Centre": "7"}'),
        ("$(Yes)", "True"),
        ("$(Count)", "3"),
    ],
)
def test_a_token_stands_for_its_value(text: str, expected: str) -> None:
    assert replace_tokens(text, DATA) == expected


@pytest.mark.parametrize(
    "token",
    ["absent", "Nothing", "metadata:absent", "CN.more", "Names[2]", "Names[x]", "Response.value[9].mail", "CN[0]"],
)
def test_an_unknown_token_becomes_nothing(token: str) -> None:
    assert replace_tokens(f"<$({token})>", DATA) == "<>"


@pytest.mark.parametrize("token", [".", "..", " ", "[]", ". ."])
def test_a_token_without_a_name_never_stands_for_all_data(token: str) -> None:
    assert replace_tokens(f"<$({token})>", DATA) == "<>"


@pytest.mark.parametrize("text", ["$CN", "$()", "$(CN", "(CN)", "$ (CN)", "$((CN))"])
def test_what_is_not_quite_a_token_stays_as_it_is(text: str) -> None:
    assert replace_tokens(text, DATA) == text


@pytest.mark.parametrize("value", HOSTILE)
def test_d01_a_hostile_value_is_data(value: str) -> None:
    assert replace_tokens("a $(x) b", {"x": value, "CN": "web01"}) == f"a {value} b"


@given(st.dictionaries(st.sampled_from("abc"), st.text()), st.lists(st.sampled_from("abc")))
def test_d01_there_is_no_second_expansion(data: dict[str, str], names: list[str]) -> None:
    text = "-".join(f"$({name})" for name in names)
    assert replace_tokens(text, data) == "-".join(data.get(name, "") for name in names)


@given(st.text())
def test_d01_a_text_without_tokens_stays_as_it_is(text: str) -> None:
    plain = text.replace("$(", "")
    assert replace_tokens(plain, DATA) == plain


@given(st.text(max_size=20))
def test_any_name_can_be_looked_up(token: str) -> None:
    assert lookup(token, {}) is None


def test_d01_deeply_nested_json_in_a_value_is_no_value() -> None:
    assert lookup("x.y", {"x": "[" * 200_000}) is None
    assert lookup("x[0]", {"x": "[" * 200_000}) is None


def test_an_exact_name_comes_before_one_in_another_case() -> None:
    assert lookup("cn", {"CN": "upper", "cn": "lower"}) == "lower"


def test_values_that_are_no_text_are_json() -> None:
    value = {"a": [1, None, "ü"]}
    assert json.loads(replace_tokens("$(x)", {"x": value})) == value


def test_only_a_text_that_is_nothing_but_one_token_is_a_token() -> None:
    assert is_token("$(a)")
    assert not any(is_token(text) for text in ("$(a)$(b)", " $(a)", "a", "$(a)b", ""))
