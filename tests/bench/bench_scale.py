"""How the index bears 10,000 projects with 1,000,000 obsnums: first index, one night after it, list of projects.

Run it with `python -m tests.bench.bench_scale [PROJECTS [OBSNUMS_EACH]]`. Every measured step is a process of its own,
started as an operator would; the peak memory is that of the largest process of the step.
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SOURCES = 5
ROW = (
    "{date}  {obsnum:7d}  {receiver:<9}  {goal:<11}  {pgm:<10}  {source:<24}  {pid:<30} {freq:>8}     0  {tint:>8.1f}  "
    "150.444090   2.554310  139.1  68.6      0.0     0.0  1\n"
)
RUNNER = """
import json, resource, subprocess, sys, time
started = time.perf_counter()
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
wall_s = time.perf_counter() - started
peak_kb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps([wall_s, peak_kb, done.returncode, done.stdout, done.stderr]))
"""
NIGHT = 40
"""Science observations of the measured night, in as many projects."""


def main(argv: list[str]) -> int:
    """Build the set, measure, print the table."""
    projects, each = (int(argv[0]) if argv else 10_000), (int(argv[1]) if len(argv) > 1 else 100)
    with tempfile.TemporaryDirectory(prefix="lmtbot-bench-") as name:
        for row in measure(Path(name), projects, each):
            print("  ".join(row))
    return 0


def measure(root: Path, projects: int, each: int) -> list[tuple[str, ...]]:
    """Return the rows of the table: what, value, target."""
    started = time.perf_counter()
    build(root, projects, each)
    built = time.perf_counter() - started
    log_bytes = (root / "data_lmt.log").stat().st_size
    rows = [
        ("machine", f"{cpu_name()}, {os.cpu_count()} processors, Python {platform.python_version()}", ""),
        ("set", f"{projects:,} projects, {projects * each:,} obsnums, log {log_bytes / 1e6:.0f} MB", ""),
        ("made in", f"{built:.1f} s", ""),
    ]
    rows.append(_timed("first index (arrivals)", root, ["arrivals"], projects * each, ""))
    add_night(root, projects, each)
    rows.append(_timed("arrivals of one night", root, ["arrivals"], projects * each, "< 2 s, < 500 MB"))
    rows.append(_timed("the same, nothing new in the files", root, ["arrivals"], projects * each, "< 2 s"))
    rows.append(_timed("arrivals --apply", root, ["arrivals", "--apply"], projects * each, ""))
    rows.append(_timed("nothing arrives", root, ["arrivals"], projects * each + NIGHT, "< 2 s"))
    rows.append(_status_of_one(root, f"2031-S1-XX-{projects // 2}"))
    return rows


def build(root: Path, projects: int, each: int) -> None:
    """Write the projects and their log, newest first, a calibration with every fourth Science observation."""
    (root / "projects").mkdir()
    obsnum, written = 100_000, []
    for number in range(projects):
        pid = f"2031-S1-XX-{number}"
        lines = ["# yaml-language-server: $schema=../../templates/schema/project.json", f"pid: {pid}", "sources:"]
        for source in range(SOURCES):
            lines += [f"  Target-{source}:", "    mode: SEQ/Map", "    obsnums:"]
            for _ in range(each // SOURCES):
                obsnum += 1
                written.append(_row(obsnum, "Science", "Map(Az/C)", source, pid))
                lines.append(f"      - {obsnum}")
                if obsnum % 5 == 4:
                    obsnum += 1
                    written.append(_row(obsnum, "Calibration", "Cal", source, pid))
            lines += ["    tiers:", "      a: {}", "      b: {bank: 0, pix_list: '-0,5'}", "      c: {bank: 1}"]
        folder = root / "projects" / pid
        folder.mkdir()
        (folder / "project.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with (root / "data_lmt.log").open("w", encoding="utf-8") as log:
        log.writelines(reversed(written))


def add_night(root: Path, projects: int, each: int) -> None:
    """Write one more night on top of the log, as the telescope does."""
    first = 100_000 + projects * each * 2
    rows = [
        _row(first + number, "Science", "Map(Az/C)", number % SOURCES, f"2031-S1-XX-{number * projects // NIGHT}")
        for number in range(NIGHT)
    ]
    log = root / "data_lmt.log"
    old = log.read_bytes()
    log.write_bytes("".join(reversed(rows)).encode() + old)


def _row(obsnum: int, goal: str, pgm: str, source: int, pid: str) -> str:
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(1_930_000_000 + 60 * (obsnum - 100_000)))
    return ROW.format(
        date=moment, obsnum=obsnum, receiver="SEQ", goal=goal, pgm=pgm, source=f"Target-{source}", pid=pid,
        freq="115.2712", tint=300.3,
    )  # fmt: skip


def _timed(what: str, root: Path, words: list[str], listed: int, target: str) -> tuple[str, ...]:
    """Run lmtbot in a process of its own; check its answer, return the row."""
    wall_s, peak_mb, answer = _run(root, words)
    found = {words: int(number) for number, words in re.findall(r"^(\d+) (.*?) (?:for|in) \d+ projects", answer, re.M)}
    if found["Science observations are listed"] != listed:
        raise RuntimeError(f"{what}: {listed:,} should be listed; it says {answer}")
    return what, f"{wall_s:6.2f} s  {peak_mb:5.0f} MB  {found.get('observations arrive', 0)} arrive", target


def _status_of_one(root: Path, pid: str) -> tuple[str, ...]:
    wall_s, peak_mb, answer = _run(root, ["status", pid, "--json"])
    state = json.loads(answer)["projects"][0]["state"]
    return "status of one project", f"{wall_s:6.2f} s  {peak_mb:5.0f} MB  {state}", "< 2 s, < 500 MB"


def _run(root: Path, words: list[str]) -> tuple[float, float, str]:
    """Return wall time [s], peak memory [MB] and what lmtbot printed."""
    code = "import sys; from bot.cli import main; sys.exit(main(sys.argv[1:]))"
    places = ["--root", str(root), "--data", str(root), "--work", str(root / "work")]
    command = [sys.executable, "-c", code, *words, *places]
    told = subprocess.run([sys.executable, "-c", RUNNER, *command], capture_output=True, text=True, check=True).stdout
    wall_s, peak_kb, code_of_exit, answer, errors = json.loads(told)
    if code_of_exit:
        raise RuntimeError(errors)
    return wall_s, peak_kb / 1024, answer


def cpu_name() -> str:
    """Return the name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
