import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certloom.scripting.cel.expression import DEEPEST, LONGEST, Expression
from certloom.scripting.cel.expressions import Expressions
from certloom.scripting.cel.faults import ExpressionFailed, ExpressionsUnavailable, ExpressionUnreadable

DATA = {
    "Template": "WebServer",
    "SANs": {"dns": ["a.corp.example", "b.corp.example"]},
    "Metadata": {"Team": "shop", "Cost Centre": 7},
    "Days": 30,
    "Ratio": 1.5,
    "Nothing": None,
}
PIECES = st.sampled_from(
    """
    data data.l data.n data.s ( ) [ ] { } , . : ? ?? + - * / % ! == != < > <= >= && || in true false null 1 2.5 1u 'a'
    "b" b'c' r'\\' .map(x, .filter(y, .all(z, .exists(x, has( size( int( string( timestamp( duration( x y z matches(
    """.split()  # noqa: SIM905 - a list of these would fill a screen
)


def value(text: str, data: dict[str, Any] | None = None) -> Any:
    return Expression(text).evaluate(DATA if data is None else data)


@pytest.fixture
async def expressions() -> AsyncIterator[Expressions]:
    made = Expressions(seconds=30.0)
    yield made
    await made.close()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data.Template == 'WebServer' && data.Days > 20", True),
        ("data.SANs.dns.all(name, name.endsWith('.corp.example'))", True),
        ("data.SANs.dns.exists(name, name.startsWith('www.'))", False),
        ("size(data.SANs.dns)", 2),
        ("has(data.Metadata.Team)", True),
        ("has(data.Absent)", False),
        ("data.Metadata['Cost Centre'] in [7, 8]", True),
        ("data.SANs.dns.map(name, name.size())", [14, 14]),
        ("data.Nothing == null", True),
        ("{'a': [1, 2.5, true, null]}", {"a": [1, 2.5, True, None]}),
        ("timestamp('2026-01-02T03:04:05Z')", "2026-01-02T03:04:05+00:00"),
        ("'// .map(x, .map(y, .map(z, ' + \"it's\"", "// .map(x, .map(y, .map(z, it's"),
        ("data.Days // comment .map(a, data.l.map(b, data.l.map(c, ", 30),
    ],
)
def test_an_expression_has_a_value_over_the_data(text: str, expected: object) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "line", "column", "told"),
    [
        ("data.x ==", 1, 10, "mismatched input"),
        ("\n\n1 + + 2", 3, 5, "extraneous input"),
        ("$(Template) == 'x'", 1, 1, "token recognition"),
        ("", 1, 1, ""),
        ("Template == 'x'", 1, 1, "there is no 'Template'; values of the instance are data.Name"),
        ("data.l.map(x, x) == y", 1, 1, "there is no 'y'"),
        ("data.l.map(a,\n data.l.map(b, data.l.map(c, c)))", 2, 23, "at most 2 comprehensions"),
        ("r'\\' == data.l.map(a, data.l.map(b, data.l.map(c, c)))", 1, 44, "at most 2 comprehensions"),
        ("1 + " * 501 + "1", 1, 1, "at most 2000"),
        ("\ud800", 1, 1, "half a character"),
        ("(" * 200 + "1" + ")" * 200, 1, 97, "ecursion"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text: str, line: int, column: int, told: str) -> None:
    with pytest.raises(ExpressionUnreadable) as failure:
        Expression(text)
    assert (failure.value.line, failure.value.column) == (line, column)
    assert told in failure.value.message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("data.Absent == 1", "there is no Absent. Ask with has(data.Name)"),
        ("1 / 0", "division by zero"),
        ("data.Template + 1", "string + int"),
        ("data.Days ? 1 : 2", "No such overload"),
        ("unknown(1)", "unknown"),
        ("b'abc'", "bytes, which JSON does not have"),
        ("{1: 2}", "names are text"),
        ("double('NaN')", "nan, which JSON does not have"),
        ("9223372036854775807 + 1", "overflow"),
    ],
)
def test_what_has_no_value_is_told(text: str, told: str) -> None:
    with pytest.raises(ExpressionFailed) as failure:
        value(text)
    assert told in failure.value.message


def test_the_expressions_of_the_guide_are_decided() -> None:
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "decide-with-an-expression.md").read_text()
    data = {**DATA, "Subject": "CN=web01", "Metadata": {"Team": "shop", "Cost Centre": "17"}}
    shown = [*re.findall(r"^\| .* \| `(.*)` \|$", page, re.MULTILINE), *re.findall(r'"cel: (.*?)"', page)]
    assert len(shown) == 6
    assert [value(text, data) for text in shown] == [True, True, True, True, True, False]


@given(st.integers(0, 6), st.sampled_from(["map", "filter", "all", "exists", "exists_one"]))
def test_comprehensions_inside_each_other_are_refused_beyond_the_limit(depth: int, kind: str) -> None:
    text = "true"
    for level in range(depth):
        text = f"data.l.{kind}( x{level}, {text} == true )"
    if depth <= DEEPEST:
        Expression(text)
    else:
        with pytest.raises(ExpressionUnreadable, match="at most 2 comprehensions"):
            Expression(text)


@given(st.integers(1, 3 * LONGEST))
def test_longer_expressions_than_allowed_are_refused(length: int) -> None:
    text = "1" + " " * (length - 1)
    if length <= LONGEST:
        Expression(text)
    else:
        with pytest.raises(ExpressionUnreadable, match=f"at most {LONGEST}"):
            Expression(text)


@given(
    st.text(max_size=30) | st.lists(PIECES, max_size=14).map(" ".join),
    st.dictionaries(
        st.sampled_from(["l", "n", "s"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        ),
    ),
)
@settings(deadline=None, max_examples=400)
def test_whatever_the_text_and_the_data_only_our_errors_come_out(text: str, data: dict[str, Any]) -> None:
    try:
        value(text, data)
    except (ExpressionUnreadable, ExpressionFailed) as error:
        told = error.message
    else:
        told = "a value"
    assert told


async def test_the_process_checks_and_evaluates_many_in_turn(expressions: Expressions) -> None:
    await expressions.check("data.x.y.z")
    asked = [expressions.evaluate(f"data.Days + {number}", DATA) for number in range(20)]
    assert await asyncio.gather(*asked) == [30 + number for number in range(20)]
    with pytest.raises(ExpressionUnreadable, match="line 1, column 10: "):
        await expressions.check("data.x ==")
    with pytest.raises(ExpressionFailed, match="there is no Absent"):
        await expressions.evaluate("data.Absent", DATA)


async def test_an_expression_that_computes_too_long_is_stopped_and_the_next_one_answered() -> None:
    expressions = Expressions(seconds=2.0)
    many = {"l": list(range(20_000))}
    with pytest.raises(ExpressionFailed, match=r"computed for more than 2\.0 seconds"):
        await expressions.evaluate("data.l.map(x, data.l.map(y, data.l))", many)
    patient = Expressions(seconds=60.0)
    assert await patient.evaluate("1 + 1", {}) == 2
    await expressions.close()
    await patient.close()


async def test_an_expression_that_needs_too_much_memory_fails_and_the_next_one_is_answered() -> None:
    expressions = Expressions(seconds=60.0)
    with pytest.raises(ExpressionFailed):
        await expressions.evaluate("data.l.map(x, data.s + data.s)", {"l": list(range(500)), "s": "x" * 2_000_000})
    assert await expressions.evaluate("1 + 1", {}) == 2
    await expressions.close()


async def test_a_killed_process_is_replaced(expressions: Expressions) -> None:
    assert await expressions.evaluate("1", {}) == 1
    process = expressions._process._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    with pytest.raises(ExpressionFailed, match="ended the process"):
        await expressions.evaluate("2", {})
    assert await expressions.evaluate("3", {}) == 3


async def test_the_answer_to_a_question_given_up_is_not_that_of_the_next(expressions: Expressions) -> None:
    for number in range(3):
        question = asyncio.create_task(expressions.evaluate("'late'", {}))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        question.cancel()
        with pytest.raises(asyncio.CancelledError):
            await question
        assert await expressions.evaluate(f"{number}", {}) == number


@pytest.mark.parametrize("command", [("/nonexistent/python",), (sys.executable, "-c", "raise SystemExit(3)")])
async def test_a_process_that_does_not_start_is_told(command: tuple[str, ...]) -> None:
    with pytest.raises(ExpressionsUnavailable, match="does not start"):
        await Expressions(command=command).evaluate("1", {})
