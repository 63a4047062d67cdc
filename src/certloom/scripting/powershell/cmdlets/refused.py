"""Commands that PowerShell has, that scripts ask for, and that cannot run here: what to do instead."""

__all__ = ["REFUSED"]

REFUSED = {
    "ConvertFrom-Xml": "a cast: [xml]$text",
    "ConvertFrom-Html": "a regular expression, or [xml] where the text is well-formed",
    "ConvertFrom-Markdown": "plain texts: a script has no Markdown renderer",
    "ConvertFrom-SddlString": "plain texts: names of accounts are known to Windows alone",
    "Get-Culture": "[cultureinfo]::InvariantCulture",
    "Invoke-Expression": "a function or a script block",
    "Invoke-RestMethod": "the REST steps of the workflow",
    "Invoke-WebRequest": "the REST steps of the workflow",
    "Send-MailMessage": "the mail step of the workflow",
    "Set-StrictMode": "nothing: leave it out",
    "Start-Sleep": "nothing: a step does not wait",
    "Format-Table": "ConvertTo-Csv or ConvertTo-Html",
    "Format-List": "ConvertTo-Json or ConvertTo-Html",
    "Import-Module": "nothing: scripts have no modules",
}
