"""What everybody may be told of a project: all from its public day, before it numbers, or states only. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from enum import StrEnum

from bot.model.project import Project
from bot.model.worksheet import Row, Suggestion, Worksheet

PROPRIETARY_YEARS = 1
"""By default the proprietary time ends one year after the last observation (domain.md section 6)."""


class Exposure(StrEnum):
    """How much of a project may be told to everybody."""

    ALL = "all"
    NUMBERS = "numbers"
    """Numbers, names of files and links; no pictures, no spectra."""
    STATES = "states"
    """What is done and what is not: nothing that was measured, nothing that a log says."""

    @property
    def has_numbers(self) -> bool:
        """Say whether what was measured may be told."""
        return self is not Exposure.STATES


def exposure(project: Project, observed: Iterable[str], today: date, privacy: str) -> Exposure:
    """Decide what everybody may be told of a project today; `privacy` is what the site wants before its public day."""
    return Exposure.ALL if is_public(project, observed, today) else Exposure(privacy)


def without_numbers(sheet: Worksheet) -> Worksheet:
    """Return a worksheet of states and grades: nothing that was measured."""
    rows, combinations = (tuple(map(_unmeasured, rows)) for rows in (sheet.rows, sheet.combinations))
    return Worksheet(sheet.pid, rows, combinations)


def _unmeasured(row: Row) -> Row:
    suggestion = row.suggestion and Suggestion(row.suggestion.grade, "")
    return replace(row, inttime_s=None, tau=None, rms=None, unit="", ratio=None, suggestion=suggestion)


def public_since(project: Project, observed: Iterable[str]) -> date | None:
    """Return the day from which all may look; None: nobody knows, so nobody may.

    `observed`: UT times of its observations; one that cannot be read as a time hides the day.
    """
    if project.public is not None:
        return project.public
    days = [_day(one) for one in observed]
    known = [one for one in days if one is not None]
    if not known or len(known) < len(days):
        return None
    last = max(known)
    year = last.year + PROPRIETARY_YEARS
    return last.replace(year=year, day=28) if (last.month, last.day) == (2, 29) else last.replace(year=year)


def is_public(project: Project, observed: Iterable[str], today: date) -> bool:
    """Say whether images and spectra may be shown to everybody today."""
    since = public_since(project, observed)
    return since is not None and since <= today


def _day(stamp: str) -> date | None:
    try:
        return date.fromisoformat(stamp[:10])
    except ValueError:
        return None
