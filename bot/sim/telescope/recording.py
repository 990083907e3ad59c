"""Rows of the observation log -> what the telescope records: which parts write files, and which calibration counts.

Must not make any file. A calibration is never made up: an observation without an earlier Cal of its instrument and
project in the list names none (-1), so that a list gives back exactly its rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

from bot.formats.obslog import Row, RowFault
from bot.formats.rawname import file_name, folder_of
from bot.model.observation import Observation
from bot.model.raw import CHASSIS, IFPROC, ROACHES
from bot.sim.pipeline.facts import bands_of

RECEIVERS = {"SEQ": "Sequoia", "1MM": "Msip1mm", "RSR": "RedshiftReceiver"}
SHORTEST_S = 4.0
"""What lasts less, or does not say, is recorded so long: the data need a time axis."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One observation as it is recorded."""

    observation: Observation
    calobsnum: int
    """-1: none."""
    scannum: int = 1
    """Higher where an obsnum has several observations on one day."""

    @property
    def program(self) -> str:
        """Return the observing program without the map's coordinates: Map for Map(Az/D)."""
        return self.observation.pgm.partition("(")[0]

    @property
    def numbands(self) -> int:
        """Return how many bands the receiver has; both of 1MM come from one roach."""
        if self.observation.instrument == "1MM":
            return 2
        return bands_of(self.observation.instrument, self.observation.date_obs)

    @property
    def start(self) -> datetime:
        """Return when it began, UT."""
        return datetime.fromisoformat(self.observation.date_obs).replace(tzinfo=UTC)

    @property
    def seconds(self) -> float:
        """Return how long it lasted."""
        return max(self.observation.tint_s or 0.0, SHORTEST_S)

    @property
    def end(self) -> datetime:
        """Return when its files were closed, UT."""
        return self.start + timedelta(seconds=self.seconds)

    @property
    def parts(self) -> tuple[str, ...]:
        """Return the parts that write a file each; 1MM has one roach for both bands."""
        if self.observation.instrument == "RSR":
            return CHASSIS
        return (IFPROC, *ROACHES[: 1 if self.observation.instrument == "1MM" else 4 * self.numbands])

    def path_of(self, part: str) -> PurePosixPath:
        """Return the file of a part, under the raw data root. ValueError: a source that no file can be named after."""
        row, start = self.observation, self.start
        day, clock = start.strftime("%Y-%m-%d"), start.strftime("%H%M%S")
        name = file_name(part, row.obsnum, (0, self.scannum), day, source=row.source, hhmmss=clock)
        return PurePosixPath(folder_of(part), name)


def record(rows: Iterable[Row]) -> tuple[list[Recording], list[str]]:
    """Return the recordings in the order of time, and why other rows were left out; equal rows count once."""
    good, skipped = [], []
    for row in dict.fromkeys(rows):
        reason = _why_not(row)
        if isinstance(row, Observation) and not reason:
            good.append(row)
        else:
            skipped.append(f"{_name_of(row)}: {reason}")
    good.sort(key=lambda row: (row.date_obs, row.obsnum))
    return _with_calibrations(good), skipped


def _name_of(row: Row) -> str:
    return f"obsnum {row.obsnum}" if row.obsnum else f"line {row.line}" if isinstance(row, RowFault) else "a row"


def _why_not(row: Row) -> str:
    """Return why a row cannot be recorded, "" where it can."""
    if isinstance(row, RowFault):
        return row.reason
    if row.instrument not in RECEIVERS:
        return f"{row.instrument or 'no'} receiver; files are known of {', '.join(RECEIVERS)}"
    if not row.pgm:
        return "the row does not tell the observing program"
    try:
        recording = Recording(row, -1)
        for part in recording.parts:
            recording.path_of(part)
    except ValueError as error:
        return str(error)
    return ""


def _with_calibrations(rows: list[Observation]) -> list[Recording]:
    newest: dict[tuple[str, str], int] = {}
    scans: Counter[tuple[int, str]] = Counter()
    recordings = []
    for row in rows:
        whose, day = (row.instrument, row.pid), (row.obsnum, row.date_obs[:10])
        scans[day] += 1
        is_cal = row.pgm == "Cal"
        recordings.append(Recording(row, -1 if is_cal else newest.get(whose, -1), scans[day]))
        if is_cal and row.valid is not False:
            newest[whose] = row.obsnum
    return recordings
