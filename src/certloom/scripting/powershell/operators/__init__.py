"""Operators as functions of their operands."""
