"""`make bench`: every figure that we promise, in one table, with the machine's name of its processor.

`python -m tests.bench quick` leaves out the set of 10,000 projects, the night of 1,000 obsnums and the two largest
projects on Slurm, and has a tenth of the raw files.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from pathlib import Path

from tests.bench import bench_github, bench_night, bench_raw, bench_scale, bench_site, bench_slurm, bench_speed


def main(words: list[str]) -> int:
    """Measure, print the table."""
    told = f"{bench_scale.cpu_name()}, {os.cpu_count()} processors, Python {platform.python_version()}"
    rows = [("machine", told, ""), *bench_speed.measure()]
    rows += bench_slurm.measure(bench_slurm.LARGE if "quick" not in words else bench_slurm.LARGE[-1:])
    rows += bench_github.measure()
    rows += bench_raw.measure(bench_raw.HEADERS if "quick" not in words else bench_raw.HEADERS // 10)
    if "quick" not in words:
        with tempfile.TemporaryDirectory(prefix="lmtbot-bench-") as name:
            rows += [(*row, "")[:3] for row in bench_scale.measure(Path(name), 10_000, 100)[1:]]
        rows += bench_night.measure()
    rows += bench_site.measure(1000 if "quick" not in words else 100)
    width = max(len(row[0]) for row in rows)
    for what, value, target in rows:
        print(f"{what:<{width}}  {value:<58}  {target}".rstrip())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
