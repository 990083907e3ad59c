"""Gather what the summary page shows, and write it beside the results."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from urllib.parse import quote

from bot.doors.clock import now
from bot.doors.files import write_whole
from bot.doors.ledger import LedgerDoor
from bot.doors.templates import render_page
from bot.report.summary import ProjectSummary, summarise
from bot.settings import Site
from bot.stages.overview import standing_of
from bot.stages.planning import read_plan

PICTURES = (
    "*_{name}__?.mom0.png",
    "*_{name}__?.rms.png",
    "*_{name}__?_specpoint.1.png",
    "seq.spectra__?.png",
    "seq.tsys__?.png",
    "rsr.driver.png",
    "rsr.spectra.png",
    "rsr.*.png",
)
"""What a person looks at first, by mode; the first patterns that match win."""


def write_summary(site: Site, pids: Iterable[str], out: Path) -> Path:
    """Write the page for these projects; pictures are linked, not copied, so that it opens from the disk."""
    projects = [_project(site, pid, out.parent) for pid in pids]
    page = render_page(site.code, "summary.html.j2", projects=projects, made=now()[:16].replace("T", " ") + " UT")
    out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(out, page)
    return out


def _project(site: Site, pid: str, page_folder: Path) -> ProjectSummary:
    folder, plan = read_plan(site, pid)
    door = LedgerDoor(site.need_work(), pid)
    ledger = door.read()
    stands = standing_of(site, folder, plan, ledger)

    @cache
    def pictures(name: str) -> tuple[str, Sequence[str]]:
        products = door.products / name
        if not products.is_dir():
            return "", ()
        return _link(products, page_folder), tuple(_link(path, page_folder) for path in _pictures(products))

    return summarise(plan, ledger, stands, pictures)


def _pictures(products: Path) -> list[Path]:
    found: dict[Path, None] = {}
    for pattern in PICTURES:
        found.update(dict.fromkeys(sorted(products.glob(pattern.format(name=products.name)))))
        if len(found) >= 4:
            break
    return list(found)


def _link(path: Path, page_folder: Path) -> str:
    return quote(os.path.relpath(path, page_folder))
