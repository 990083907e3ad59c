"""One row of the observation log, whatever layout it came in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Observation:
    """What the telescope wrote of one obsnum (domain.md section 4). None: the row does not say."""

    obsnum: int
    date_obs: str
    """UT, YYYY-MM-DDTHH:MM:SS."""
    instrument: str
    """SEQ, RSR, 1MM, ... or "" where an old row leaves it out and nothing else tells."""
    goal: str
    pgm: str
    """As in the log, e.g. Map(Az/D), Bs."""
    source: str
    pid: str
    """ProjectId with known wrong spellings put right."""
    restfreq_ghz: float | None = None
    vlsr_kms: float | None = None
    tint_s: float | None = None
    ra_deg: float | None = None
    dec_deg: float | None = None
    az_deg: float | None = None
    el_deg: float | None = None
    azoff_arcsec: float | None = None
    eloff_arcsec: float | None = None
    valid: bool | None = None

    @property
    def mode(self) -> str:
        """Return instrument/obspgm as project files write it: SEQ/Map for Map(Az/D); "" if the row does not tell."""
        return f"{self.instrument}/{self.pgm.partition('(')[0]}" if self.instrument and self.pgm else ""
