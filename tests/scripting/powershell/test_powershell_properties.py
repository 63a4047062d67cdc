import json
import math
import string
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certloom.scripting.powershell.checks import check
from certloom.scripting.powershell.faults import ScriptFailed, ScriptLimitReached, ScriptUnreadable
from certloom.scripting.powershell.limits import Limits
from certloom.scripting.powershell.parser import parse
from certloom.scripting.powershell.run import run

FEW = Limits(steps=3_000, memory=2_000_000, output=100_000, depth=10, seconds=1.0)
PIECES = [
    "\n",
    *"""
    $ ( ) { } [ ] @ , ; | . : :: ' " ` # = + - * / % & ! ? ?? .. < > $x $_ $true $null @( @{ $( @' '@ @" "@ <# #>
    -eq -f -join -split -replace -match -and -not -is -as if else elseif switch foreach for while do until function
    param return throw try catch finally break continue begin process end default in 1 2.5 0x1F 10kb 'a' "b$x" [int]
    [string[]] [math]::Max % where select sort ForEach-Object ConvertTo-Json Get-Date .Length .ToUpper() [0] += ++ --
    -x @p
    """.split(),  # noqa: SIM905 - a list of these would fill three screens
]
NAMES = st.sampled_from(["$a", "$b", "$_", "$i"])
LITERALS = st.one_of(
    st.integers(-5, 300).map(str),
    st.sampled_from(["'x'", "''", "'12'", "1.5", "2d", "3L", "$true", "$null", "@()", "@(1,2)", "@{k=1}", "'a,b'"]),
    NAMES,
)
OPERATORS = st.sampled_from(
    """
    + - * / % -eq -ne -lt -gt -le -ge -like -match -replace -split -join -f -and -or -xor -band -bor -contains -in -is
    -as .. ?? -shl
    """.split()  # noqa: SIM905 - likewise
)


def combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, OPERATORS, inner).map(lambda three: f"({three[0]} {three[1]} {three[2]})"),
        st.tuples(
            st.sampled_from(["-not ", "-", "-join ", "-split ", "[int]", "[string]", "[bool]", "[array]"]), inner
        ).map("".join),
        st.tuples(inner, inner).map(lambda two: f"({two[0]})[{two[1]}]"),
        inner.map(lambda one: f"({one}).Count"),
        inner.map(lambda one: f"({one}).ToString()"),
        inner.map(lambda one: f'"<$({one})>"'),
        inner.map(lambda one: f"@({one})"),
        inner.map(lambda one: f"({one} | % {{ $_ }})"),
        inner.map(lambda one: f"({one} | Sort-Object | Select-Object -First 2)"),
        inner.map(lambda one: f"({one} | ConvertTo-Json -Compress)"),
    )


EXPRESSIONS = st.recursive(LITERALS, combined, max_leaves=8)


def nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(EXPRESSIONS, inner, inner).map(
            lambda three: f"if ({three[0]}) {{ {three[1]} }} else {{ {three[2]} }}"
        ),
        st.tuples(EXPRESSIONS, inner).map(lambda two: f"foreach ($i in {two[0]}) {{ {two[1]} }}"),
        st.tuples(EXPRESSIONS, inner).map(lambda two: f"while ({two[0]}) {{ {two[1]}; break }}"),
        st.tuples(inner, inner).map(lambda two: f"try {{ {two[0]} }} catch {{ {two[1]} }}"),
        st.tuples(EXPRESSIONS, inner).map(lambda two: f"switch ({two[0]}) {{ 1 {{ {two[1]} }} default {{ 2 }} }}"),
        inner.map(lambda one: f"& {{ {one} }}"),
        st.tuples(inner, inner).map("; ".join),
    )


STATEMENTS = st.recursive(
    st.one_of(EXPRESSIONS, st.tuples(NAMES, EXPRESSIONS).map(lambda two: f"{two[0]} = {two[1]}")), nested, max_leaves=6
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(string.ascii_letters + ' äß"\\/\n', max_size=8),
    lambda inner: (
        st.lists(inner, min_size=2, max_size=4)
        | st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), inner, min_size=1, max_size=3)
    ),
    max_leaves=10,
)


def clock() -> datetime:
    return datetime(2026, 3, 14, tzinfo=UTC)


def values(script: str, **parameters: Any) -> dict[str, Any]:
    return run(script, parameters, FEW, clock, lambda: 0.25).values


def outcome(script: str) -> tuple[dict[str, Any], str]:
    """What a script returns, or the message of its failure; any other exception fails the test."""
    try:
        return values(script), ""
    except (ScriptFailed, ScriptLimitReached, ScriptUnreadable) as known:
        return {}, known.message


def where_reading_stopped(text: str) -> tuple[int, int] | None:
    try:
        check(parse(text))
    except ScriptUnreadable as stopped:
        return stopped.line, stopped.column
    return None


@given(
    st.text(max_size=200)
    | st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join)
    | st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
)
@settings(max_examples=400, deadline=None)
def test_reading_any_text_gives_a_tree_or_says_where_it_stopped(text: str) -> None:
    place = where_reading_stopped(text)

    assert place is None or min(place) >= 1


@given(STATEMENTS)
@settings(max_examples=400, deadline=None)
def test_running_any_program_ends_in_one_of_the_known_ways(script: str) -> None:
    result, error = outcome(f"@{{ r = & {{ {script} }} }}")

    assert "interpreter could not" not in error, script
    assert json.loads(json.dumps(result)) == result


@given(st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join))
@settings(max_examples=400, deadline=None)
def test_running_whatever_can_be_read_ends_in_one_of_the_known_ways(script: str) -> None:
    assert "interpreter could not" not in outcome(script)[1], script


@given(JSON)
@settings(max_examples=200, deadline=None)
def test_json_comes_back_as_it_went(value: Any) -> None:
    script = "param($j) @{ r = ConvertFrom-Json $j -NoEnumerate | ConvertTo-Json -Depth 50 -Compress }"
    if isinstance(value, list):
        script = "param($j) @{ r = ConvertTo-Json (ConvertFrom-Json $j -NoEnumerate) -Depth 50 -Compress }"

    assert json.loads(values(script, j=json.dumps(value))["r"] or "null") == value


@given(st.integers(-(2**31), 2**31 - 1), st.integers(-(2**31), 2**31 - 1))
@settings(max_examples=100, deadline=None)
def test_whole_numbers_add_and_compare_as_they_do_in_python(left: int, right: int) -> None:
    result = values("param($a, $b) @{ sum = $a + $b; less = $a -lt $b; same = $a -eq $b }", a=left, b=right)

    assert result == {"sum": left + right, "less": left < right, "same": left == right}


@given(st.floats(allow_nan=False, allow_infinity=False))
@settings(max_examples=100, deadline=None)
def test_a_double_survives_its_text(value: float) -> None:
    assert math.isclose(values('param($d) @{ r = [double]"$d" }', d=value)["r"], value, rel_tol=0, abs_tol=0)


@given(st.lists(st.text(string.ascii_letters, min_size=1, max_size=5), min_size=2, max_size=8))
@settings(max_examples=100, deadline=None)
def test_joining_and_splitting_undo_each_other(words: list[str]) -> None:
    assert values("param($w) @{ r = ($w -join ',') -split ',' }", w=words)["r"] == words


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=20))
@settings(max_examples=100, deadline=None)
def test_sorting_sorts(numbers: list[int]) -> None:
    assert values("param($n) @{ r = $n | Sort-Object }", n=numbers)["r"] == sorted(numbers)


def test_parameters_bind_whatever_their_case() -> None:
    assert values("param($Group) @{ r = $group }", GROUP="x") == {"r": "x"}


def test_a_parameter_that_the_script_does_not_name_binds_to_nothing() -> None:
    assert values("param($Group) @{ r = $group }", other=1) == {"r": None}


@pytest.mark.parametrize("script", (Path(__file__).parent / "odd_values.txt").read_text().splitlines())
def test_an_odd_value_is_a_result_or_an_error_of_the_script(script: str) -> None:
    assert "interpreter could not" not in outcome(f"@{{ r = $({script}) }}")[1]
