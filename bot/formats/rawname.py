"""Names of raw files <-> what they tell (domain.md section 3). Matches whole names only, never a part of one.

Nothing here looks at a disk: a name that reads well may still be a link to nowhere.
"""

from __future__ import annotations

import re

from bot.model.raw import CHASSIS, IFPROC, ROACHES, RawName
from bot.model.scalars import OBSNUM_MAX

FOLDERS = {
    IFPROC: "ifproc",
    **{part: f"spectrometer/{part}" for part in ROACHES},
    **{part: f"RedshiftChassis{number}" for number, part in enumerate(CHASSIS)},
}
"""Part -> its folder under the raw data root."""

_PREFIXES = {part: folder.rpartition("/")[2] for part, folder in FOLDERS.items()}
_PARTS = {prefix: part for part, prefix in _PREFIXES.items()}

_DATE = r"(?P<date>\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))"
_SCAN = r"(?P<subobsnum>\d\d|[1-9]\d{2,5})_(?P<scannum>\d{4}|[1-9]\d{4,5})"
_PADDED = rf"{_DATE}_(?P<obsnum>\d{{6}}|[1-9]\d{{6,7}})_{_SCAN}"
_BARE = r"(?P<obsnum>[1-9]\d{0,7})_(?P<subobsnum>0|[1-9]\d{0,5})_(?P<scannum>0|[1-9]\d{0,5})"
_TIME = r"(?:[01]\d|2[0-3])[0-5]\d[0-6]\d"
_HEADERED = re.compile(rf"(?P<prefix>ifproc|RedshiftChassis[0-3])_{_PADDED}\.nc", re.ASCII)
_SOURCE = r"[^/\0\ud800-\udfff]*"
"""Surrogates stand for bytes that are no UTF-8: neither index nor log could hold them."""
_ROACH = re.compile(rf"(?P<prefix>roach[0-7])_{_BARE}_{_SOURCE}_{_DATE}_{_TIME}\.nc", re.ASCII)


def parse_name(name: str) -> RawName | None:
    """Read a file's name (without its folder); None for whatever is no raw file that has arrived.

    rsync's temporary names (`.NAME.XXXXXX`), `allantest` files, copies and the like are no raw files. A source in a
    roach's name may hold any UTF-8 but a slash, so what follows it is found from the end.
    """
    found = _HEADERED.fullmatch(name) or _ROACH.fullmatch(name)
    if found is None or not (obsnum := int(found["obsnum"])):
        return None
    part = _PARTS[found["prefix"]]
    return RawName(part, obsnum, int(found["subobsnum"]), int(found["scannum"]), found["date"], name)


def folder_of(part: str) -> str:
    """Return the part's folder under the raw data root, e.g. spectrometer/roach3."""
    return FOLDERS[part]


def file_name(part: str, obsnum: int, scan: tuple[int, int], date: str, *, source: str = "", hhmmss: str = "") -> str:
    """Return the name that the telescope gives a file; scan is (subobsnum, scannum), date UT, YYYY-MM-DD.

    Source and time of day (UT, HHMMSS) stand in the names of roaches only. ValueError where the values make no name
    that parse_name would read: a bug of the caller.
    """
    subobsnum, scannum = scan
    if part in ROACHES:
        name = f"{part}_{obsnum}_{subobsnum}_{scannum}_{source}_{date}_{hhmmss}.nc"
    else:
        name = f"{_PREFIXES[part]}_{date}_{obsnum:06d}_{subobsnum:02d}_{scannum:04d}.nc"
    if parse_name(name) != RawName(part, obsnum, subobsnum, scannum, date, name):
        raise ValueError(f"{name!r} is no name of a raw file (obsnum 1 to {OBSNUM_MAX}, no slash in the source)")
    return name
