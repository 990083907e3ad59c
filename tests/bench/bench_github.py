"""What a call of the simulated GitHub takes while 20 clients make 5,000 of them, a third of which write.

Run it with `python -m tests.bench.bench_github [CALLS OF EACH]`. Server and clients are a process each; clients wait
for every answer before they ask again, so that the mean of the latencies is 20 / (calls a second).
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from tests.github.test_crash import Server, play

Row = tuple[str, str, str]
CLIENTS, CALLS = 20, 250


def main(words: list[str]) -> int:
    """Measure, print the table."""
    for row in measure(int(words[0]) if words else CALLS):
        print("  ".join(row).rstrip())
    return 0


def measure(calls: int = CALLS) -> list[Row]:
    """Return the rows of the table: what, value, target."""
    with tempfile.TemporaryDirectory(prefix="lmtbot-bench-") as name:
        server = Server(Path(name) / "state")
        try:
            began = time.perf_counter()
            with ThreadPoolExecutor(CLIENTS) as pool:
                found = list(pool.map(lambda who: play(server, who, calls), range(CLIENTS)))
            took_s = time.perf_counter() - began
            cpu = psutil.Process(server.process.pid).cpu_times()
        finally:
            server.kill()
    times = [seconds for one in found for seconds in one]
    cuts = [1000 * cut for cut in statistics.quantiles(times, n=100, method="inclusive")]
    told = f"median {cuts[49]:.1f}, 90 % {cuts[89]:.1f}, 99 % {cuts[98]:.1f} ms"
    cost = f"{len(times) / took_s:.0f} a second; {1000 * (cpu.user + cpu.system) / len(times):.2f} ms of CPU each"
    return [
        (f"simulated GitHub, {CLIENTS} clients, {len(times)} calls", told, "median < 15 ms"),
        ("its calls", cost, ""),
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
