"""`lmtbot quicklook` without raw data: what the scan would find stands in ROOT/night.json, read anew at each pass.

`python -m tests.e2e.watch ROOT SEND_TO [once]`, with DATA_LMT and WORK_LMT set. Everything else is as the command does
it; the command itself is tested with real raw files in test_quicklook.py.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from bot.model.observation import Observation
from bot.model.raw import Arrived, Readiness
from bot.settings import find_site
from bot.stages.quicklook.service import Request, run_quicklook
from bot.stages.quicklook.taps import tapbox


def read_night(root: Path) -> Iterator[Arrived]:
    for row in json.loads((root / "night.json").read_text()):
        seen = Observation(
            obsnum=row["obsnum"],
            date_obs=row["date"],
            instrument="RSR",
            goal=row.get("goal", "Science"),
            pgm="Bs",
            source="GALAXY",
            pid=row["pid"],
            tint_s=300.0,
            valid=True,
        )
        others = (seen,) if row.get("disagrees") else ()
        yield Arrived(row["obsnum"], Readiness.COMPLETE, seen, others, gap=tuple(row.get("gap", ())))


class NoRaw:
    """Raw data that nobody looks for."""

    def check(self, obsnum: int) -> None: ...

    def data_of(self, obsnum: int) -> None: ...

    def clear(self, kept: Collection[int]) -> None: ...


def main(root: str, send_to: str, *how: str) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    site = find_site(root, None, None, os.environ)
    with suppress(KeyboardInterrupt):
        request, box = Request(2, once="once" in how), tapbox(site, send_to)
        run_quicklook(site, request, lambda: read_night(Path(root)), NoRaw(), box)


if __name__ == "__main__":
    main(*sys.argv[1:])
