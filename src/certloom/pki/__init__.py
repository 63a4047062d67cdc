"""Certificates as values, pure."""
