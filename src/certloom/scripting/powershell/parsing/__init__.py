"""From text to the syntax tree: a recursive descent that reads arguments and expressions as PowerShell does."""
