"""The pages of nights and of the newest quick looks."""

from __future__ import annotations

import os
import zlib
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from bot.doors.logfile import LOG_FILE
from bot.doors.tapstore import TapStore
from bot.errors import DoorError
from bot.formats.obslog import parse_log
from bot.model.observation import Observation
from bot.model.quicklook import QuickLook
from bot.model.site import Seen
from bot.report.last100 import Shown, last100
from bot.report.site.night import SCIENCE, night_page
from bot.rules.arrival import Held
from bot.rules.timeline import night_of
from bot.stages.site.project import Around

DAY = 10
"""Letters of a log line that say its night."""
NEWEST = 12


class Nights:
    """The observation log, night by night; without a log there are no nights."""

    def __init__(self, around: Around, seen: Mapping[int, Seen], known: frozenset[str], held: Sequence[Held]) -> None:
        self.around, self.seen, self.known, self.held = around, seen, known, held
        self.lines: dict[str, list[bytes]] = {}
        for line in _log_lines(around):
            night = line[:DAY].decode("ascii", "replace")
            if night_of(night):
                self.lines.setdefault(night, []).append(line)
        self.counts = {night: sum(b" Science" in line for line in lines) for night, lines in self.lines.items()}

    def rows(self, night: str) -> list[Observation]:
        """Return the observations of a night, each obsnum once."""
        found: dict[int, Observation] = {}
        for row in parse_log(b"\n".join(self.lines.get(night, ())) + b"\n"):
            if isinstance(row, Observation):
                found.setdefault(row.obsnum, row)
        return list(found.values())

    def newest(self) -> list[Observation]:
        """Return the newest Science observations, newest first."""
        found: list[Observation] = []
        for night in sorted(self.lines, reverse=True):
            found += sorted((row for row in self.rows(night) if row.goal == SCIENCE), key=lambda row: -row.obsnum)
            if len(found) >= NEWEST:
                break
        return found[:NEWEST]

    def write(self, touched: set[str]) -> int:
        """Write the pages of nights that are new, touched by a change, or have other lines than last time."""
        store = self.around.store
        known = store.read_state("nights")
        known = known if isinstance(known, dict) and known.get("made_by") == self.around.made_by else {}
        order = sorted(self.lines)
        held = zlib.crc32(repr(self.held).encode())
        stamps = {night: [len(its), hash_of(its), _around(order, night)] for night, its in self.lines.items()}
        stale = [night for night in order if night in touched or known.get(night) != stamps[night]]
        if known.get("held") != held:
            stale = list(order)
        there = store.names("nights")
        stale.sort(key=lambda night: f"{night}.html" in there)  # new ones first: what is there may lead to them
        written = sum(self._write(night, *_around(order, night)) for night in stale)
        text = self.around.render("nights.html.j2", root="../", nights=sorted(self.counts.items(), reverse=True))
        written += store.write("nights/index.html", text)
        store.write_state("nights", {"made_by": self.around.made_by, "held": held, **stamps})
        return written

    def clear(self) -> int:
        """Remove the pages of nights that the log no longer has; return how many."""
        return self.around.store.keep_only("nights", {"index.html", *(f"{night}.html" for night in self.lines)})

    def _write(self, night: str, before: str, after: str) -> bool:
        page = night_page(night, self.rows(night), self.seen, self.held, known=self.known, before=before, after=after)
        return self.around.store.write(
            f"nights/{night}.html", self.around.render("night.html.j2", root="../", page=page)
        )


def quick_looks(around: Around) -> list[Shown]:
    """Return the newest quick looks that were received, newest first."""
    store, found = TapStore(around.site.need_work()), []
    for line in store.recent():
        try:
            look = QuickLook.model_validate_json(store.kept(line.obsnum) or "null")
        except (ValidationError, DoorError):
            continue
        folder = store.tap_folder(look.pid, look.obsnum)
        start = "README.html" if (folder / "README.html").is_file() else ""
        found.append(Shown(line.arrived, look, has_tap=folder.is_dir() and not around.copies, start=start))
    return found


def write_last100(around: Around, looks: Sequence[Shown]) -> int:
    """Write the page of the newest quick looks; renewed when the newest one arrived."""
    results = f"{os.path.relpath(around.site.need_work(), around.store.out)}/"
    renewed = looks[0].arrived.replace("T", " ") if looks else "-"
    page = last100(looks, renewed, results=results)
    return int(around.store.write("last100.html", around.render("last100.html.j2", root="", page=page)))


def hash_of(lines: Sequence[bytes]) -> int:
    """Return a number that tells other lines, the same in every process."""
    return zlib.crc32(b"\n".join(lines))


def _around(order: Sequence[str], night: str) -> list[str]:
    """Return the nights before and after."""
    place = bisect_left(order, night)
    return [order[place - 1] if place else "", order[place + 1] if place + 1 < len(order) else ""]


def _log_lines(around: Around) -> list[bytes]:
    path: Path | None = around.site.data / LOG_FILE if around.site.data else None
    try:
        return path.read_bytes().splitlines() if path else []
    except OSError:
        return []
