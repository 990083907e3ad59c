"""A run struck at each of its steps in turn (killed, disk full, ^C) and run again ends as one that never was.

The steps are the calls that change the disk or start a process, counted inside lmtbot by tests.e2e.struck. The
project is small and the pipeline quick, so that every single step can be struck.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.quick import QuickSite, at_work, change, lay_out
from tests.e2e.site import PID, REPOSITORY
from tests.e2e.struck import Server

CHANGES = {"started", "ended", "outcomes", "attempt", "job", "log", "host", "commit", "who"}
KILLS = ("kill", "after", "machine")
FULL = ("full", "full for ever")


def final_state(site: QuickSite) -> tuple[dict[str, str], dict[tuple[str, str], Any]]:
    """Return every official file with its content, and what the good records say."""
    official = site.work / PID
    files = {str(path.relative_to(official)): path.read_text() for path in official.rglob("*") if path.is_file()}
    good = [one for one in site.records() if one["state"] == "good"]
    told = {(one["name"], one["digest"]): {k: v for k, v in one.items() if k not in CHANGES} for one in good}
    assert len(told) == len(good), "two good records of one unit"
    return files, told


def good_runs_twice(site: QuickSite) -> list[str]:
    """Return the calls that began after the unit in whose work area they worked had a good record."""
    done = [one for one in site.records() if one["state"] in ("good", "superseded")]
    ended = {(one["name"], one["digest"]): one["ended"] for one in done}
    late = []
    for row in site.calls():
        seconds = float(row.split()[0])
        name, _, digest, _ = row.rpartition("/area/")[2].split(".")
        began = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds % 1 * 1000):03}Z"
        if began > ended[name, digest]:
            late.append(row)
    return late


@dataclass(frozen=True)
class Bench:
    """An undisturbed run of both phases, to begin from and to compare with."""

    server: Server
    folder: Path
    starts: tuple[QuickSite, QuickSite]
    """The sites before the first phase and before the second."""
    wanted: tuple[Any, Any]
    steps: tuple[int, int]

    def fresh(self, phase: int, name: str) -> QuickSite:
        target = self.folder / name
        shutil.copytree(self.starts[phase].root, target, symlinks=True)
        return QuickSite(target)

    def finish(self, site: QuickSite, phase: int, what: str) -> None:
        """Run again, undisturbed, and compare."""
        code, told = self.server.run(site.strike())
        assert code == 0, f"{what}: {code}\n{told}"
        files, records = final_state(site)
        assert files == self.wanted[phase][0], what
        assert records == self.wanted[phase][1], what
        assert not good_runs_twice(site), what
        for name in ("area", "old", "failed"):
            assert not list(site.store(name).iterdir()), f"{what}: something was left in {name}/"
        assert not [path for path in site.work.rglob("*") if ".new" in path.suffixes or ".doomed" in path.name], what
        shutil.rmtree(site.root)


def steps_of(told: str) -> int:
    return int(told.rpartition("steps: ")[2])


def prepare(server: Server, folder: Path) -> Bench:
    first = lay_out(folder / "first")
    second = lay_out(folder / "second")
    done = []
    for site in (first, second):
        calm = QuickSite(folder / f"calm-{site.root.name}")
        if site is second:
            assert server.run(site.strike())[0] == 0
            change(site)
        shutil.copytree(site.root, calm.root)
        code, told = server.run(calm.strike())
        assert code == 0, told
        done.append((final_state(calm), steps_of(told)))
    return Bench(server, folder, (first, second), (done[0][0], done[1][0]), (done[0][1], done[1][1]))


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    server = Server(REPOSITORY)
    yield prepare(server, tmp_path_factory.mktemp("every_step"))
    server.close()


def kill(bench: Bench, phase: int, step: int, how: str, *, jobs: int = 1) -> bool:
    """Kill a run at a step, run again, compare; return whether the run got that far."""
    what = f"phase {phase + 1}, {how} at step {step}, {jobs} jobs"
    site = bench.fresh(phase, what.replace(" ", "-").replace(",", ""))
    code, told = bench.server.run(site.strike(step, how, jobs=jobs))
    assert code in (0, -signal.SIGKILL), f"{what}: {code}\n{told}"
    bench.finish(site, phase, what)
    return code != 0


def fill(bench: Bench, phase: int, step: int, how: str) -> None:
    """Let a step fail for want of space: it is told in a message, and the next run finishes."""
    what = f"phase {phase + 1}, {how} at step {step}"
    site = bench.fresh(phase, what.replace(" ", "-").replace(",", ""))
    code, told = bench.server.run(site.strike(step, how))
    assert code in (0, 1) and "Traceback" not in told, f"{what}: {code}\n{told}"
    assert code == 0 or ("lmtbot: " in told and "No space left" in told), f"{what}\n{told}"
    assert code == 0 or not at_work(site), f"{what}: a call was left at work"
    bench.finish(site, phase, what)


def interrupt(bench: Bench, after_s: float, round_: int, number: int = signal.SIGINT) -> None:
    """Send ^C after a time: 130, nothing left at work, and the next run finishes."""
    what = f"signal {number} after {after_s:.3f} s"
    site = bench.fresh(0, f"interrupt{round_}")
    timers = []

    def send(process_id: int) -> None:
        timers.append(threading.Timer(after_s, os.kill, (process_id, number)))
        timers[0].start()

    code, told = bench.server.run(site.strike(seconds=0.3, jobs=2), send)
    timers[0].cancel()
    assert code in (0, 130) and "Traceback" not in told, f"{what}: {code}\n{told}"
    assert not at_work(site), what
    states = {one["state"] for one in site.records()}
    assert states <= {"good", "stopped"}, f"{what}: {states}"
    bench.finish(site, 0, what)


def test_a_second_phase_replaces_and_supersedes(bench: Bench) -> None:
    files, records = bench.wanted[1]
    assert "117361_117363/lmtoy_117361_117363.rc" in files
    assert not [name for name in files if "117361_117362" in name]
    assert len(records) == 5


@pytest.mark.parametrize("phase", [pytest.param(0, marks=pytest.mark.slow), 1])
def test_a_run_killed_at_some_of_its_steps_ends_as_if_never_killed(bench: Bench, phase: int) -> None:
    chance = random.Random(phase)
    for how in KILLS:
        for step in chance.sample(range(1, bench.steps[phase]), 4):
            assert kill(bench, phase, step, how), "the run ended before it was struck"


def test_a_disk_that_fills_at_some_step_is_told_and_nothing_is_lost(bench: Bench) -> None:
    chance = random.Random(3)
    for how in FULL:
        for step in chance.sample(range(1, bench.steps[1]), 4):
            fill(bench, 1, step, how)


def test_an_interrupt_at_random_instants_leaves_no_process_and_honest_records(bench: Bench) -> None:
    chance = random.Random(4)
    for round_ in range(4):
        interrupt(bench, chance.uniform(0.1, 1.5), round_)


def sweep(bench: Bench, tasks: list[Callable[[Bench], Any]]) -> None:
    """Do the tasks side by side, each thread with a fork server of its own."""
    servers = [Server(REPOSITORY) for _ in range(os.cpu_count() or 1)]
    free = list(servers)

    def do(task: Callable[[Bench], Any]) -> str:
        server = free.pop()
        try:
            task(Bench(server, bench.folder, bench.starts, bench.wanted, bench.steps))
        except (AssertionError, LookupError) as error:
            return f"{type(error).__name__} {error}"
        finally:
            free.append(server)
        return ""

    with ThreadPoolExecutor(len(servers)) as pool:
        wrong = [told for told in pool.map(do, tasks) if told]
    for server in servers:
        server.close()
    assert not wrong, f"{len(wrong)} of {len(tasks)}\n" + "\n".join(wrong)


STRIDES = [pytest.param(5, marks=pytest.mark.slow), pytest.param(1, marks=pytest.mark.sweep)]
"""Every fifth step in CI, every step by `make test-sweep`."""


@pytest.mark.parametrize("stride", STRIDES)
@pytest.mark.parametrize("phase", [0, 1])
def test_a_run_killed_at_every_step_ends_as_if_never_killed(bench: Bench, phase: int, stride: int) -> None:
    rounds: list[tuple[int, str, int]] = []
    for number, step in enumerate(range(1, bench.steps[phase] + 2, stride)):
        rounds.append((step, "kill", 1))
        rounds += [(step, "after", 1)] if number % 4 == 0 else [(step, "machine", 2)] if number % 4 == 2 else []
    sweep(bench, [partial(kill, phase=phase, step=step, how=how, jobs=jobs) for step, how, jobs in rounds])


@pytest.mark.parametrize("stride", STRIDES)
def test_a_disk_that_fills_at_any_step_is_told_and_nothing_is_lost(bench: Bench, stride: int) -> None:
    steps = enumerate(range(1, bench.steps[1] + 2, stride))
    sweep(bench, [partial(fill, phase=1, step=step, how=FULL[number % 2]) for number, step in steps])


@pytest.mark.slow
def test_interrupts_at_many_instants_leave_no_process(bench: Bench) -> None:
    chance = random.Random(5)
    sweep(bench, [partial(interrupt, after_s=chance.uniform(0.02, 2.0), round_=100 + number) for number in range(20)])
