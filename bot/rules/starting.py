"""The parameters that a new source starts with. Pure; the facts are data (templates/starting_tiers.yaml).

Read off the real projects: the common first pass has no parameters in any mode; the improved pass has none either,
except that with two banks (SEQ since April 2023) bank 0 goes into tier b and bank 1 into tier c. Whatever else
projects say there (pix_list, dv, extent, ...) belongs to one night or one target, and a person adds it.
"""

from __future__ import annotations

from pydantic import Field

from bot.model.frozen import Frozen
from bot.model.project import Tiers
from bot.model.scalars import Day, Word


class Start(Frozen):
    """What one kind of observation starts with."""

    instrument: Word | None = None
    """SEQ, RSR, 1MM; left out: any."""
    since: Day | None = None
    """First day (UT) on which this holds; left out: always."""
    tiers: Tiers = Tiers()
    """The tiers that a new source gets."""


class Starting(Frozen):
    """starting_tiers.yaml: the first entry that fits an observation is taken."""

    starts: tuple[Start, ...] = Field(default=(Start(tiers=Tiers.model_validate({"a": {}, "b": {}})),))
    """From the special to the general."""


def starting_tiers(starting: Starting, instrument: str, date_obs: str) -> Tiers:
    """Return what a source observed first at `date_obs` (YYYY-MM-DD...) starts with; nothing fits: no tiers."""
    for start in starting.starts:
        if start.instrument in (None, instrument) and (start.since is None or date_obs[:10] >= str(start.since)):
            return start.tiers
    return Tiers()
