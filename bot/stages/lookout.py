"""What the quick look sees of the raw data: a scan at each pass, and what it knows complete, read when it has changed.

The service looks for ever, on a slow computer, and mostly nothing is new: such a pass must cost next to nothing.
"""

from __future__ import annotations

from contextlib import suppress

from bot.doors.scan_index import read_index
from bot.errors import Busy
from bot.model.raw import Arrived
from bot.rules.quicklook import GOALS
from bot.settings import Site
from bot.stages.scan import INDEX_FILE, ScanRequest, log_folder, scan


class Lookout:
    """Call it to look; it remembers what it returned, and of which state of the index that was."""

    def __init__(self, site: Site, since: str) -> None:
        self.site = site
        self.since = since
        self.state = ""
        self.found: tuple[Arrived, ...] = ()

    def __call__(self) -> tuple[Arrived, ...]:
        """Return what is complete and of a goal that is looked at, newest first, all of it or that since a UT date."""
        with suppress(Busy):  # another scan is at work; what it has found so far is taken
            scan(self.site, ScanRequest(wait_for_lock=False))
        with read_index(log_folder(self.site) / INDEX_FILE) as index:
            state = index.state()  # asked first: what changes from here on is seen next time
            if state != self.state:
                self.found = tuple(index.verdicts.complete(self.since, GOALS))
                self.state = state
        return self.found
