"""What PowerShell is told and what it answers: one line of JSON each way. Pure.

Everything given travels as base64, because PowerShell makes dates of texts that look like dates when it reads JSON, and
because nothing of it may become part of a command.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

import msgspec

from certloom.scripting.powershell.faults import ScriptFailed
from certloom.scripting.powershell.results import enter
from certloom.scripting.powershell.run import Result
from certloom.scripting.powershell.runtime.session import Message
from certloom.scripting.values import json_value

__all__ = ["ARGUMENTS", "AnswerMissing", "read_answer", "request"]

_WRAPPER = r"""
$ProgressPreference = 'SilentlyContinue'
function CertloomText([string] $Encoded) { [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($Encoded)) }
$certloomRequest = (@($input) -join '') | ConvertFrom-Json
$certloomScript = [IO.Path]::Combine($HOME, 'script.ps1')
[IO.File]::WriteAllText($certloomScript, (CertloomText $certloomRequest.script))
$certloomGiven = @{}
foreach ($certloomOne in $certloomRequest.parameters) {
    $certloomValue = CertloomText $certloomOne.value
    if ($certloomOne.json) { $certloomValue = $certloomValue | ConvertFrom-Json -NoEnumerate }
    $certloomGiven[(CertloomText $certloomOne.name)] = $certloomValue
}
$certloomItems = [Collections.Generic.List[object]]::new()
$certloomMessages = [Collections.Generic.List[object]]::new()
$certloomFault = $null
try {
    & $certloomScript @certloomGiven *>&1 | ForEach-Object {
        $certloomItem = $_
        $certloomKind = if ($certloomItem -is [Management.Automation.ErrorRecord]) { 'error' }
        elseif ($certloomItem -is [Management.Automation.WarningRecord]) { 'warning' }
        elseif ($certloomItem -is [Management.Automation.VerboseRecord]) { 'verbose' }
        elseif ($certloomItem -is [Management.Automation.DebugRecord]) { 'debug' }
        elseif ($certloomItem -is [Management.Automation.InformationRecord]) {
            if ($certloomItem.Tags -contains 'PSHOST') { 'host' } else { 'information' }
        }
        if ($certloomKind) {
            $certloomMessages.Add(@{ kind = $certloomKind; text = "$certloomItem" })
        } elseif ($certloomItem -is [Collections.IDictionary]) {
            $certloomTable = [ordered]@{}
            foreach ($certloomEntry in $certloomItem.GetEnumerator()) {
                $certloomTable["$($certloomEntry.Key)"] = $certloomEntry.Value
            }
            $certloomItems.Add(@{ table = $certloomTable })
        } elseif ($certloomItem -is [Management.Automation.PSCustomObject]) {
            $certloomTable = [ordered]@{}
            foreach ($certloomEntry in $certloomItem.PSObject.Properties) {
                $certloomTable[$certloomEntry.Name] = $certloomEntry.Value
            }
            $certloomItems.Add(@{ table = $certloomTable })
        } elseif ($null -ne $certloomItem) {
            $certloomItems.Add(@{ other = "$certloomItem" })
        }
    }
} catch {
    $certloomFault = "$($_.Exception.Message)"
}
$certloomAnswer = @{
    items = $certloomItems.ToArray(); messages = $certloomMessages.ToArray(); fault = $certloomFault
} | ConvertTo-Json -Depth 40 -Compress -EscapeHandling EscapeNonAscii -WarningAction SilentlyContinue
[Console]::Out.Write("`n" + $certloomAnswer + "`n")
"""
"""Runs the script of the request with its parameters, and answers with what it put out and said.

The script is a file, so that ``exit`` ends it alone and errors name its lines. The answer is the last line, whatever
the script writes on the console before.
"""

ARGUMENTS = ("-NoLogo", "-NoProfile", "-NonInteractive", "-Command", _WRAPPER)
"""What PowerShell is started with, always the same. Source: about_Pwsh."""


_LARGEST = 4 * 1024 * 1024
"""Characters in the values. Their bytes were counted while they were read; this one looks at their depth too."""


class AnswerMissing(ScriptFailed):
    """PowerShell ended without an answer that can be read."""


class _Item(msgspec.Struct):
    table: dict[str, Any] | None = None
    other: str | None = None


class _Answer(msgspec.Struct):
    items: list[_Item]
    messages: list[Message]
    fault: str | None = None


def request(script: str, parameters: Mapping[str, Any]) -> bytes:
    """What PowerShell reads: the script and its parameters. Texts stay texts, everything else becomes JSON there."""
    given = [
        {
            "name": _encoded(name),
            "json": not isinstance(value, str),
            "value": _encoded(value if isinstance(value, str) else json.dumps(value)),
        }
        for name, value in parameters.items()
    ]
    return json.dumps({"script": _encoded(script), "parameters": given}).encode() + b"\n"


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode(errors="replace")).decode()


def read_answer(output: bytes) -> Result:
    """The values and messages in what PowerShell wrote.

    Raises ScriptFailed with the script's own message where it threw, or where it put out something other than
    hashtables; ScriptLimitReached for values that nest too deep; AnswerMissing where there is no answer.
    """
    line = next((line for line in reversed(output.splitlines()) if line.strip()), b"")
    try:
        answer = msgspec.json.decode(line, type=_Answer)
    except (msgspec.DecodeError, RecursionError) as error:
        raise AnswerMissing("PowerShell ended without an answer.") from error
    if answer.fault is not None:
        raise ScriptFailed(answer.fault or "The script failed without a message.")
    values: dict[str, Any] = {}
    for item in answer.items:
        if item.table is None:
            raise ScriptFailed(
                f"The script put out '{(item.other or '')[:100]}', but a step takes a hashtable: "
                "return @{ name = value }, and send other output to Out-Null."
            )
        for name, value in item.table.items():
            enter(values, name, value)
    return Result(json_value(values, _LARGEST), tuple(answer.messages))
