"""What is newest: in the log, of each instrument, in each folder of raw data, and at the quick look. Only reads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.doors.files import read_text
from bot.doors.rawdata import RawData
from bot.doors.scan_index import read_index
from bot.errors import DoorError
from bot.formats.obslog import INSTRUMENTS
from bot.formats.rawname import parse_name
from bot.model.raw import PARTS, Arrived, RawName, Readiness
from bot.settings import Site
from bot.stages.scan import INDEX_FILE, LAST_FILE, log_folder, raw_data

QUICK_LOOKS = Path("lmtoy_run") / "last100.log"
"""Below WORK_LMT: `date obsnum pid` of the newest quick looks, newest first."""


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest of everything; None: there is none, or nothing tells."""

    log: str | None
    """What last.obsnum says."""
    quick_look: str | None
    """`date obsnum pid` of the newest quick look."""
    instruments: dict[str, Arrived | None]
    """Instrument -> its newest complete observation."""
    files: dict[str, RawName | None]
    """Part -> its newest file (date, then obsnum)."""
    incomplete: tuple[Arrived, ...]
    fault: str = ""
    """Why the index could not be asked; then instruments and incomplete are empty."""


def find_newest(site: Site, out: Path | None = None) -> Newest:
    """Look at the log, the index, the folders of raw data (SettingsError: there are none) and the quick looks."""
    folder = log_folder(site, out)
    raw = raw_data(site)
    instruments: dict[str, Arrived | None] = {}
    incomplete: tuple[Arrived, ...] = ()
    fault = ""
    try:
        with read_index(folder / INDEX_FILE) as index:
            instruments = {name: index.verdicts.newest_of(name) for name in INSTRUMENTS}
            incomplete = tuple(one for one in index.verdicts.odd() if one.readiness is Readiness.INCOMPLETE)
    except DoorError as error:
        fault = str(error)
    return Newest(
        log=_first_line(folder / LAST_FILE),
        quick_look=_first_line(site.work / QUICK_LOOKS) if site.work else None,
        instruments=instruments,
        files={part: _newest_file(raw, part) for part in PARTS},
        incomplete=incomplete,
        fault=fault,
    )


def _newest_file(raw: RawData, part: str) -> RawName | None:
    """Return the newest file by what its name tells; time stamps tell when it was copied."""
    names = (name for text in raw.names(part) if (name := parse_name(text)) and name.part == part)
    return max(names, key=lambda name: (name.date, name.obsnum, name.scan), default=None)


def _first_line(path: Path) -> str | None:
    lines = read_text(path).splitlines()
    return lines[0].strip() if lines else None
