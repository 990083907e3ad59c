"""The raw data of an observation: its files, what its header tells, and whether all of it has arrived.

Values only. Names on disk are read by bot.formats.rawname, headers by bot.formats.rawheader, the verdict is
bot.rules.readiness. Facts: domain.md section 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.model.observation import Observation

IFPROC = "ifproc"
ROACHES = tuple(f"roach{number}" for number in range(8))
"""0 to 3 write bank 0, 4 to 7 bank 1."""
CHASSIS = tuple(f"chassis{number}" for number in range(4))
PARTS = (IFPROC, *ROACHES, *CHASSIS)
"""Every part that the telescope's computers write, a file a scan each."""
HEADERED = (IFPROC, *CHASSIS)
"""The parts whose header tells what was observed."""

UNNAMED_CALIBRATION = "calibration"
"""The gap of an observation that needs a calibration, and whose header names none."""


@dataclass(frozen=True, slots=True)
class RawName:
    """A raw file, as its name tells it."""

    part: str
    """One of PARTS."""
    obsnum: int
    subobsnum: int
    scannum: int
    date: str
    """UT, YYYY-MM-DD."""
    name: str
    """The file's name, without its folder."""

    @property
    def scan(self) -> tuple[int, int]:
        """Return what tells the scans of one obsnum apart."""
        return (self.subobsnum, self.scannum)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells whether a file has changed: size in bytes, times in ns since 1970."""

    size: int
    mtime_ns: int
    ctime_ns: int
    """When the file got its name or content here; a copy keeps mtime, never this."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the header of one raw file tells."""

    observation: Observation
    """Rounded as the observation log prints it, so that a row can be read back to the same value."""
    subobsnum: int
    scannum: int
    numbands: int
    """1 or 2; 1 where the instrument has no bands (RSR)."""
    calobsnum: int | None
    """None: the header does not name one (old files, or -1)."""


class FileState(StrEnum):
    """What is known of one raw file."""

    NEW = "new"
    """There, but it may still be growing."""
    WHOLE = "whole"
    CUT = "cut off"
    """Not whole by its own statement: growing slowly, or truncated."""
    CORRUPT = "corrupt"
    """Whole, but its header cannot be read, or contradicts its name."""


@dataclass(frozen=True, slots=True)
class RawFile:
    """A raw file and what is known of it."""

    name: RawName
    state: FileState
    told: str = ""
    """Why it is cut off or corrupt."""
    header: Header | None = None
    """Of a whole file of HEADERED."""


class Readiness(StrEnum):
    """Whether an obsnum can be reduced."""

    COMPLETE = "complete"
    """All that its instrument and number of bands need is there, or has been waited for long enough (a gap)."""
    INCOMPLETE = "incomplete"
    """Files are still missing, growing or cut off, and may still come."""
    CORRUPT = "corrupt"
    """Its header cannot be read, or contradicts its name."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """An obsnum of which at least one file is there, and the verdict on it."""

    obsnum: int
    readiness: Readiness
    observation: Observation | None = None
    """None where no header could be read."""
    others: tuple[Observation, ...] = ()
    """Observations of further scans that disagree with the first in more than time."""
    missing: tuple[str, ...] = ()
    """Parts that are waited for, e.g. roach3, calibration 112137."""
    gap: tuple[str, ...] = ()
    """Parts that are given up: the obsnum is complete without them."""
    reason: str = ""
    """Why it is incomplete or corrupt, in words."""

    @property
    def can_be_reduced(self) -> bool:
        """Say whether the pipeline may be called for it."""
        return self.readiness is Readiness.COMPLETE and self.observation is not None
