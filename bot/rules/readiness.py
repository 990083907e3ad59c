"""Whether all files of an obsnum have arrived: the files that are known of -> Arrived (domain.md section 3).

Pure: neither disk nor clock. What one file is (whole, cut off, corrupt) has been found out before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.formats.obslog import SCIENCE
from bot.model.observation import Observation
from bot.model.raw import (
    CHASSIS,
    HEADERED,
    IFPROC,
    PARTS,
    ROACHES,
    UNNAMED_CALIBRATION,
    Arrived,
    FileState,
    Header,
    RawFile,
    Readiness,
)

BANK = 4
"""Roaches that write one bank of Sequoia."""
NEEDS_CALIBRATION = {"SEQ": (SCIENCE,), "1MM": (SCIENCE,), "RSR": (SCIENCE, "LineCheck")}
"""Instrument -> obsgoals that the pipeline reduces, and cannot reduce without a calibration."""
MOST_REASONS = 3


@dataclass(frozen=True, slots=True)
class _Unit:
    """The files of one scan that one family of computers wrote: ifproc with roaches, or chassis."""

    scan: tuple[int, int]
    family: tuple[str, ...]
    files: tuple[RawFile, ...]

    def headers(self) -> tuple[Header, ...]:
        """Return the headers of the first part that has one; the four chassis tell the same."""
        for part in self.family:
            if found := tuple(file.header for file in self.of(part) if file.header):
                return found
        return ()

    def of(self, part: str) -> list[RawFile]:
        return [file for file in self.files if file.name.part == part]

    def lacks(self, part: str) -> bool:
        return not any(file.state is FileState.WHOLE for file in self.of(part))

    def expected(self, header: Header) -> tuple[str, ...]:
        if self.family is CHASSIS:
            return CHASSIS
        count = 1 if header.observation.instrument == "1MM" else BANK * header.numbands
        return (IFPROC, *ROACHES[:count])


def first_state(part: str, size_b: int, age_s: float, trust_s: float) -> FileState:
    """Return what is known of a file that is seen first: a spectrometer file of old is taken by its name."""
    return FileState.WHOLE if part in ROACHES and size_b > 0 and age_s >= trust_s else FileState.NEW


def calobsnum_of(files: Sequence[RawFile]) -> int | None:
    """Return the calibration that an obsnum names: the first one that a header tells and that is not itself."""
    named = (header.calobsnum for unit in _units(files) for header in unit.headers())
    return next((number for number in named if number and number != files[0].name.obsnum), None)


def judge(files: Sequence[RawFile], calibration: Sequence[RawFile], *, has_waited: bool) -> Arrived:
    """Return the verdict on one obsnum.

    `files` are its own (at least one), `calibration` those of the obsnum that calobsnum_of names; has_waited: the
    newest of all of them lies here for so long that nothing more is expected.
    """
    obsnum, units = files[0].name.obsnum, _units(files)
    headers = [header for unit in units for header in unit.headers()]
    if not headers:
        return _judge_headless(obsnum, files, has_waited=has_waited)
    first, *rest = _distinct([header.observation for header in headers])
    found = Arrived(obsnum, Readiness.COMPLETE, first, tuple(rest))
    calobsnum = calobsnum_of(files)
    missing = _missing(units) + (_missing_calibration(calobsnum, calibration) if calobsnum else ())
    unnamed = _unnamed_calibration(first, calobsnum)
    if not missing:
        return replace(found, gap=unnamed, reason="its header names no calibration" if unnamed else "")
    reason = _reason(missing, [*files, *calibration])
    if not _has_spectra(files):
        return replace(found, readiness=Readiness.INCOMPLETE, missing=missing, reason=f"no spectra are there; {reason}")
    if not has_waited:
        return replace(found, readiness=Readiness.INCOMPLETE, missing=missing, reason=reason)
    return replace(found, gap=missing + unnamed, reason=reason)


def _judge_headless(obsnum: int, files: Sequence[RawFile], *, has_waited: bool) -> Arrived:
    """Judge an obsnum of which no header can be read."""
    asked = [file for file in files if file.name.part in HEADERED]
    if not asked:
        reason = "no ifproc file is there, and nothing else tells what was observed"
        return Arrived(obsnum, Readiness.INCOMPLETE, missing=(IFPROC,), reason=reason)
    reason = _told(asked)
    parts = {file.name.part for file in asked}
    is_all = IFPROC in parts or parts == set(CHASSIS)
    if has_waited or (is_all and all(file.state is FileState.CORRUPT for file in asked)):
        return Arrived(obsnum, Readiness.CORRUPT, reason=reason)
    waited_for = (IFPROC,) if IFPROC in parts else CHASSIS
    return Arrived(obsnum, Readiness.INCOMPLETE, missing=waited_for, reason=reason)


def _units(files: Sequence[RawFile]) -> list[_Unit]:
    """Part the files into scans, the first scan first, in an order that does not depend on the files'."""
    scans: dict[tuple[tuple[int, int], tuple[str, ...]], list[RawFile]] = {}
    for file in sorted(files, key=_place):
        family = CHASSIS if file.name.part in CHASSIS else (IFPROC, *ROACHES)
        scans.setdefault((file.name.scan, family), []).append(file)
    order = sorted(scans, key=lambda key: (key[0], key[1] is CHASSIS))
    return [_Unit(scan, family, tuple(scans[scan, family])) for scan, family in order]


def _distinct(rows: Sequence[Observation]) -> list[Observation]:
    """Keep the rows that differ in more than time, integration and pointing; the first of each kind stays."""
    kinds: dict[Observation, Observation] = {}
    for row in rows:
        blank = replace(row, date_obs="", tint_s=None, az_deg=None, el_deg=None, azoff_arcsec=None, eloff_arcsec=None)
        kinds.setdefault(blank, row)
    return list(kinds.values())


def _missing(units: Sequence[_Unit]) -> tuple[str, ...]:
    """Return the parts that are not there, or not whole; with their scan where only some scans miss them."""
    fallback = next(header for unit in units for header in unit.headers())
    wanted = [(unit, unit.expected((unit.headers() or (fallback,))[0])) for unit in units]
    found: list[str] = []
    for part in PARTS:
        asked = [unit for unit, parts in wanted if part in parts]
        lacking = [unit for unit in asked if unit.lacks(part)]
        if lacking and len(lacking) == len(asked):
            found.append(part)
        else:
            found += [f"{part} of scan {unit.scan[0]}_{unit.scan[1]}" for unit in lacking]
    return tuple(found)


def _missing_calibration(calobsnum: int, files: Sequence[RawFile]) -> tuple[str, ...]:
    units = _units(files)
    if not any(unit.headers() for unit in units) or not _has_spectra(files):
        return (f"calibration {calobsnum}",)
    return tuple(f"{part} of calibration {calobsnum}" for part in _missing(units))


def _unnamed_calibration(row: Observation, calobsnum: int | None) -> tuple[str, ...]:
    """Return the gap of an observation that needs a calibration and names none: waiting would not help."""
    needed = row.goal in NEEDS_CALIBRATION.get(row.instrument, ()) and not row.pgm.startswith("Cal")
    return (UNNAMED_CALIBRATION,) if needed and not calobsnum else ()


def _has_spectra(files: Sequence[RawFile]) -> bool:
    return any(file.state is FileState.WHOLE and file.name.part != IFPROC for file in files)


def _reason(missing: tuple[str, ...], files: Sequence[RawFile]) -> str:
    return f"misses {', '.join(missing)}" + (f" ({told})" if (told := _told(files)) else "")


def _told(files: Sequence[RawFile]) -> str:
    """Say what is wrong with the files that are there and not whole."""
    wrong = sorted((file for file in files if file.state is not FileState.WHOLE), key=_place)
    words = [f"{file.name.name}: {file.told or 'still arriving'}" for file in wrong[:MOST_REASONS]]
    return "; ".join(words) + (f"; and {len(wrong) - MOST_REASONS} more" if len(wrong) > MOST_REASONS else "")


def _place(file: RawFile) -> tuple[int, str]:
    """Order files by part and name, whatever order they were found in."""
    return PARTS.index(file.name.part), file.name.name
