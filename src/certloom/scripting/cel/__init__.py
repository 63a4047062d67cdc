"""Expressions in CEL (cel.dev): checked when they are saved, evaluated in a process of their own."""
