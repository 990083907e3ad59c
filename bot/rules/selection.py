"""Which observations somebody asks for, by exact columns: a part of a name never stands for the name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from bot.model.observation import Observation

NIGHT_BEGINS = "18:00:00"
"""UT; noon at the telescope (UT-6)."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is asked for; an empty column takes everything, several values take any of them."""

    pid: frozenset[str] = frozenset()
    """ProjectIds with known wrong spellings put right."""
    source: frozenset[str] = frozenset()
    goal: frozenset[str] = frozenset()
    mode: frozenset[str] = frozenset()
    """e.g. SEQ/Map."""
    instrument: frozenset[str] = frozenset()
    obsnums: tuple[tuple[int, int], ...] = ()
    """First and last of each range."""
    since: str = ""
    """UT, as much of YYYY-MM-DDTHH:MM:SS as is wanted."""
    until: str = ""
    """UT; all that begins so is taken too, so that a date means its whole day."""
    night: tuple[str, str] = ("", "")
    """As night_of returns it."""

    def takes(self, row: Observation) -> bool:
        """Say whether an observation is asked for."""
        return (
            all(not asked or value_of(row) in asked for asked, value_of in self.columns())
            and (not self.obsnums or any(first <= row.obsnum <= last for first, last in self.obsnums))
            and self.since <= row.date_obs
            and (not self.until or row.date_obs[: len(self.until)] <= self.until)
            and (not self.night[0] or self.night[0] <= row.date_obs < self.night[1])
        )

    def columns(self) -> tuple[tuple[frozenset[str], Callable[[Observation], str]], ...]:
        """Return the columns that are compared as words: what is asked for, and where it stands in a row."""
        return (
            (self.pid, lambda row: row.pid),
            (self.source, lambda row: row.source),
            (self.goal, lambda row: row.goal),
            (self.mode, lambda row: row.mode),
            (self.instrument, lambda row: row.instrument),
        )


def night_of(day: str) -> tuple[str, str]:
    """Return begin and end, UT, of a night: noon to noon at the telescope, named by the UT date of its end.

    Sunset at the telescope is about midnight UT, so that the name is the date of nearly all rows of the night, and
    what was observed in the local afternoon before belongs to it. ValueError where `day` is no date YYYY-MM-DD.
    """
    end = date.fromisoformat(day)
    return f"{end - timedelta(days=1)}T{NIGHT_BEGINS}", f"{end}T{NIGHT_BEGINS}"
