"""Which raw files of an observation are there. Must not open any of them.

Where the raw-data directories do not exist at all, data are taken as complete.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .facts import Facts

COMPLETE_CHASSIS = (0, 1, 2, 3)


@dataclass(frozen=True)
class RawState:
    """What is missing of an observation."""

    has_calibration: bool = True
    lost_roaches: tuple[int, ...] = ()
    chassis: tuple[int, ...] = COMPLETE_CHASSIS

    def has_bank(self, bank: int) -> bool:
        """Tell whether any spectra of a bank are there."""
        return any(4 * bank + roach not in self.lost_roaches for roach in range(4))

    def lost_beams(self, bank: int) -> tuple[int, ...]:
        """Return the beams without data, which the reader fills with beam 0."""
        return tuple(4 * (r % 4) + i for r in self.lost_roaches if r // 4 == bank for i in range(4))


def raw_files(data: Path, facts: Facts, obsnum: int) -> list[Path]:
    """Return the raw files of an obsnum that exist."""
    if facts.instrument == "RSR":
        pattern = f"RedshiftChassis?_*_{obsnum:06d}_*.nc"
        return sorted(p for c in COMPLETE_CHASSIS for p in (data / f"RedshiftChassis{c}").glob(pattern))
    roaches = (data / "spectrometer").glob(f"roach?/roach?_{obsnum}_*.nc")
    return sorted((data / "ifproc").glob(f"ifproc_*_{obsnum:06d}_*.nc")) + sorted(roaches)


def look(data: Path, facts: Facts, calobsnum: int, numbands: int) -> RawState:
    """Say what is missing of an observation."""
    if facts.instrument == "RSR":
        return _look_rsr(data, facts, calobsnum)
    if not (data / "spectrometer").is_dir():
        return RawState(has_calibration=calobsnum > 0)
    # 1MM has one roach for all there is, both sidebands
    wanted = range(1) if facts.instrument == "1MM" else range(4 * numbands)
    have = {p.parent.name for p in raw_files(data, facts, facts.obsnum)}
    lost = tuple(r for r in wanted if f"roach{r}" not in have)
    if facts.instrument == "1MM" and lost:
        lost = tuple(range(8))
    return RawState(calobsnum > 0 and bool(raw_files(data, facts, calobsnum)), lost)


def _look_rsr(data: Path, facts: Facts, calobsnum: int) -> RawState:
    if not any((data / f"RedshiftChassis{c}").is_dir() for c in COMPLETE_CHASSIS):
        return RawState(has_calibration=calobsnum > 0)
    here = {int(p.parent.name[-1]) for p in raw_files(data, facts, facts.obsnum)}
    calibrated = calobsnum > 0 and bool(raw_files(data, facts, calobsnum))
    return RawState(calibrated, chassis=tuple(sorted(here)))


def expected_names(facts: Facts, obsnum: int, numbands: int) -> list[str]:
    """Return names that raw files of an obsnum would have, for a RAW zip where there are none."""
    day, clock = facts.date_obs[:10], facts.date_obs[11:].replace(":", "")
    if facts.instrument == "RSR":
        return [f"RedshiftChassis{c}/RedshiftChassis{c}_{day}_{obsnum:06d}_00_0001.nc" for c in COMPLETE_CHASSIS]
    roaches = (0,) if facts.instrument == "1MM" else range(4 * numbands)
    names = [f"spectrometer/roach{r}/roach{r}_{obsnum}_0_1_{facts.source}_{day}_{clock}.nc" for r in roaches]
    return [f"ifproc/ifproc_{day}_{obsnum:06d}_00_0001.nc", *names]
