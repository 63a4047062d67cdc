"""The values of scripts and how they convert, compare and print: what .NET and PowerShell do, in Python values."""
