"""What exists while a script runs: scopes, the session with its budget, and the ways to leave a block."""
