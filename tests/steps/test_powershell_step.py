import pytest

from certloom.steps.powershell import PowerShellStep

STEP = PowerShellStep()


@pytest.mark.parametrize(
    "script",
    [
        r"$ca = $ca -replace '\\', '\\\\'",
        r"@{ CA = $CA.Replace('\','\\') }",
        '$a.replace( "\\" , "\\\\" )',
        "$a -creplace '\"', '\\\"'",
        '$a.Replace("`"", "\\`"")',
        r'$a.Replace("`n", "\n")',
    ],
)
def test_d01_a_script_that_escapes_json_by_hand_is_remarked_with_its_line(script: str) -> None:
    (remark,) = STEP.remarks({"ScriptContent": f"param($a, $CA)\n{script}"})
    assert remark.startswith("ScriptContent: line 2 escapes text by hand.")


@pytest.mark.parametrize(
    "script",
    [
        "$a.Replace('/', '\\')",
        "$a -replace '\\s+', ' '",
        "$a -replace 'a', 'b'",
        "@{ Body = @{ Name = $a } | ConvertTo-Json }",
        "",
    ],
)
def test_a_script_that_replaces_something_else_is_not_remarked(script: str) -> None:
    assert STEP.remarks({"ScriptContent": script}) == ()


def test_a_step_without_a_script_has_nothing_to_remark() -> None:
    assert STEP.remarks({}) == ()
