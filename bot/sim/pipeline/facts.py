"""What is known of one obsnum, and the log as a source of it: where there are raw files, they tell (rawdata).

A small tolerant reader of the log's layouts (13 to 19 words a row). Must not guess an obsnum by substring:
the match is exact. It stands alone because the pipeline must start fast.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

INSTRUMENTS = ("SEQ", "RSR", "1MM")
PROGRAMS = re.compile(
    r"(Map|Bs|Ps|Lissajous|Cal|On|Stay|Idle|CrossScan|VlbiSched|Calibration|Tpt|Focus)(\(([^)]*)\))?$"
)

TWO_BANDS_SINCE = "2023-04-01"
SECOND_BAND_GHZ = {115: 110.201353, 230: 220.398, 88: 89.188526, 86: 89.188526}
EXACT_GHZ = {115.2712: 115.271204, 110.2014: 110.201353}
"""The log rounds to four digits; carbon monoxide is what most look at."""


class UnknownObservation(Exception):
    """No row, more than one, or a row that the pipeline does not process: exit 1 and nothing is touched."""


@dataclass(frozen=True)
class Facts:
    """One observation."""

    date_obs: str
    obsnum: int
    instrument: str
    goal: str
    program: str
    map_coord: str
    map_motion: str
    source: str
    pid: str
    restfreq_ghz: float
    vlsr: float
    tint_s: float
    ra_deg: float
    dec_deg: float
    is_valid: bool
    calobsnum: int | None = None
    """-1: it has none; None: the log does not tell."""
    numbands: int | None = None
    """None: the log does not tell."""

    @property
    def is_map(self) -> bool:
        """Tell whether the mapping pipeline is in charge."""
        return self.program in ("Map", "Lissajous") and self.instrument != "RSR"

    def check(self) -> None:
        """Raise UnknownObservation for what the pipeline refuses."""
        if not self.is_valid:
            raise UnknownObservation(f"obsnum={self.obsnum} is not valid")
        if self.program not in ("Map", "Lissajous", "Bs", "Ps"):
            raise UnknownObservation(f"Cannot process a '{self.program}' obsnum={self.obsnum}")


def bands_of(instrument: str, date_obs: str) -> int:
    """Return how many bands an observation has where no header tells: two for Sequoia since April 2023."""
    return 2 if instrument == "SEQ" and date_obs >= TWO_BANDS_SINCE else 1


def line_frequencies(restfreq_ghz: float) -> tuple[float, float]:
    """Return the line frequencies of both bands, GHz, from the one that the log prints."""
    base = EXACT_GHZ.get(restfreq_ghz, restfreq_ghz or 90.0)
    return base, SECOND_BAND_GHZ.get(int(base), round(base - 5.07, 6))


def parse_row(line: str) -> Facts | None:
    """Read one row of the log; None for comments and rows of no known layout."""
    words = line.split()
    if len(words) < 13 or words[0].startswith("#") or not words[1].isdigit():
        return None
    rest = words[2:]
    instrument = rest.pop(0) if rest[0] in INSTRUMENTS else ""
    at = next((i for i, word in enumerate(rest[1:4], 1) if PROGRAMS.match(word)), None)
    if at is None or len(rest) < at + 5:
        return None
    goal, program, source, pid = " ".join(rest[:at]), rest[at], rest[at + 1], rest[at + 2]
    tail = rest[at + 3 :]
    if "RSR" in tail[:1]:
        instrument, tail = "RSR", ["0", *tail[1:]]
    elif instrument == "RSR" and len(tail) == 6:
        tail = ["0", *tail]  # rows of early 2023 leave the frequency out
    try:
        numbers = [float(word) for word in tail]
    except ValueError:
        return None
    instrument = instrument or ("1MM" if numbers[0] > 180 else "SEQ")
    return _facts(words[0], int(words[1]), instrument, goal, program, source, pid, numbers)


def _facts(
    date: str, obsnum: int, instrument: str, goal: str, program: str, source: str, pid: str, numbers: list[float]
) -> Facts | None:
    matched = PROGRAMS.match(program)
    if matched is None or len(numbers) < 5:
        return None
    coord, _, motion = (matched[3] or "").partition("/")
    return Facts(
        date_obs=date,
        obsnum=obsnum,
        instrument=instrument,
        goal=goal,
        program=matched[1],
        map_coord=coord or "Ra",
        map_motion={"D": "Discrete"}.get(motion, "Continuous"),
        source=source,
        pid=pid,
        restfreq_ghz=numbers[0],
        vlsr=numbers[1],
        tint_s=numbers[2],
        ra_deg=numbers[3],
        dec_deg=numbers[4],
        is_valid=len(numbers) < 10 or numbers[9] != 0,
    )


def _lines_with(text: str, wanted: str) -> Iterator[str]:
    """Yield the lines that hold a string; the log may be a hundred megabytes long."""
    at = text.find(wanted)
    while at >= 0:
        begin = text.rfind("\n", 0, at) + 1
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        yield text[begin:end]
        at = text.find(wanted, end)


class ObservationLog:
    """The log `data_lmt.log`, read once a call."""

    def __init__(self, path: Path) -> None:
        self._text = path.read_text(errors="replace") if path.exists() else ""

    def find(self, obsnum: int) -> Facts:
        """Return the row of an obsnum; raises UnknownObservation unless there is just one."""
        parsed = (parse_row(line) for line in _lines_with(self._text, str(obsnum)))
        rows = {row for row in parsed if row is not None and row.obsnum == obsnum}
        if len(rows) != 1:
            raise UnknownObservation(f"{len(rows)} rows for obsnum={obsnum}")
        facts = rows.pop()
        return facts

    def calibration_of(self, facts: Facts) -> int:
        """Return the newest Cal of the same instrument and project before an observation, or -1."""
        earlier: list[tuple[int, str]] = []
        for line in _lines_with(self._text, " Cal "):
            words = line.split(None, 2)
            if len(words) == 3 and words[1].isdigit() and int(words[1]) < facts.obsnum and facts.pid in line:
                earlier.append((int(words[1]), line))
        for obsnum, line in sorted(earlier, reverse=True):
            row = parse_row(line)
            if row and (row.program, row.instrument, row.pid) == ("Cal", facts.instrument, facts.pid):
                return obsnum
        return -1
