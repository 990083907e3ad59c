"""Text or file <-> values, both ways. No decisions, no doors."""
