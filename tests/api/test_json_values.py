import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certloom.api.json_value import (
    BodyLimits,
    BodyTooDeep,
    BodyTooLarge,
    BodyUnreadable,
    NamesCollide,
    read_json_value,
)

LIMITS = BodyLimits(max_bytes=1_000_000, max_depth=32)
NAMED = (BodyTooDeep, BodyTooLarge, BodyUnreadable, NamesCollide)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"", None),
        (b" \r\n\t", None),
        (b"null", None),
        (b"null garbage", None),
        (b"true", True),
        (b'"x"]', "x"),
        (b'{"a": [1, "]}", {}]}, "CollectionId": 0 }', {"a": [1, "]}", {}]}),
        (b"[1,2]\xff\xfe", [1, 2]),
        (b'{"a":"\\"}"}{', {"a": '"}'}),
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        (b"-9223372036854775808", -(2**63)),
    ],
)
def test_the_first_value_counts_and_what_follows_is_ignored(raw: bytes, value: object) -> None:
    assert read_json_value(raw, LIMITS) == value


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b'{"a":',
        b"[1,]",
        b"{a:1}",
        b"{]",
        b'"\x01"',
        b'"abc',
        b"[NaN]",
        b"Infinity",
        b"-Infinity",
        b"1e999",
        b"9223372036854775808",
        b"1" * 5000,
        b'["\\ud800"]',
        b'{"\\udc00": 1}',
        b'{"a": ["b\\u0000"]}',
        b'"\xff"',
        '{"a":1}'.encode("utf-16"),
        '{"a":1}'.encode("utf-16-le"),
        '{"a":1}'.encode("utf-32-be"),
        b"nul",
        b"]",
        b"\xef\xbb\xbf\xef\xbb\xbf{}",
    ],
)
def test_what_cannot_be_kept_is_refused(raw: bytes) -> None:
    with pytest.raises(BodyUnreadable):
        read_json_value(raw, LIMITS)


def test_the_refusal_says_where_the_body_breaks() -> None:
    with pytest.raises(BodyUnreadable, match="line 2, column 8"):
        read_json_value(b'{"a": 1,\n "b":  x}', LIMITS)


def test_written_out_surrogate_pairs_and_escapes_are_fine() -> None:
    assert read_json_value(b'"\\ud83d\\ude00 \\\\u0000"', LIMITS) == "\U0001f600 \\u0000"


def test_a_body_over_the_limit_is_refused() -> None:
    assert read_json_value(b'"12"', BodyLimits(4, 8)) == "12"
    with pytest.raises(BodyTooLarge):
        read_json_value(b'"123"', BodyLimits(4, 8))


@pytest.mark.parametrize("bracket", ["[", '{"a":', '[{"a":'])
def test_a_body_nested_beyond_the_limit_is_refused_before_it_is_decoded(bracket: str) -> None:
    with pytest.raises(BodyTooDeep):
        read_json_value((bracket * 150_000).encode(), LIMITS)


def test_the_deepest_allowed_body_is_read() -> None:
    raw = b"[" * 32 + b"]" * 32

    assert read_json_value(raw, LIMITS) == json.loads(raw)
    with pytest.raises(BodyTooDeep):
        read_json_value(b"[" + raw + b"]", LIMITS)


def test_brackets_in_texts_and_in_the_tail_do_not_count_as_depth() -> None:
    assert read_json_value(b'["' + b"[" * 1000 + b'"]' + b"[" * 1000, LIMITS) == ["[" * 1000]


@pytest.mark.parametrize("raw", [b"[" + b'\\"' * 400_000, b'["' + b'\\"' * 400_000, b'["' + b"\\" * 999_000])
def test_an_endless_text_is_looked_at_once(raw: bytes) -> None:
    with pytest.raises(BodyUnreadable):
        read_json_value(raw, LIMITS)


@pytest.mark.parametrize("raw", [b'{"Id":1,"id":2}', b'{"a":1,"a":1}', b'[{"x":{"Stra\\u00dfe":1,"STRASSE":2}}]'])
def test_names_equal_but_for_case_are_refused_wherever_they_are(raw: bytes) -> None:
    with pytest.raises(NamesCollide):
        read_json_value(raw, LIMITS)


@given(raw=st.binary(max_size=200) | st.text(alphabet='{}[]":,\\ue1-d0tfn', max_size=60).map(str.encode))
def test_d07_any_bytes_are_read_or_refused_by_name(raw: bytes) -> None:
    try:
        value = read_json_value(raw, LIMITS)
    except NAMED:
        return
    json.dumps(value, allow_nan=False).encode()


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(st.characters(codec="utf-8", min_codepoint=1)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcdef"), inner, max_size=4),
    max_leaves=20,
)


@given(value=plain, tail=st.binary(max_size=20), escaped=st.booleans())
def test_every_json_value_is_read_as_it_is_whatever_follows(value: object, tail: bytes, *, escaped: bool) -> None:
    raw = json.dumps([value], ensure_ascii=escaped).encode()

    assert read_json_value(raw + tail, LIMITS) == [value]
