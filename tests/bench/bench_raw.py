"""What the raw data cost: finding one new obsnum among many files, the first build, its memory, the quick look's pass.

Run it with `python -m tests.bench.bench_raw [HEADERS]`; 65,000 header files are 305,000 names and 2.5 GB of disk, which
are given back. Every measured step is a process of its own, started as an operator would, with the default settings
where nothing else is said. All files are freshly made, so that a scan takes none of them by its name alone.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from bot.doors.ledger import LedgerDoor
from bot.doors.quicklook_store import QuickLookStore
from bot.formats.obslog import parse_line
from bot.formats.record_file import record_name, record_text
from bot.model.observation import Observation
from bot.model.record import LineOutcome, Record, RunState
from tests.bench.bench_scale import RUNNER
from tests.bench.rawtree import BLOCK, FIRST, HEADERS_A_BLOCK, Unit, make_tree, write_unit

Row = tuple[str, str, str]
REPOSITORY = Path(__file__).parents[2]
HEADERS = 65_000
LOOKS = 20_000
"""Quick looks on record where the service has nothing to do."""
PROJECTS = 100
TRUSTING = f"""\
pipeline: {{command: [/bin/sh, {REPOSITORY}/bot/sim/SLpipeline.sh]}}
raw: {{trust_hours: 0}}
quicklook: {{poll_seconds: 1}}
"""
"""Spectrometer files are taken by their names, as the plain reader takes them, and files of old are."""
PASSES = 8
SETTLED_S = 2.5
LEAST = 2_500
"""Header files of a slice: fewer measure how long a process needs to start."""


def main(words: list[str]) -> int:
    """Measure, print the table."""
    for row in measure(int(words[0]) if words else HEADERS):
        print("  ".join(row))
    return 0


def measure(headers: int) -> list[Row]:
    """Return the rows of the table: what, value, target."""
    with tempfile.TemporaryDirectory(prefix="lmtbot-bench-") as name:
        root = Path(name)
        (root / "trusting" / ".github").mkdir(parents=True)
        (root / "trusting" / ".github" / "lmtbot.yml").write_text(TRUSTING)
        small, _ = _flatness(root / "small", root / "trusting", headers // 10)
        large, rows = _flatness(root / "large", root / "trusting", headers)
        rows += _incremental(root / "large", root / "trusting", headers)
        rows.append(_idle_pass(root / "large", root / "trusting", min(LOOKS, headers // 3)))
        told = f"{large - small:+.0f} MB against {headers // 10:,} header files"
        rows.append(("memory of that", f"{large:.0f} MB, {told}", "flat"))
        rows += _against_plain(root, max(headers // 10, LEAST))
        return rows


def _flatness(data: Path, site: Path, headers: int) -> tuple[float, list[Row]]:
    """Make a tree and build its log; return the peak memory [MB], and what there is to tell."""
    began = time.perf_counter()
    made, names = make_tree(data, headers)
    made_s = time.perf_counter() - began
    wall_s, peak_mb, told = scan(data, site, "--rebuild")
    if told["files_opened"] != made or told["counts"]["complete"] != headers // HEADERS_A_BLOCK * BLOCK:
        raise RuntimeError(f"{made:,} files were to be opened, all obsnums complete; it says {told}")
    shown = f"{made:,} header files of {names:,} in 13 folders, made in {made_s:.0f} s; load {os.getloadavg()[0]:.1f}"
    return peak_mb, [
        ("raw data", shown, ""),
        ("first build of the log", f"{wall_s:.1f} s, {1000 * wall_s / made:.2f} ms a header file", ""),
    ]


def _incremental(data: Path, site: Path, headers: int) -> list[Row]:
    """Time scans that find nothing, and scans that find one obsnum of nine files."""
    last = FIRST + headers // HEADERS_A_BLOCK * BLOCK
    nothing, found, peak = [], [], 0.0
    for number in range(5):
        time.sleep(SETTLED_S)
        scan(data, site)  # lists once more what had changed just now
        nothing.append(scan(data, site)[0])
        new = write_unit(data, Unit(last + 10 + number, "SEQ", last - 4, 2, "classic"))
        wall_s, peak_mb, told = scan(data, site)
        if told["files_opened"] > 1 or len(told["changed"]) != 1:
            raise RuntimeError(f"one obsnum was new, with one header; it says {told['files_opened']} opened")
        found.append(wall_s)
        peak = max(peak, peak_mb)
    return [
        ("scan, nothing new", f"{_range(nothing)} s", ""),
        ("scan, one new obsnum", f"{_range(found)} s, {peak:.0f} MB, opens 1 of its {new} files", "< 1 s"),
    ]


def _against_plain(root: Path, headers: int, slices: int = 3) -> list[Row]:
    """Build the log of slices of the raw data, and read the same files one by one, in turn.

    The wall time is that of two processors that others may use as well; the processors' time says what is possible.
    """
    walls, shares, told = [], [], []
    for number in range(slices):
        data = root / f"slice{number}"
        made, _ = make_tree(data, headers)
        plain = _spent("-m", "tests.bench.plain_reader", str(data))
        words = ["--root", str(root / "trusting"), "--data", str(data)]
        ours = _spent("-m", "bot", "scan", "--rebuild", "--quiet", *words)
        walls.append(plain[0] / ours[0])
        shares.append(plain[1] / ours[1])
        told.append(f"{1000 * plain[0] / made:.1f} / {1000 * ours[0] / made:.2f}")
    load = f"load {os.getloadavg()[0]:.1f}"
    return [
        ("first build, one by one / this [ms a file]", f"{', '.join(told)}; {load}", ""),
        ("first build against one by one", f"{_range(walls)} x as fast", ">= 5 on two processors"),
        ("its processors' time", f"{_range(shares)} x less", ""),
    ]


def _spent(*words: str) -> tuple[float, float]:
    """Run this Python; return wall time and the time of all processors [s]."""
    before, began = os.times(), time.perf_counter()
    _call(*words)
    wall_s, after = time.perf_counter() - began, os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return wall_s, spent


def _idle_pass(data: Path, site: Path, looks: int) -> Row:
    """Let the quick look's service find nothing to do; count its passes by the lock that each takes."""
    since = keep_looks(data, site / "work", looks)
    words = ["quicklook", "--since", since, "--root", str(site), "--data", str(data), "--work", str(site / "work")]
    with subprocess.Popen([sys.executable, "-m", "bot", *words], cwd=REPOSITORY) as service:
        try:
            process, lock = psutil.Process(service.pid), data / ".data_lmt.lock"
            _wait_for_passes(service, lock, 3)
            before, began = process.cpu_times(), time.perf_counter()
            _wait_for_passes(service, lock, PASSES)
            spent, wall_s = process.cpu_times(), time.perf_counter() - began
            peak_mb = process.memory_info().rss / 1e6
        finally:
            service.terminate()
    each = (spent.user + spent.system - before.user - before.system) / PASSES
    told = f"{each:.2f} s of CPU, {wall_s / PASSES - 1:.2f} s long; {peak_mb:.0f} MB, {looks:,} looks on record"
    return "quick look, a pass with nothing new", told, "< 0.3 s of CPU"


def _wait_for_passes(service: subprocess.Popen[bytes], lock: Path, passes: int) -> None:
    """Wait until the lock was let go of, and emptied, so often."""
    last = lock.stat().st_mtime_ns
    while passes:
        time.sleep(0.01)
        if service.poll() is not None:
            raise RuntimeError("the service ended by itself")
        now = lock.stat()
        if now.st_mtime_ns != last and now.st_size == 0:
            last, passes = now.st_mtime_ns, passes - 1


def keep_looks(data: Path, work: Path, count: int) -> str:
    """Put the quick looks of the newest Science observations on record, and as sent; return the day of the oldest.

    One of that day may be without: it belongs to the day after, which is returned.
    """
    rows = (parse_line(line) for line in (data / "data_lmt.log").open("rb"))
    science = [row for row in rows if isinstance(row, Observation) and row.goal == "Science"][:count]
    store = QuickLookStore(work)
    sent = store.home / "sent"
    for number, row in enumerate(science):
        record = _record(row, f"2024-S1-MX-{number % PROJECTS}")
        if number == 0:
            store.note_sent(record, record.ended)
            form = (sent / f"{row.obsnum}.json").read_text().replace(str(row.obsnum), "OBSNUM")
        folder = LedgerDoor(work, record.pid).folder("ledger")
        (folder / record_name(record)).write_text(record_text(record))
        (sent / f"{row.obsnum}.json").write_text(form.replace("OBSNUM", str(row.obsnum)))
    return max(row.date_obs for row in science if row.date_obs[:10] > science[-1].date_obs[:10])[:10]


def _record(row: Observation, pid: str) -> Record:
    line, moment = f"SLpipeline.sh obsnum={row.obsnum} restart=1 tap=1", "2024-05-01T06:00:00Z"
    outcome = LineOutcome(line=line, exit=0, started=moment, ended=moment, seconds=60.0)
    return Record(
        pid=pid, name=str(row.obsnum), source=row.source, level=0, digest="0123456789abcdef", attempt=1,
        state=RunState.GOOD, lines=(line,), started=moment, ended=moment, outcomes=(outcome,), verdict="good",
        metrics={"0": {"rms": 20.1, "inttime": 300.0}},
    )  # fmt: skip


def scan(data: Path, site: Path, *words: str) -> tuple[float, float, dict[str, object]]:
    """Run `lmtbot scan`; return wall time [s], peak memory [MB] of its largest process, and what it told."""
    command = [sys.executable, "-m", "bot", "scan", "--json", *words, "--root", str(site), "--data", str(data)]
    wall_s, peak_kb, code, answer, errors = json.loads(_call("-c", RUNNER, *command))
    if code:
        raise RuntimeError(errors)
    return wall_s, peak_kb / 1024, json.loads(answer)


def _call(*words: str) -> str:
    done = subprocess.run([sys.executable, *words], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return done.stdout


def _range(values: list[float]) -> str:
    """Return the median, and the range."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
