"""A telescope's site with a pipeline of milliseconds and a night of RSR observations of two projects (watch.py)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.doors.ledger import LedgerDoor
from bot.doors.quicklook_store import QuickLookStore
from bot.model.record import Record
from tests.e2e.site import PID, REPOSITORY, PracticeSite

ODD_PID = "2024-S1-UM-11"
FIRST = 117361


@dataclass(frozen=True)
class NightSite(PracticeSite):
    """The site, its service, and the far side that the TAPs go to."""

    whims: dict[str, str] = field(default_factory=dict)

    @property
    def far(self) -> Path:
        return self.root / "far"

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "QUICK_ODD_PID": ODD_PID, **self.whims}

    def observe(self, count: int, **of: dict[str, Any]) -> None:
        """Let `count` observations be there; of = {"117363": {...}} tells of an odd one."""
        rows = []
        for number in range(FIRST, FIRST + count):
            pid = ODD_PID if number % 2 else PID
            date = f"2024-05-01T{(number - FIRST) // 60:02}:{(number - FIRST) % 60:02}:00"
            rows.append({"obsnum": number, "date": date, "pid": pid, **of.get(f"o{number}", {})})
        new = self.root / "night.new"
        new.write_text(json.dumps(rows))
        new.replace(self.root / "night.json")

    def serve(self, *how: str) -> subprocess.Popen[str]:
        """Start the service."""
        command = [sys.executable, "-m", "tests.e2e.watch", str(self.root), str(self.far), *how]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command, cwd=REPOSITORY, env=self.environment(), stdout=pipe, stderr=pipe, text=True, start_new_session=True
        )

    def catch_up(self) -> str:
        """Serve until nothing is left to do; return what was said on stderr."""
        process = self.serve("once")
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, f"{out}\n{err}"
        return err

    def looks(self) -> dict[int, list[Record]]:
        """Return the attempts of level 0 by obsnum."""
        records, torn = QuickLookStore(self.work).read_records()
        assert not torn
        return {number: [one for one in found if one.level == 0] for number, found in sorted(records.items())}

    def good(self) -> set[int]:
        return {number for number, found in self.looks().items() if any(one.state == "good" for one in found)}

    def received(self) -> list[tuple[int, str]]:
        """Return (obsnum, pid) of every line in the far side's rsync.log."""
        path = self.far / "lmtoy_run" / "rsync.log"
        rows = [row.split() for row in path.read_text().splitlines()] if path.exists() else []
        return [(int(row[1]), row[2]) for row in rows]

    def unpacked(self) -> dict[str, str]:
        """Return what the far side shows of the TAPs: {path: content}."""
        tree = (path for pid in (PID, ODD_PID) for path in (self.far / pid).rglob("*") if path.is_file())
        return {str(path.relative_to(self.far)): path.read_text() for path in tree}

    def log(self) -> str:
        return (self.work / "lmtbot" / "quicklook" / "service.log").read_text()

    def store(self, pid: str) -> LedgerDoor:
        return LedgerDoor(self.work, pid)


def make_night(root: Path, count: int, **whims: str) -> NightSite:
    """Lay out the site; no project has a folder, because the quick look needs none."""
    for folder in ("projects", "data", "work", "far", ".github"):
        (root / folder).mkdir(parents=True)
    pipeline = Path(__file__).with_name("quick_pipeline.sh")
    settings = f"pipeline:\n  command: [/bin/sh, {pipeline}]\nquicklook:\n  poll_seconds: 1\n"
    (root / ".github" / "lmtbot.yml").write_text(settings)
    site = NightSite(root, whims=whims)
    site.observe(count)
    return site


def wait_for(process: subprocess.Popen[str], is_so: Callable[[], bool]) -> None:
    """Wait until it is so, as long as the process lives."""
    import time

    while not is_so():
        if process.poll() is not None:
            out, err = process.communicate()
            raise AssertionError(f"ended with {process.returncode}\n{out}\n{err}")
        time.sleep(0.02)
