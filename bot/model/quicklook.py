"""A quick look: what the telescope's own computer made of one observation, as it travels with the TAP."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from bot.model.frozen import Frozen
from bot.model.scalars import Obsnum, Pid, Text


class QuickLook(Frozen):
    """The outcome of one quick look; the light products (TAP) go beside it when there are any."""

    obsnum: Obsnum
    pid: Pid
    source: Text
    mode: Text
    """instrument/obspgm, e.g. SEQ/Map."""
    date_obs: Text
    """UT, when it was observed."""
    tint_s: float | None = None
    """Integration time in seconds, as the log has it."""
    gap: tuple[Text, ...] = ()
    """Parts of the raw data that are missing for good, e.g. roach3."""
    verdict: Text
    """"good", or why there is no TAP."""
    metrics: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """As in a run's record: {bank or "all": {rms, ...}}; rms in mK for SEQ/Map, else K."""
    reduced: Text
    """UT, when the pipeline had ended."""

    @property
    def is_good(self) -> bool:
        """Say whether there is a TAP to look at."""
        return self.verdict == "good"
