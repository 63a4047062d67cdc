import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certloom.scripting.powershell.faults import ScriptFailed, ScriptLimitReached
from certloom.scripting.powershell.parser import parse
from certloom.scripting.powershell.runtime.session import Message
from certloom.scripting.pwsh.contract import ARGUMENTS, AnswerMissing, read_answer, request

TEXTS = st.text(st.characters(codec="utf-8"))
VALUES = st.one_of(TEXTS, st.integers(), st.none(), st.lists(st.booleans()), st.dictionaries(TEXTS, st.integers()))


def decoded(text: str) -> str:
    return base64.b64decode(text).decode(errors="replace")


@given(TEXTS, st.dictionaries(TEXTS, VALUES))
def test_script_and_parameters_arrive_unchanged_in_one_line_of_ascii(script: str, parameters: dict[str, Any]) -> None:
    line = request(script, parameters)
    asked = json.loads(line)
    values = {
        decoded(one["name"]): json.loads(decoded(one["value"])) if one["json"] else decoded(one["value"])
        for one in asked["parameters"]
    }
    assert (decoded(asked["script"]), values) == (script, parameters)
    assert line.isascii()
    assert line.count(b"\n") == 1


def answered(*items: object, **fields: object) -> bytes:
    return json.dumps({"items": items, "messages": [], **fields}).encode()


def test_the_last_line_is_the_answer_whatever_stands_before_it() -> None:
    output = b'written on the console {"items": []}\n' + answered({"table": {"A": 1}}) + b"\n\n"
    assert read_answer(output).values == {"A": 1}


def test_messages_come_with_their_kind() -> None:
    read = read_answer(answered(messages=[{"kind": "warning", "text": "late"}]))
    assert read.messages == (Message("warning", "late"),)
    assert read.values == {}


def test_what_is_thrown_is_the_message_of_the_failure() -> None:
    with pytest.raises(ScriptFailed, match=r"^no such cost centre$"):
        read_answer(answered(fault="no such cost centre"))


def test_names_that_differ_in_case_are_one_and_the_last_value_wins() -> None:
    assert read_answer(answered({"table": {"Name": 1}}, {"table": {"NAME": 2}})).values == {"Name": 2}


def test_anything_but_a_hashtable_is_refused() -> None:
    with pytest.raises(ScriptFailed, match="put out 'hello', but a step takes a hashtable"):
        read_answer(answered({"table": {"A": 1}}, {"other": "hello"}))


def test_values_that_nest_too_deep_are_refused() -> None:
    deep: object = 1
    for _ in range(40):
        deep = [deep]
    with pytest.raises(ScriptLimitReached, match="levels deep"):
        read_answer(answered({"table": {"A": deep}}))


@pytest.mark.parametrize(
    "output",
    [b"", b"\n\n", b"hello", b"[]", b'{"items": 1}', b"[" * 100_000, b'{"items": [], "messages": [{}]}', b"\xff"],
)
def test_what_is_no_answer_is_a_failure_of_its_own(output: bytes) -> None:
    with pytest.raises(AnswerMissing):
        read_answer(output)


def test_what_powershell_is_started_with_is_powershell() -> None:
    """Our parser reads the language, though it would not run this."""
    *options, wrapper = ARGUMENTS
    assert options == ["-NoLogo", "-NoProfile", "-NonInteractive", "-Command"]
    parse(wrapper)
