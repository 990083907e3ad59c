"""A project through a real Slurm of 16 virtual slots: handing over, and the wall time beside other ways, in one run.

Run it with `python -m tests.bench.bench_slurm [SOURCES OBSNUMS]`. The stand-in pipeline sleeps 5 s a line; the flat
array is as many jobs that sleep 5 s and do nothing else; the barrier is one array a runfile, each after the whole of
the one before. Slots are virtual: our jobs share this machine's processors, which the flat array leaves idle.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.e2e.site import PID
from tests.slurm.cluster import Cluster, Shape, missing
from tests.slurm.site import SlurmSite

LINE_S = 5
SLOTS = 16
TIERS = 3


def measure(sources: int = 8, obsnums: int = 10) -> list[tuple[str, str, str]]:
    """Return the rows of the table: what, value, target."""
    if told := missing():
        return [("Slurm", told, "")]
    with tempfile.TemporaryDirectory(prefix="lmtbot-slurm-") as name:
        cluster = Cluster(Path(name) / "cluster")
        try:
            cluster.up(Shape(slots=SLOTS))
            return [_handing_over(cluster, Path(name)), *_walls(cluster, Path(name), sources, obsnums)]
        finally:
            cluster.down()


def _handing_over(cluster: Cluster, folder: Path) -> tuple[str, str, str]:
    cluster.run("scontrol", "update", "partitionname=practice", "state=down")
    site = SlurmSite(folder / "thousand", cluster=cluster).laid_out(sources=20, obsnums=16, tiers=TIERS)
    notes = site.commands("sbatch", 'exec $REAL "$@"')
    began = time.perf_counter()
    site.slurm("--no-wait")
    seconds, calls = time.perf_counter() - began, len(notes.read_text().splitlines())
    site.call("cancel", PID)
    cluster.run("scontrol", "update", "partitionname=practice", "state=up")
    return "hand 980 run lines to Slurm", f"{seconds:6.2f} s  {calls} sbatch calls", "< 5 s, <= 10 calls"


def _walls(cluster: Cluster, folder: Path, sources: int, obsnums: int) -> list[tuple[str, str, str]]:
    lines = sources * (obsnums * TIERS + 1)
    bound_s = max(LINE_S * (TIERS + 1), LINE_S * lines / SLOTS)
    flat_s = _timed(cluster, [lines])
    barrier_s = _timed(cluster, [sources * obsnums] * TIERS + [sources])
    site = SlurmSite(folder / "wall", cluster=cluster).laid_out(sources=sources, obsnums=obsnums, tiers=TIERS)
    site.whims["QUICK_S"] = str(LINE_S)
    began = time.perf_counter()
    site.slurm()
    ours_s = time.perf_counter() - began
    if set(site.states().values()) != {"good"}:
        raise RuntimeError(f"not everything became good: {site.states()}")
    return [
        (f"{lines} lines of {LINE_S} s, {SLOTS} slots: no less than", f"{bound_s:6.1f} s", ""),
        ("  one flat array", f"{flat_s:6.1f} s", ""),
        ("  the barrier method", f"{barrier_s:6.1f} s  {barrier_s / flat_s:.2f} x the flat array", ""),
        ("  lmtbot run --executor slurm", f"{ours_s:6.1f} s  {ours_s / flat_s:.2f} x the flat array", "<= 1.05 x"),
    ]


def _timed(cluster: Cluster, sizes: list[int]) -> float:
    """Run arrays of sleeping jobs one after the other; return the seconds until the last has ended."""
    began, before = time.perf_counter(), ""
    for size in sizes:
        after = [f"--dependency=afterany:{before}"] if before else []
        words = ["sbatch", "--parsable", "--mem=100M", "-o", "/dev/null", f"--array=0-{size - 1}", *after]
        before = cluster.run(*words, "--wrap", f"exec sleep {LINE_S}").strip()
    while cluster.run("squeue", "-h", "-j", before, check=False).strip():
        time.sleep(0.2)
    return time.perf_counter() - began


def main(words: list[str]) -> int:
    """Print the table."""
    for row in measure(*map(int, words)):
        print("  ".join(row).rstrip())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
