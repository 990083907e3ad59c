"""How soon the quick looks of a night of 1,000 obsnums at 50 times real speed are there, and what the service takes.

Run it with `python -m tests.bench.bench_night [COUNT]`; a thousand take eight minutes. The night is that of
tests/e2e/test_night_of_thousand.py: a roach is dead, a header corrupt, files come late, the service is killed once.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from tests.e2e.thousand import JOBS, WAIT_S, Outcome, live_through, make_thousand

Row = tuple[str, str, str]
EDGES_S = (0, 1, 2, 3, 5, 10, 20, 60, float("inf"))
BAR = 30


def main(words: list[str]) -> int:
    """Live through the night, print the table."""
    for row in measure(int(words[0]) if words else 1000):
        print("  ".join(row).rstrip())
    return 0


def measure(count: int = 1000) -> list[Row]:
    """Return the rows of the table: what, value, target."""
    with tempfile.TemporaryDirectory(prefix="lmtbot-bench-") as name:
        return rows_of(live_through(make_thousand(Path(name) / "night", count=count)))


def rows_of(outcome: Outcome) -> list[Row]:
    """Return what there is to tell of a night."""
    once = sum(outcome.received[one] == outcome.ended[one] == 1 for one in outcome.wanted)
    waited = [seconds - WAIT_S for one, seconds in outcome.latency_s.items() if one in outcome.with_gap]
    whole = [seconds for one, seconds in outcome.latency_s.items() if one not in outcome.with_gap]
    lived_s = sum(life.lived_s for life in outcome.lives)
    cpu = 100 * sum(life.cpu_s for life in outcome.lives) / lived_s
    of_calls = 100 * sum(life.pipelines_cpu_s for life in outcome.lives) / lived_s
    taken = 100 * outcome.utilisation
    peak_mb = max(life.peak_mb for life in outcome.lives)
    call_s = statistics.mean(outcome.pipeline_s)
    return [
        ("night at 50 x real speed", f"{once} of {len(outcome.wanted)} quick looks made and sent once", "all"),
        ("its files, its quick looks", f"there after {outcome.arrived_in_s:.0f} s, {outcome.done_in_s:.0f} s", ""),
        ("last file to TAP unpacked", _spread(whole), ""),
        ("the same, after the wait for a lost roach", _spread(waited), ""),
        *(("", line, "") for line in _histogram([*whole, *waited])),
        (
            "the service",
            f"{cpu:.0f} % of a processor, {peak_mb:.0f} MB; its pipelines {of_calls:.0f} %",
            "",
        ),
        (
            "its pipelines",
            f"{call_s:.2f} s each; {JOBS} places taken {taken:.0f} % of the time",
            "",
        ),
        ("load of the machine", f"{os.getloadavg()[1]:.1f}", ""),
    ]


def _spread(seconds: list[float]) -> str:
    if len(seconds) < 2:
        return f"{len(seconds)} of them"
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    told = f"min {min(seconds):.1f}, median {cuts[49]:.1f}, 90 % {cuts[89]:.1f}, 99 % {cuts[98]:.1f}"
    return f"{told}, max {max(seconds):.1f} s ({len(seconds)})"


def _histogram(seconds: list[float]) -> Iterable[str]:
    counts = [sum(low <= one < high for one in seconds) for low, high in pairwise(EDGES_S)]
    for (low, high), count in zip(pairwise(EDGES_S), counts, strict=True):
        yield f"{low:>4} to {high:>3} s  {count:>4}  {'#' * round(BAR * count / max(counts))}".rstrip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
