import html
import json
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certloom.workflow.parameters import TOKEN_MODE, Parameter
from certloom.workflow.step import StepType
from certloom.workflow.token_modes import TextKind, expand, kind_of_media

HOSTILE = [
    '"',
    "a\nb",
    "$(CN)",
    "{{CN}}",
    "%0d%0a",
    "\0",
    "\u202eevil",
    "';--",
    "\\",
    "\\u0022",
    "<b>",
    "a&b=c#d?e/f",
    "\r\n",
]
ANY_TEXT = st.text() | st.sampled_from(HOSTILE)


@given(ANY_TEXT)
def test_d01_a_value_in_a_url_stays_one_part_of_its_path_and_query(value: str) -> None:
    url = urlsplit(expand("https://api.example/groups/$(x)/members?name=$(x)&top=1#end", {"x": value}, TextKind.URL))
    assert (url.scheme, url.netloc, url.fragment) == ("https", "api.example", "end")
    segments = url.path.split("/")
    assert (segments[:2], unquote(segments[2]), segments[3:]) == (["", "groups"], value, ["members"])
    assert parse_qs(url.query, keep_blank_values=True) == {"name": [value], "top": ["1"]}


def test_a_token_that_is_the_whole_url_stays_whole() -> None:
    address = "https://api.example/a?b=c"
    assert expand("$(next)", {"next": address}, TextKind.URL) == address
    assert expand("$(next)/", {"next": address}, TextKind.URL) == "https%3A%2F%2Fapi.example%2Fa%3Fb%3Dc/"


@given(ANY_TEXT, st.sampled_from(['{"a": "$(x)", "b": [1, "<$(x)>"]}', '{"q\\"": "\\\\$(x)", "a": "$(x)"}']))
def test_d01_a_value_in_a_json_string_stays_in_it(value: str, template: str) -> None:
    def plain(text: str) -> str:
        return text.replace("$(x)", value)

    expected = json.loads(template, object_hook=lambda made: {k: _deep(v, plain) for k, v in made.items()})
    assert json.loads(expand(template, {"x": value}, TextKind.JSON)) == expected


def _deep(value: object, change: object) -> object:
    assert callable(change)
    if isinstance(value, list):
        return [_deep(one, change) for one in value]
    return change(value) if isinstance(value, str) else value


@given(ANY_TEXT.filter(lambda text: not text.lstrip().startswith(("{", "["))))
def test_d01_a_value_outside_a_json_string_becomes_a_string(value: str) -> None:
    assert json.loads(expand('{"a": $(x), "b": 1}', {"x": value}, TextKind.JSON)) == {"a": value, "b": 1}


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON_VALUES)
def test_a_value_that_is_no_text_keeps_its_type_outside_a_json_string(value: object) -> None:
    assert json.loads(expand("[$(x)]", {"x": value}, TextKind.JSON)) == [value]


def test_a_stored_answer_outside_a_json_string_is_the_object_it_was() -> None:
    data = {"Members": '{"value": ["a\\"b"]}', "Broken": '{"value": ', "Endless": "[1e999]"}
    assert json.loads(expand('{"m": $(Members)}', data, TextKind.JSON)) == {"m": {"value": ['a"b']}}
    assert json.loads(expand('{"m": $(Broken)}', data, TextKind.JSON)) == {"m": '{"value": '}
    assert json.loads(expand('{"m": $(Endless)}', data, TextKind.JSON)) == {"m": None}
    assert json.loads(expand('{"m": $(absent)}', data, TextKind.JSON)) == {"m": None}


def test_d01_a_backslash_before_a_token_does_not_open_the_string() -> None:
    text = expand('{"path": "C:\\$(x)", "b": 1}', {"x": '", "b": 2, "c": "'}, TextKind.JSON)
    assert json.loads(text) == {"path": 'C:\\", "b": 2, "c": "', "b": 1}


@pytest.mark.parametrize("kind", [TextKind.URL, TextKind.JSON, TextKind.HTML, TextKind.HEADER, TextKind.FORM])
@pytest.mark.parametrize("template", ["<$(x)>", '"$(x)"', "$(x)!"])
def test_d01_half_a_character_can_be_sent_all_the_same(kind: TextKind, template: str) -> None:
    assert expand(template, {"x": json.loads('"\\ud800"')}, kind).encode("utf-8")


@given(ANY_TEXT)
def test_d03_a_value_in_html_is_text(value: str) -> None:
    written = expand('<p title="$(x)">$(x)</p>', {"x": value}, TextKind.HTML)
    inner = written.removeprefix('<p title="').removesuffix("</p>")
    title, _, body = inner.partition('">')
    assert title == body
    assert not set("<>\"'") & set(body)
    shown = html.unescape(body)
    assert [c for c in value if c.isalnum() or c in "<>&\"' $()\n"] == [
        c for c in shown if c.isalnum() or c in "<>&\"' $()\n"
    ]
    assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\0") & set(shown)


@given(ANY_TEXT)
def test_d03_a_value_in_a_header_brings_no_line_break_and_no_control_character(value: str) -> None:
    written = expand("Certificate $(x) issued", {"x": value}, TextKind.HEADER)
    assert len(written.splitlines()) == 1
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in written)


@given(st.sampled_from(list(TextKind)), st.text())
def test_d01_no_kind_expands_a_value_twice(kind: TextKind, secret: str) -> None:
    written = expand("<$(x)>", {"x": "$(y)$(y)", "y": f"second{secret}"}, kind)
    assert "second" not in written


@given(st.sampled_from(list(TextKind)), st.text())
def test_a_text_without_tokens_is_the_same_in_every_kind(kind: TextKind, text: str) -> None:
    plain = text.replace("$(", "")
    assert expand(plain, {}, kind) == plain


@pytest.mark.parametrize(
    ("media_type", "kind"),
    [
        ("application/json", TextKind.JSON),
        ("Application/JSON; charset=utf-8", TextKind.JSON),
        ("application/scim+json", TextKind.JSON),
        ("text/xml", TextKind.HTML),
        ("application/soap+xml", TextKind.HTML),
        ("application/x-www-form-urlencoded", TextKind.FORM),
        ("text/plain", TextKind.TEXT),
        ("", TextKind.TEXT),
    ],
)
def test_the_media_type_of_a_body_says_how_values_are_written(media_type: str, kind: TextKind) -> None:
    assert kind_of_media(media_type) is kind


def typed(*parameters: Parameter) -> StepType:
    class Typed(StepType):
        pass

    return type("Declared", (Typed,), {"parameters": parameters})()  # type: ignore[no-any-return]  # what type() makes


def test_the_token_mode_is_a_parameter_wherever_it_makes_a_difference() -> None:
    url = Parameter(name="URL", display_name="URL", tokens=True, text=TextKind.URL)
    body = Parameter(name="Body", display_name="Body", tokens=True, media_type="ContentType")
    script = Parameter(name="Script", display_name="Script", tokens=True)
    constant = Parameter(name="C", display_name="C", text=TextKind.URL)
    assert typed(url).parameters == (url, TOKEN_MODE)
    assert typed(body).parameters == (body, TOKEN_MODE)
    assert typed(script, constant).parameters == (script, constant)


def test_a_step_type_made_from_another_one_has_the_token_mode_once() -> None:
    url = Parameter(name="URL", display_name="URL", tokens=True, text=TextKind.URL)
    assert type("More", (type(typed(url)),), {})().parameters == (url, TOKEN_MODE)
