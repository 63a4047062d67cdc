"""Library scripts in a real PowerShell 7: a process of its own, behind a fence, JSON in and JSON out."""
