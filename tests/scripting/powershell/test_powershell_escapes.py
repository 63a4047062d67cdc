import random
import time
from datetime import UTC, datetime

import pytest

from certloom.scripting.powershell.checks import check
from certloom.scripting.powershell.faults import (
    ProtectedValue,
    ScriptFailed,
    ScriptLimitReached,
    ScriptUnreadable,
)
from certloom.scripting.powershell.limits import Limits
from certloom.scripting.powershell.parser import parse
from certloom.scripting.powershell.run import Result, run

REACHES_OUT = [
    "[System.IO.File]::ReadAllText('/etc/passwd')",
    "[IO.File]::WriteAllText('/tmp/x', 'y')",
    "[System.IO.Directory]::GetFiles('/')",
    "[System.Environment]::GetEnvironmentVariable('PATH')",
    "[Environment]::Exit(0)",
    "[System.Diagnostics.Process]::Start('sh')",
    "[System.Reflection.Assembly]::Load('x')",
    "[Reflection.Assembly]::LoadWithPartialName('System.Web')",
    "[AppDomain]::CurrentDomain.GetAssemblies()",
    "[System.Net.WebClient]::new()",
    "[System.Net.Http.HttpClient]::new()",
    "[System.Net.Dns]::GetHostAddresses('localhost')",
    "[System.Net.Sockets.TcpClient]::new('localhost', 22)",
    "[scriptblock]::Create('1')",
    "[System.Management.Automation.ScriptBlock]::Create('1')",
    "[powershell]::Create()",
    "[runspacefactory]::CreateRunspace()",
    "[System.Management.Automation.PowerShell]::Create()",
    "[System.Runtime.InteropServices.Marshal]::AllocHGlobal(1)",
    "[System.Threading.Thread]::Sleep(10000)",
    "[System.GC]::Collect()",
    "[Type]::GetType('System.IO.File')",
    "[Activator]::CreateInstance([string])",
    "[System.Xml.XmlDocument]::new().Load('/etc/passwd')",
    "[System.Xml.XmlDocument]::new().Save('/tmp/x')",
    "([xml]'<a/>').XmlResolver.Foo()",
    "[System.Xml.XmlUrlResolver]::new()",
    "[System.Xml.XmlReader]::Create('/etc/passwd')",
    "[System.Xml.Linq.XDocument]::Load('/etc/passwd')",
    "[System.Xml.Xsl.XslCompiledTransform]::new()",
    "([xml]'<a/>').SelectNodes('document(\"/etc/passwd\")')",
    "([xml]'<a/>').a.__class__.Foo()",
    "([xml]'<a/>').DocumentElement.parent.Foo()",
    "([xml]'<a/>').DocumentElement.children.Foo()",
    "([xml]'<a/>').set_attribute('a', 'b')",
    """[xml]'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>'""",
    """[xml]'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'""",
    """[xml]'<!DOCTYPE a [<!ENTITY % x SYSTEM "http://localhost/x"> %x;]><a/>'""",
    """[xml]'<a xmlns:i="http://www.w3.org/2001/XInclude"><i:include href="/etc/passwd"/></a>' | % { $_.a.b.Foo() }""",
    "[wmi]'x'",
    "[adsi]'x'",
    "[ref].Assembly.Foo()",
    "([ref]5).read.Foo()",
    "([ref]5).write(1)",
    "[type]'System.IO.File'",
    "[enum]::GetNames([System.Environment])",
    "[cultureinfo]::new('de').Foo()",
    "Get-Content /etc/passwd",
    "Set-Content x y",
    "Get-ChildItem",
    "Get-Item env:PATH",
    "Remove-Item x",
    "Invoke-Expression '1'",
    "iex '1'",
    "Invoke-Command { 1 }",
    "Invoke-WebRequest http://localhost",
    "Invoke-RestMethod http://localhost",
    "iwr http://localhost",
    "Start-Process sh",
    "Start-Job { 1 }",
    "Start-Sleep 100",
    "Add-Type -TypeDefinition 'x'",
    "Import-Module x",
    "New-PSDrive x",
    "Get-Process",
    "Stop-Process 1",
    "Get-WmiObject x",
    "Get-CimInstance x",
    "New-Alias x Get-Process",
    "Set-Alias x Get-Process",
    "Out-File x",
    "Export-Csv x",
    "Tee-Object x",
    "Read-Host",
    "Set-Location /",
    "Get-History",
    "Register-ObjectEvent x",
    "Set-ExecutionPolicy Bypass",
    "Update-TypeData x",
    "Receive-Job",
    "sh -c id",
    "/bin/sh",
    "./x.ps1",
    "cmd.exe",
    "python",
    "& 'Get-Process'",
    "& { Get-Process }",
    ". 'x.ps1'",
    "& (Get-Command Get-Process)",
    "'Get-Process' | % { & $_ }",
    "'GetType' | % { 'a'.$_().Assembly.GetTypes().Name }",
    "''.GetType().Assembly.GetType('System.IO.File').Name.Length / 0",
    "''.GetType().GetMethods()",
    "''.GetType().InvokeMember('x')",
    "[string].Assembly.Location.Foo()",
    "[string].GetMethods()",
    "[string].Module.Foo()",
    "(1).__class__.__mro__.Foo()",
    "''.__class__()",
    "''.format()",
    "{ 1 }.body()",
    "{ 1 }.Ast.Foo()",
    "$ExecutionContext.InvokeCommand.InvokeScript('1')",
    "$Host.UI.RawUI.Foo()",
    "$PSCmdlet.Foo()",
    "$MyInvocation.MyCommand.Foo()",
    "New-Object System.Net.WebClient",
    "New-Object -ComObject WScript.Shell",
    "New-Object IO.StreamReader '/etc/passwd'",
    "'System.IO.File' -as [type] | % { $_.Foo() }",
    "1 > file.txt",
    "1 >> file.txt",
    "1 | cat",
    "$env:PATH",
    "${env:PATH}",
    '"$env:PATH"',
    "$function:prompt",
    "${C:/etc/passwd}",
    "$alias:x",
    "using module x",
    "class A { }",
    "enum A { }",
    "Get-Date | Add-Member ScriptMethod x { }",
    "[Console]::WriteLine('x')",
    "[System.Collections.Generic.List[System.IO.File]]::new()",
    "[math]::GetType().Assembly.Foo()",
    "[convert]::ChangeType(1, [string])",
    "Get-Variable ExecutionContext -ValueOnly | % { $_.Foo() }",
]

BOMBS = [
    "[bigint]::Pow(2, 2000000000)",
    "$x = 10n; while ($true) { $x = $x * $x }",
    "[bigint]('9' * 100000)",
    "1n -shl 100000000",
    "[bigint]::ModPow([bigint]::Pow(2, 10000), [bigint]::Pow(2, 10000), [bigint]::Pow(3, 5000))",
    "while ($true) { trap { continue } throw 'x' }",
    "while ($true) { throw 'x' || 1 }",
    "while ($true) { Write-Error x 2>&1 }",
    """[xml]'<!DOCTYPE a [<!ENTITY b "xxxxxxxxxx"><!ENTITY c "&b;&b;&b;&b;&b;">]><a>&c;</a>'""",
    "[xml](('<a>' * 100000) + ('</a>' * 100000))",
    "[xml]('<a>' + ('<b/>' * 240000) + '</a>')",
    "$x = [xml]('<a>' + ('<b><c/></b>' * 20000) + '</a>'); while ($true) { $x.OuterXml }",
    "$x = [xml]('<a>' + ('<b><c/></b>' * 20000) + '</a>'); $x.SelectNodes('//*[count(//*) > 0]').Foo()",
    "$x = [xml]('<a>' + ('<b/>' * 20000) + '</a>'); $x.SelectNodes('//b/following-sibling::b').Foo()",
    "$x = [xml]'<a k=\"1\"/>'; while ($true) { [void]$x.a.AppendChild($x.CreateElement('b')) }",
    "$x = [xml]'<a k=\"1\"/>'; $e = $x.a; while ($true) { $e = $e.AppendChild($x.CreateElement('b')) }",
    "([xml]'<a/>').SelectNodes('(' * 400 + '1' + ')' * 400)",
    "([xml]'<a/>').SelectNodes('//*[' * 100 + '1' + ']' * 100)",
    "$h = @{}; $h.self = $h; $h | ConvertTo-Xml -Depth 20",
    "1..100000 | ConvertTo-Xml -As String",
    "1..100000 | % { [pscustomobject]@{ a = 'x' * 100 } } | ConvertTo-Html",
    "while ($true) { }",
    "for (;;) { }",
    "do { } while ($true)",
    "1..100000000",
    "1..2147483647 | % { $_ }",
    "-2147483648..2147483647",
    "'a' * 2000000000",
    "$s = 'a'; while ($true) { $s += $s }",
    "$s = 'a' * 100000; 1..100000 | % { $s += $s }",
    "@(0) * 2000000000",
    "$a = @(1); while ($true) { $a += $a }",
    "function f { f }; f",
    "function f($n) { f ($n + 1) }; f 0",
    "$b = { & $b }; & $b",
    "$b = { 1 | % $b }; & $b",
    "'{0,999999999}' -f 1",
    "'{0:N99999999}' -f 1",
    "'{0:D999999999}' -f 1",
    "('{0}' * 10000) -f ('x' * 100000)",
    "'a'.PadLeft(2000000000)",
    "'a'.PadRight(2000000000)",
    "[string]::new('a', 2000000000)",
    "('a' * 100000).Replace('a', 'b' * 100000)",
    "('a' * 100000) -replace 'a', ('b' * 100000)",
    "(@('x' * 100000) * 100000) -join ','",
    "[string]::Join(',', (@('x' * 100000) * 100000))",
    "$l = [System.Collections.ArrayList]@(); while ($true) { [void]$l.Add('x' * 1000) }",
    "$h = @{}; $i = 0; while ($true) { $h[$i++] = 'x' * 1000 }",
    "$a = @(1); 1..40 | % { $a = @($a, $a) }; $a | ConvertTo-Json -Depth 100",
    "$a = @(1); 1..31 | % { $a = @($a, $a) }; return @{ a = $a }",
    "$h = @{}; $h.self = $h; $h",
    "$h = @{}; $h.self = $h; $h | ConvertTo-Json -Depth 100",
    "('a' * 50 + '!') -match '^(a+)+$'",
    "('a' * 50 + '!') -match '^(a|aa)+$'",
    "('a' * 5000 + '!') -match '(.*)*(.*)*(.*)*x'",
    "[regex]::Match(('x' * 5000), '(x+x+)+y')",
    "('a' * 50) -match '((((a*)*)*)*)*b'",
    "('a' * 3000) -like ('*a' * 400 + 'b')",
    "('a' * 3000) -split '(a+)+b'",
    "1..1000 | % { 1..1000 | % { 1..1000 | % { $_ } } }",
    "1..100000 | % { Write-Host ('x' * 1000) }",
    "return @{ a = 'x' * 900000; b = 'x' * 900000 }",
    "$x = '[' * 100000; $x | ConvertFrom-Json",
    "$b = [System.Text.StringBuilder]::new(); while ($true) { [void]$b.Append('x' * 10000) }",
    "try { while ($true) { } } catch { } finally { while ($true) { } }",
    "while ($true) { try { f } catch { } }",
    "1..200000 | Sort-Object { 1..1000 | % { $_ } }",
    "'x' -match ('(' * 500 + 'x' + ')' * 500)",
    "'x' -match '((((x{1000}){1000}){1000}){1000}){1000}'",
    '1..200 | % { $n = 1 } { $n = "$n$n" } { $n }',
]


def attempt(script: str, protected: tuple[str, ...] = (), limits: Limits | None = None) -> Result:
    return run(script, {}, limits or Limits(seconds=1.0), lambda: datetime.now(UTC), random.random, protected)


@pytest.mark.parametrize("script", REACHES_OUT)
def test_d05_nothing_that_reaches_out_of_the_script_exists(script: str) -> None:
    with pytest.raises((ScriptFailed, ScriptUnreadable)) as refused:
        attempt(script)

    assert "interpreter could not" not in str(refused.value)
    assert "a step takes a hashtable" not in str(refused.value)


@pytest.mark.parametrize("script", BOMBS)
def test_d05_a_bomb_ends_the_step_and_not_the_process(script: str) -> None:
    started = time.monotonic()

    with pytest.raises((ScriptLimitReached, ScriptFailed)) as stopped:
        attempt(script)

    assert "interpreter could not" not in str(stopped.value)
    assert time.monotonic() - started < 20


def test_d05_reading_a_script_full_of_comment_signs_does_not_hang() -> None:
    with pytest.raises(ScriptUnreadable):
        parse("1\n" + "#" * 5_000 + "\n" + "# a # b # c\n" * 500 + ")")


def test_d05_a_script_cannot_catch_its_limit() -> None:
    with pytest.raises(ScriptLimitReached):
        attempt("try { while ($true) { } } catch { @{ caught = 1 } }")


@pytest.mark.parametrize("script", [one for one in REACHES_OUT if one.startswith("[System.") and "::" in one])
def test_d05_what_names_a_forbidden_type_is_found_when_it_is_saved(script: str) -> None:
    assert check(parse(script)) != ()


def test_d06_a_protected_value_cannot_be_returned_under_any_case() -> None:
    for name in ("requester", "Requester", "REQUESTER"):
        with pytest.raises(ProtectedValue):
            attempt(f"@{{ {name} = 'me' }}", ("Requester", "Approvals"))


def test_d06_other_values_are_returned_beside_protected_names() -> None:
    assert attempt("@{ requesterName = 'me' }", ("requester",)).values == {"requesterName": "me"}


def test_d05_a_regular_expression_cannot_use_what_dotnet_does_not_have() -> None:
    for source in ("(?R)", "(?1)", "(?P<n>a)(?P>n)", "(*FAIL)", "a++", r"\L<x>", "(?<a-b>x)"):
        with pytest.raises(ScriptFailed):
            attempt(f"@{{ r = 'aaa' -match '{source}' }}")
