param([string]$Groups, [string]$Team)

$wanted = $Team.Trim()
$found = ($Groups | ConvertFrom-Json).value | Where-Object { $_.displayName -eq $wanted }
if (-not $found) {
    throw "No group is called '$wanted'."
}
return @{ GroupId = @($found)[0].id; GroupName = $wanted }
