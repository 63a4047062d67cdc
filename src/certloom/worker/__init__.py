"""Runs what can go on, and wakes what is due."""
