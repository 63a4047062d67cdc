param([string]$Members)

$mails = @()
foreach ($member in ($Members | ConvertFrom-Json).value) {
    if ($member.mail -and $member.mail -notlike '*@old.corp.example') {
        $mails += $member.mail.ToLower()
    }
}
if ($mails.Count -eq 0) {
    throw 'Nobody in the group has a mail address.'
}
return @{ Emails = $mails -join ';'; Count = $mails.Count }
