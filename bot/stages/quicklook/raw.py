"""The raw data of one quick look: whether they are at hand now, and the DATA_LMT in which the pipeline finds them.

What a scan found complete may lie on a disk that is not mounted any more; the pipeline would take that for a fault of
the data, and nobody would try again.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from bot.doors.rawdata import RawData
from bot.doors.rawview import clear_view, make_view
from bot.doors.scan_index import read_index
from bot.errors import DoorError
from bot.formats.rawname import folder_of
from bot.model.raw import RawName
from bot.settings import Site
from bot.stages.scan import INDEX_FILE, log_folder

VIEWS = Path("lmtbot") / "quicklook" / "raw"
"""Below WORK_LMT: a folder of links for each observation that needs one."""


class Hindered(DoorError):
    """What a quick look needs is not at hand now: its raw files, or room on the disk. Its data are not to blame."""


class RawSource(Protocol):
    """Where quick looks have their raw data from."""

    def check(self, obsnum: int) -> None:
        """Raise Hindered where a file of the observation, or of its calibration, is not at hand."""

    def data_of(self, obsnum: int) -> Path | None:
        """Return the DATA_LMT for its pipeline; None: the usual one."""

    def clear(self, kept: Collection[int]) -> None:
        """Remove what was laid out for observations other than these."""


class ScannedRaw:
    """The raw data as the last scan found them."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.raw = RawData(site.need_data())
        self.views = site.need_work() / VIEWS

    def check(self, obsnum: int) -> None:
        """Look for every file; an obsnum that no scan knows has none."""
        for name in self._needed(obsnum)[0]:
            if self.raw.stamp(name.part, name.name) is None:
                folder = self.raw.root / folder_of(name.part)
                raise Hindered(f"{folder}: raw files that were there are gone; is it mounted? their quick looks wait")

    def data_of(self, obsnum: int) -> Path | None:
        """Lay out links where the pipeline would also take files of other obsnums."""
        names, are_mistaken = self._needed(obsnum)
        if not are_mistaken:
            return None
        make_view(self.views / str(obsnum), self.raw.root, names)
        return self.views / str(obsnum)

    def clear(self, kept: Collection[int]) -> None:
        """Remove the links of all other observations."""
        for view in self.views.glob("*"):
            if view.name not in map(str, kept):
                clear_view(view)

    def _needed(self, obsnum: int) -> tuple[list[RawName], bool]:
        """Return the files of an observation and its calibration, and whether others' would be taken too."""
        with read_index(log_folder(self.site) / INDEX_FILE) as index:
            own = index.files.names_of(obsnum)
            calobsnum = index.verdicts.calobsnum_of(obsnum)
            return own + (index.files.names_of(calobsnum) if calobsnum else []), index.files.is_mistaken(obsnum)
