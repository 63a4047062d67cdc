"""Scripts in Python: each runs in a process of its own that holds an interpreter and nothing else."""
