"""Decisions: pure functions over values. No I/O, no doors."""
