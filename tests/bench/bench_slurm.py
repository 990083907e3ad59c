"""Real projects through a real Slurm of 16 virtual slots: handing over, and wall times beside other ways in one run.

Run it with `python -m tests.bench.bench_slurm [PID ...]`, projects of tests/data/corpus. Every way runs as many calls
of the same stand-in pipeline, which takes 5 s. The flat array has no order at all; the barrier is one array a runfile,
each after the whole of the one before. Slots are virtual: our jobs share this machine's few processors, which makes
what we do besides the calls cost more than on a cluster.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bot.formats.project_file import read_folder
from bot.model.plan import Plan
from bot.rules.plan import plan_project
from tests.e2e.site import PID
from tests.slurm.cluster import Cluster, Shape, missing
from tests.slurm.site import QUICK, SlurmSite

LINE_S = 5
SLOTS = 16
LARGE = ("2022S1RSRCommissioning", "2024S1MSIP1mmCommissioning", "2024-S1-SP-7")
"""The largest of the corpus, with 1,768, 1,051 and 725 run lines: 33, 20 and 14 minutes."""
FLAT = """\
#!/bin/bash
export QUICK_S={line_s}
exec /bin/sh {quick} obsnum=$SLURM_JOB_ID restart=1 work_lmt={folder}
"""

Row = tuple[str, str, str]


def measure(pids: Sequence[str] = LARGE) -> list[Row]:
    """Return the rows of the table: what, value, target."""
    if told := missing():
        return [("Slurm", told, "")]
    with tempfile.TemporaryDirectory(prefix="lmtbot-slurm-") as name:
        folder, cluster = Path(name), Cluster(Path(name) / "cluster")
        try:
            cluster.up(Shape(slots=SLOTS, max_array_size=2001))
            rows = [_handing_over(cluster, folder)]
            for pid in pids:
                rows += _walls(SlurmSite(folder / pid, cluster=cluster, pid=pid).of_corpus())
        finally:
            cluster.down()
    return rows


def _handing_over(cluster: Cluster, folder: Path) -> Row:
    cluster.run("scontrol", "update", "partitionname=practice", "state=down")
    site = SlurmSite(folder / "thousand", cluster=cluster).laid_out(sources=20, obsnums=17, tiers=3)
    notes = site.commands("sbatch", 'exec $REAL "$@"')
    began = time.perf_counter()
    site.slurm("--no-wait")
    seconds, calls = time.perf_counter() - began, len(notes.read_text().splitlines())
    site.call("cancel", PID)
    cluster.run("scontrol", "update", "partitionname=practice", "state=up")
    return "hand 1,040 run lines to Slurm", f"{seconds:6.2f} s  {calls} sbatch calls", "< 5 s, <= 10 calls"


def _walls(site: SlurmSite) -> list[Row]:
    """Measure the three ways with one project."""
    plan = plan_project(read_folder(site.project.parent))
    chains = [len(chain.lines) for chain in plan.chains if not chain.blocked]
    combinations = sum(not one.blocked for one in plan.combinations)
    lines = sum(chains) + combinations
    least_s = LINE_S * max(max(chains) + 1, lines / SLOTS)
    flat_s = _arrays(site, [lines])
    tiers = [sum(length > step for length in chains) for step in range(max(chains))]
    barrier_s = _arrays(site, [*tiers, combinations])
    ours_s = _ours(site, plan)
    return [
        (f"{site.pid}, {lines} lines of {LINE_S} s, {SLOTS} slots: no less than", f"{least_s:6.1f} s", ""),
        ("  one flat array", f"{flat_s:6.1f} s", ""),
        ("  the barrier method", f"{barrier_s:6.1f} s  {barrier_s / flat_s:.3f} x the flat array", ""),
        ("  lmtbot run --executor slurm", f"{ours_s:6.1f} s  {ours_s / flat_s:.3f} x the flat array", "<= 1.05 x"),
    ]


def _ours(site: SlurmSite, plan: Plan) -> float:
    """Run the project; return the seconds from the command to its end."""
    site.whims["QUICK_S"] = str(LINE_S)
    began = time.perf_counter()
    told = site.start("run", site.pid, "--executor", "slurm").communicate()
    seconds = time.perf_counter() - began
    wanted = {unit.name for unit in plan.units if not unit.blocked}
    if site.states() != dict.fromkeys(wanted, "good"):
        raise RuntimeError(f"not everything became good: {told}")
    return seconds


def _arrays(site: SlurmSite, sizes: list[int]) -> float:
    """Run arrays of the stand-in one after the other; return the seconds until the last has ended."""
    folder = site.root / f"flat{len(sizes)}"
    folder.mkdir()
    script = folder / "job.sh"
    script.write_text(FLAT.format(line_s=LINE_S, quick=QUICK, folder=folder))
    began, before = time.perf_counter(), ""
    for size in sizes:
        after = [f"--dependency=afterany:{before}"] if before else []
        words = ["sbatch", "--parsable", "--mem=512M", "-o", "/dev/null", f"--array=0-{size - 1}", *after]
        before = site.cluster.run(*words, str(script)).strip()
    while site.cluster.run("squeue", "-h", "-j", before, check=False).strip():
        time.sleep(0.2)
    return time.perf_counter() - began


def main(words: list[str]) -> int:
    """Print the table."""
    for row in measure(words or LARGE):
        print("  ".join(row).rstrip())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
