"""A stage's answer on one project: what became of it on GitHub."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Became(StrEnum):
    """What a pass did with a project's pull request."""

    OPENED = "opened"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    CLOSED = "closed"
    WAITING = "waiting"
    """For people, or for a time."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One pull request of the bot, and what a pass did with it."""

    pid: str
    became: Became
    number: int = 0
    url: str = ""
    told: str = ""
    """What it is about, or why nothing was done."""
