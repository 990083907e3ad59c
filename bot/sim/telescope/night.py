"""A plausible night, drawn from a seed: rows as the observation log would print them. No files.

Several projects share the night; each visit begins with a pointing, every SEQ and 1MM map has its own calibration,
RSR calibrates once a visit. Names of sources and projects are made to trip whoever is careless with them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.model.observation import Observation

INVALID = 0.02
"""The share of observations that the operator marks as not valid."""
BEGIN_HOUR = 1
"""UT; evening in Mexico."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What one project observes when its turn comes."""

    pid: str
    instrument: str
    programs: tuple[str, ...]
    sources: tuple[str, ...]
    restfreq_ghz: float
    vlsr_kms: float
    seconds: float


VISITS = (
    Visit("2024-S1-MX-2", "SEQ", ("Map(L/C)", "Map(B/C)"), ("G358.7+3.7+179_01_of_04", "G1.2-0.5"), 115.2712, 0, 900),
    Visit("2024-S1-MX-22", "SEQ", ("Map(Ra/C)", "Map(Dec/C)"), ("N6946(CO)", "M51*arm"), 115.2712, 463, 1200),
    Visit("2024-S1-UM-11", "SEQ", ("Ps", "Bs"), ("VX-Sgr_sp1", "IRC+10216"), 86.2434, -26, 300),
    Visit("2023-S1-US-17", "RSR", ("Bs",), ("J1234+0567.8", "C5(a)"), 0.0, 0, 300),
    Visit("2024S1MSIP1mmCommissioning", "1MM", ("Ps", "Map(Az/C)"), ("R-Cas", "NGC7027.b"), 230.538, 26, 180),
)
POINTINGS = {"SEQ": "Map(Az/D)", "1MM": "Map(Az/D)", "RSR": "Map(Az)"}


def draw_night(count: int, *, seed: int, first: int, date: str) -> list[Observation]:
    """Return `count` rows with ascending obsnums from `first` on, in the order of time; `date` is YYYY-MM-DD, UT."""
    rng = random.Random(f"night {seed}")  # noqa: S311
    now = datetime.fromisoformat(date) + timedelta(hours=BEGIN_HOUR)
    rows: list[Observation] = []
    while len(rows) < count:
        for goal, program, source, visit, seconds in _turn(rng, rng.choice(VISITS)):
            tint = round(seconds * rng.uniform(0.97, 1.03), 1)
            rows.append(_row(rng, first + len(rows), now, (goal, program, source), visit, tint))
            now += timedelta(seconds=round(tint + rng.uniform(15, 40)))
    return rows[:count]


def _turn(rng: random.Random, visit: Visit) -> Iterator[tuple[str, str, str, Visit, float]]:
    """Yield goal, program, source, visit and seconds of what is done while a project has the telescope."""
    source = rng.choice(visit.sources)
    calibrate = ("Calibration", "Cal", source, visit, 12.0 if visit.instrument == "RSR" else 5.5)
    yield calibrate
    yield "Pointing", POINTINGS[visit.instrument], "3C273", visit, 75.0
    if visit.instrument == "RSR" and rng.random() < 0.3:
        yield "LineCheck", "Bs", "I12112", visit, visit.seconds
    for number in range(rng.randint(1, 4)):
        if number == 0 or visit.instrument != "RSR":
            yield calibrate
        yield "Science", rng.choice(visit.programs), source, visit, visit.seconds


def _row(
    rng: random.Random, obsnum: int, now: datetime, what: tuple[str, str, str], visit: Visit, tint_s: float
) -> Observation:
    goal, program, source = what
    place = random.Random(source)  # noqa: S311
    is_invalid = goal == "Science" and rng.random() < INVALID
    return Observation(
        obsnum=obsnum,
        date_obs=now.isoformat(timespec="seconds"),
        instrument=visit.instrument,
        goal=goal,
        pgm=program,
        source=source,
        pid=visit.pid,
        restfreq_ghz=visit.restfreq_ghz,
        vlsr_kms=float(visit.vlsr_kms),
        tint_s=tint_s,
        ra_deg=round(place.uniform(0, 360), 6),
        dec_deg=round(place.uniform(-30, 60), 6),
        az_deg=round(rng.uniform(60, 300), 1),
        el_deg=round(rng.uniform(25, 80), 1),
        azoff_arcsec=0.0,
        eloff_arcsec=0.0,
        valid=not is_invalid,
    )
