"""Decisions over values: who may do what, which pattern matches, what reviews allow. No I/O."""
