"""Who a person is to a project. Closed by default: who is nobody here may read, and nothing else."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a GitHub account may be; one account may be several of them (domain.md section 1)."""

    PO = "PO"
    """Pipeline operator: merges, releases."""
    DA = "DA"
    """Data analyst: quality assurance."""
    PI = "PI"
    """Proposer of this project, or a co-PI."""
