"""What a public site may show: numbers and states of every project, pictures only of what is public. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from bot.model.project import Project

PROPRIETARY_YEARS = 1
"""By default the proprietary time ends one year after the last observation (domain.md section 6)."""


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
