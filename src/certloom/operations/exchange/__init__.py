"""Definitions as files: what leaves, what comes in, and a folder of them kept in Git."""
