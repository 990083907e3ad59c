"""The site of 1,000 projects with 100 obsnums each: the first build, nothing new, one project changed.

`python -m tests.bench.bench_site [PROJECTS]`. What is measured is `lmtbot site build` in a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bot.doors.ledger import LedgerDoor
from bot.formats.project_file import read_folder
from bot.formats.record_file import record_name, record_text
from bot.model.plan import Unit
from bot.model.record import Record, RunState
from bot.rules.plan import plan_project
from tests.bench.bench_scale import RUNNER, build

EACH = 100
FAILING = 25
"""Every so manieth unit failed."""


def measure(projects: int = 1000) -> list[tuple[str, str, str]]:
    """Return the rows of the table: what, value, target."""
    with tempfile.TemporaryDirectory(prefix="lmtbot-bench-") as name:
        root = Path(name)
        build(root, projects, EACH)
        for folder in sorted((root / "projects").iterdir()):
            _reduce(root, folder)
        first = _build(root, f"site of {projects:,} projects, first build", projects)
        rows = [first, _build(root, "the same, nothing new", 0)]
        pid = f"2031-S1-XX-{projects // 2}"
        path = root / "projects" / pid / "qa.yaml"
        path.write_text("obsnums:\n  " + _first_obsnum(root, pid) + ": {grade: 3}\n")
        rows.append(_build(root, "the same, one project changed", 1))
        size = (root / "work" / "site" / "index.html").stat().st_size
        assets = sum(one.stat().st_size for one in (root / "work" / "site" / "assets").iterdir())
        target = "< 300 kB" if projects == 1000 else ""
        rows.append(("its index, with style and script, not compressed", f"{(size + assets) / 1000:6.1f} kB", target))
        return [*rows, ("its index, until it answers", _interactive(root / "work" / "site" / "index.html"), "< 1 s")]


def _reduce(root: Path, folder: Path) -> None:
    """Give every unit of a project a record, and the good ones a directory."""
    plan = plan_project(read_folder(folder))
    door = LedgerDoor(root / "work", plan.pid)
    ledger = door.folder("ledger")
    for number, unit in enumerate(plan.units):
        is_good = number % FAILING != 0
        record = _record(plan.pid, unit, number, is_good=is_good)
        (ledger / record_name(record)).write_text(record_text(record))
        if is_good:
            (door.products / unit.name).mkdir(parents=True, exist_ok=True)


def _record(pid: str, unit: Unit, number: int, *, is_good: bool) -> Record:
    numbers = {"rms": 70.0 + number % 17, "rms0": 1 + number % 9 / 10, "inttime": 300.3, "tau": 0.1}
    bank = {**numbers, "instrument": "SEQ", "obspgm": "Map"}
    return Record(
        pid=pid, name=unit.name, source=unit.source, level=1, digest=unit.digest, attempt=1,
        state=RunState.GOOD if is_good else RunState.FAILED, lines=tuple(str(line) for line in unit.lines),
        commit="a1b2c3d4", who="Operator <po@example.org>", started="2031-05-01T00:00:00.000Z",
        ended=f"2031-05-01T01:00:00.{number % 1000:03d}Z", verdict="good" if is_good else "the pipeline stopped",
        metrics={"0": bank, "1": bank} if is_good else {},
    )  # fmt: skip


def _first_obsnum(root: Path, pid: str) -> str:
    return str(plan_project(read_folder(root / "projects" / pid)).chains[0].obsnum)


def _build(root: Path, what: str, rebuilt: int) -> tuple[str, str, str]:
    """Build in a process of its own; check that it rebuilt as many projects."""
    code = "import sys; from bot.cli import main; sys.exit(main(sys.argv[1:]))"
    places = ["--root", str(root), "--data", str(root), "--work", str(root / "work"), "--json"]
    command = [sys.executable, "-c", code, "site", "build", *places]
    told = subprocess.run([sys.executable, "-c", RUNNER, *command], capture_output=True, text=True, check=True).stdout
    wall_s, peak_kb, code_of_exit, answer, errors = json.loads(told)
    if code_of_exit or len(json.loads(answer)["rebuilt"]) != rebuilt:
        raise RuntimeError(f"{what}: {answer} {errors}")
    found = json.loads(answer)
    size = sum(one.stat().st_size for one in (root / "work" / "site").rglob("*") if one.is_file()) / 1e6
    value = f"{wall_s:6.2f} s  {peak_kb / 1024:5.0f} MB  {found['written']:,} files written"
    return what, value + (f", {size:,.0f} MB" if rebuilt > 1 else ""), ""


def _interactive(page: Path) -> str:
    """Return how long the browser takes until sorting and search answer; the median of five."""
    from tests.site.browser import chromium

    found = []
    with chromium() as browser:
        for _ in range(5):
            tab = browser.new_page()
            started = time.perf_counter()
            tab.goto(page.as_uri(), wait_until="domcontentloaded")
            tab.locator(".filters input[name=text]").fill("xx-1")
            found.append(time.perf_counter() - started)
            tab.close()
    return f"{sorted(found)[2]:6.2f} s"


if __name__ == "__main__":
    for row in measure(int(sys.argv[1]) if len(sys.argv) > 1 else 1000):
        print("  ".join(row))
