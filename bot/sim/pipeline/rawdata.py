"""Which raw files of an observation are there. Must not open any of them: rawheader does.

Where the raw-data directories do not exist at all, data are taken as complete and the log tells what was observed.
A file that is no netCDF at all stands for its presence only; then, too, the log tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .facts import Facts, ObservationLog, UnknownObservation
from .rawheader import read_facts

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


def find(data: Path, log: ObservationLog, obsnum: int) -> Facts:
    """Return what is known of an obsnum; raises UnknownObservation where the pipeline refuses it."""
    path = _header_file(data, str(obsnum))
    facts = (read_facts(path) if path else None) or log.find(obsnum)
    facts.check()
    return facts


def _header_file(data: Path, obsnum: str) -> Path | None:
    """Return the file with the header, None where there are no raw data at all.

    Matches as the real tool does: the end of the obsnum in ifproc names, any part of RSR names. Raises
    UnknownObservation where nothing matches, or files of several scans or obsnums.
    """
    folders = ("ifproc", "spectrometer", *(f"RedshiftChassis{c}" for c in COMPLETE_CHASSIS))
    if not any((data / folder).is_dir() for folder in folders):
        return None
    ifproc = sorted((data / "ifproc").glob(f"ifproc_*_*{obsnum}_*.nc"))
    chassis = sorted(data.glob(f"RedshiftChassis?/RedshiftChassis?_*{obsnum}*.nc"))
    if len(ifproc) > 1 or (not ifproc and len(chassis) > len(COMPLETE_CHASSIS)):
        raise UnknownObservation(f"lmtinfo: Multiple files match {obsnum} in {data}")
    if not ifproc and not chassis:
        raise UnknownObservation(f"lmtinfo: No matching OBSNUM {obsnum} in {data}")
    return (ifproc or chassis)[0]


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
