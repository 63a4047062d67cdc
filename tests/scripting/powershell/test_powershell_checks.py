from datetime import UTC, datetime

import pytest

from certloom.scripting.powershell.checks import check
from certloom.scripting.powershell.faults import ScriptFailed, ScriptUnreadable
from certloom.scripting.powershell.limits import Limits
from certloom.scripting.powershell.parser import parse
from certloom.scripting.powershell.run import run


@pytest.mark.parametrize(
    ("script", "line", "column", "said"),
    [
        ("Get-Dates", 1, 1, "the nearest is Get-Date"),
        ("1\n  ConvertFrom-Jsn $x", 2, 3, "the nearest is ConvertFrom-Json"),
        ("1 | Sort-Objct", 1, 5, "the nearest is Sort-Object"),
        ("[System.IO.File]::Exists('x')", 1, 2, "The type [System.IO.File] is not allowed"),
        ("[dattime]'2020-01-01'", 1, 2, "the nearest is [datetime]"),
        ("[math]::Rund(1)", 1, 7, "has no static member 'Rund'"),
        ("'a'.ToUper()", 1, 4, "has a method 'ToUper'"),
        ("1 | Sort-Object -Foo", 1, 17, "matches parameter name 'Foo'"),
        ("param([Wrong()]$x) 1", 1, 8, "The attribute [Wrong()] is not supported"),
        ('"$(Get-Process)"', 1, 4, "'Get-Process' is not allowed"),
        ("if (1) { @{ a = { Remove-Item x } } }", 1, 19, "'Remove-Item' is not allowed"),
    ],
)
def test_an_unsupported_word_is_found_with_its_place_and_the_nearest_one(
    script: str, line: int, column: int, said: str
) -> None:
    problem = check(parse(script))[0]

    assert (problem.line, problem.column) == (line, column)
    assert said.replace("the nearest is", "the nearest one is") in problem.message


@pytest.mark.parametrize(
    "script",
    [
        "function Get-Mine { 1 }; Get-Mine",
        "$x.Anything",
        "$block = { 1 }; & $block",
        "[Math]::PI; [datetime]::Now",
        "1..3 | % { $_ } | select -First 1",
        "$s.Trim().ToLowerInvariant()",
    ],
)
def test_a_supported_script_has_no_problems(script: str) -> None:
    assert check(parse(script)) == ()


@pytest.mark.parametrize(
    ("script", "line", "column", "said"),
    [
        ("if ($x { }", 1, 8, "Expected ')'"),
        ("$x = ", 1, 6, "Expected a command or a value"),
        ("'abc", 1, 1, "not closed"),
        ('"abc', 1, 1, "not closed"),
        ("1\nclass A { }", 2, 1, "'class' is not supported"),
        ("foreach ($x of 1) { }", 1, 13, "Expected 'in'"),
        ("$env:PATH", 1, 1, "no 'env:' drive"),
        ("1 > file", 1, 3, "Scripts have no files"),
        ("a & b", 1, 3, "starts a job"),
        ("try { 1 }", 1, 10, "needs a 'catch' or a 'finally'"),
        ("1 2", 1, 3, "separate statements"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(script: str, line: int, column: int, said: str) -> None:
    with pytest.raises(ScriptUnreadable) as stopped:
        parse(script)

    assert (stopped.value.line, stopped.value.column) == (line, column)
    assert said in stopped.value.message


def test_what_a_script_says_is_kept_in_order() -> None:
    script = "Write-Host 'a'; Write-Warning 'b'; 1,2 | % { Write-Verbose $_ }; @{}"

    messages = run(script, {}, Limits(), lambda: datetime.now(UTC), lambda: 0.5).messages

    assert [(one.kind, one.text) for one in messages] == [
        ("host", "a"),
        ("warning", "b"),
        ("verbose", "1"),
        ("verbose", "2"),
    ]


def test_stages_of_a_pipeline_work_item_by_item() -> None:
    script = '1,2 | % { Write-Host "a$_"; $_ } | % { Write-Host "b$_" }; @{}'

    messages = run(script, {}, Limits(), lambda: datetime.now(UTC), lambda: 0.5).messages

    assert [one.text for one in messages] == ["a1", "b1", "a2", "b2"]


def test_output_beside_the_hashtable_is_refused_with_a_remedy() -> None:
    with pytest.raises(ScriptFailed, match="a step takes a hashtable"):
        run("'stray'; @{ a = 1 }", {}, Limits(), lambda: datetime.now(UTC), lambda: 0.5)


def test_half_of_a_surrogate_pair_leaves_a_script_as_the_replacement_character() -> None:
    script = "Write-Host ([char]0xD83D); @{ whole = -join [char[]](0xD83D, 0xDE00); half = [string][char]0xD83D }"

    result = run(script, {}, Limits(), lambda: datetime.now(UTC), lambda: 0.5)

    assert result.values == {"whole": "\U0001f600", "half": "\ufffd"}
    assert result.messages[0].text == "\ufffd"
