"""How fast the everyday commands are: help, planning fifty real projects, a run of many short lines.

Where a target is a time, the row says the time and what an empty Python needs on this machine in the same run; the
run's overhead is a ratio to the time that its lines take by themselves.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bot.formats.project_file import read_folder
from bot.rules.plan import plan_project
from bot.stages.importing import Options, import_folders
from tests.contract.legacy_texts import STYLES
from tests.contract.test_corpus_import import FACTS, write_folder
from tests.e2e.site import PID, make_site

Row = tuple[str, str, str]


def measure() -> list[Row]:
    """Return the rows of the table: what, value, target."""
    empty = median(lambda: call("-c", "pass"))
    rows = [("an empty Python", f"{empty:.3f} s", "")]
    help_s = median(lambda: call("-m", "bot", "--help"))
    rows.append(("lmtbot --help", f"{help_s:.3f} s, {help_s / empty:.1f} x an empty Python", "< 0.2 s"))
    with tempfile.TemporaryDirectory(prefix="lmtbot-bench-") as name:
        rows += planning(Path(name) / "corpus")
        rows += running(Path(name) / "site")
    return rows


def planning(root: Path) -> list[Row]:
    """Time import and planning of all projects of the corpus in this one process."""
    folders = [write_folder(root / "old", pid, STYLES[1])[0] for pid in FACTS]
    began = time.perf_counter()
    import_folders(folders, root / "projects", Options())
    imported = time.perf_counter() - began
    paths = sorted((root / "projects").iterdir())

    def plan_all() -> None:
        lines = sum(len(unit.lines) for path in paths for unit in plan_project(read_folder(path)).units)
        if lines < 10_000:
            raise RuntimeError(f"only {lines} run lines were planned")

    planned = median(plan_all)
    return [
        (f"import {len(paths)} projects", f"{imported:.2f} s", ""),
        (f"read and plan {len(paths)} projects", f"{planned:.2f} s", "< 1.5 s in one process"),
    ]


def running(root: Path) -> list[Row]:
    """Compare a run of one project, one pipeline at a time, with the time its pipeline calls took."""
    site = make_site(root)
    began = time.perf_counter()
    records = site.json("run", PID, "-j", "1")["ended"]
    wall = time.perf_counter() - began
    calls = sum(done["seconds"] for record in records for done in record["outcomes"])
    lines = sum(len(record["outcomes"]) for record in records)
    each = (wall - calls) / lines
    told = f"{wall / calls:.2f} x the {lines} calls themselves, {1000 * each:.0f} ms a line"
    return [("run, verdicts, publication, ledger", told, "")]


def call(*words: str) -> None:
    """Run this Python and throw away what it prints."""
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL, cwd=Path(__file__).parents[2])


def median(action: Callable[[], None], runs: int = 7) -> float:
    """Return the median wall time of an action, after one run that does not count."""
    action()
    seconds = []
    for _ in range(runs):
        began = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)
