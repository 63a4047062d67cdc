param($Owner, $Fallback)

$name = if ([string]::IsNullOrWhiteSpace($Owner)) { $Fallback } else { $Owner }
$parts = $name.Split('@')
return @{ Owner = $parts[0].ToUpper(); Domain = $parts[-1] }
