"""The only SQL: rows, the committer that writes them, and the reads."""
