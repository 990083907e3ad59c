"""A scan that is killed, starved of disk or run twice at once ends, scanned again, in the log of an undisturbed one."""

from __future__ import annotations

import os
import random
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.raw_night import INDEX, LAST, LOG, Night, make_night
from tests.e2e.site import REPOSITORY
from tests.e2e.struck import Server, Strike
from tests.rawfiles import write_seq

SETTINGS = "raw:\n  settle_seconds: 0\n"


@dataclass(frozen=True)
class Bench:
    """A night before and after later files arrived, what undisturbed scans of both write, and the steps they take."""

    server: Server
    starts: tuple[Night, Night]
    wanted: tuple[str, str]
    steps: tuple[int, int]
    folder: Path

    def fresh(self, phase: int, name: str) -> Night:
        target = self.folder / name
        shutil.copytree(self.starts[phase].root, target)
        return Night(target)

    def finish(self, night: Night, phase: int, what: str) -> None:
        """Scan again, undisturbed, and compare."""
        code, told = self.server.run(strike(night))
        assert code == 0, f"{what}: {code}\n{told}"
        assert night.log() == self.wanted[phase], what
        assert (night.root / LAST).read_text() == ("133551\n", "133600\n")[phase], what
        shutil.rmtree(night.root)


def strike(night: Night, step: int = 0, how: str = "kill", *words: str) -> Strike:
    where = ("--data", str(night.root), "--root", str(night.root))
    return Strike(("scan", *words, *where), {"HOME": str(night.root)}, str(night.root / "told"), step, how)


def whole_log(night: Night, allowed: tuple[str, ...]) -> bool:
    """Say whether the log, if there is one, is one of those that whole scans write."""
    path = night.root / LOG
    return not path.exists() or path.read_text() in allowed


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder, server = tmp_path_factory.mktemp("scan_kill"), Server(REPOSITORY)
    first = make_night(folder / "first")
    (first.root / ".github").mkdir()
    (first.root / ".github" / "lmtbot.yml").write_text(SETTINGS)
    calm = Night(folder / "calm")
    shutil.copytree(first.root, calm.root)
    told = [server.run(strike(calm))[1]]
    logs = [calm.log()]
    second = Night(folder / "second")
    shutil.copytree(calm.root, second.root, copy_function=shutil.copy2)
    write_seq(second.root, 133600, at="2024-03-08T01:00:00", calobsnum=112137)
    (second.root / "spectrometer" / "roach1" / next((second.root / "spectrometer/roach1").glob("*_112139_*"))).unlink()
    shutil.rmtree(calm.root)
    shutil.copytree(second.root, calm.root)
    told.append(server.run(strike(calm))[1])
    logs.append(calm.log())
    steps = [int(text.rpartition("steps: ")[2]) for text in told]
    yield Bench(server, (first, second), (logs[0], logs[1]), (steps[0], steps[1]), folder)
    server.close()


def test_the_two_phases_differ_and_take_steps(bench: Bench) -> None:
    assert bench.wanted[0] != bench.wanted[1]
    assert "112139  incomplete, misses roach1" in bench.wanted[1]
    assert min(bench.steps) > 3


STRIDES = (4, pytest.param(1, marks=pytest.mark.sweep))
"""Every fourth step is struck, every one by `make test-sweep`."""


@pytest.mark.parametrize("stride", STRIDES)
@pytest.mark.parametrize(("phase", "how"), [(0, "kill"), (1, "after")])
def test_a_scan_killed_at_every_step_on_the_disk_ends_as_if_never_killed(
    bench: Bench, phase: int, how: str, stride: int
) -> None:
    for step in range(1, bench.steps[phase] + 1, stride):
        what = f"{how}-{phase}-{step}"
        night = bench.fresh(phase, what)
        code, told = bench.server.run(strike(night, step, how))
        assert code == -signal.SIGKILL, f"{what}: {code}\n{told}"
        assert whole_log(night, bench.wanted), what
        bench.finish(night, phase, what)


@pytest.mark.parametrize("stride", STRIDES)
def test_a_disk_that_is_full_is_told_and_the_old_log_stays(bench: Bench, stride: int) -> None:
    for number, step in enumerate(range(1, bench.steps[1] + 1, stride)):
        how = ("full", "full for ever")[number % 2]
        night = bench.fresh(1, f"{how}-{step}".replace(" ", "-"))
        code, told = bench.server.run(strike(night, step, how))
        assert code in (0, 1) and "Traceback" not in told, f"{step}: {code}\n{told}"
        assert code == 0 or "lmtbot: " in told
        assert whole_log(night, bench.wanted)
        bench.finish(night, 1, f"{how} {step}")


def kill_at(bench: Bench, phase: int, after_s: float, name: str, *words: str) -> bool:
    """Kill a scan after a time, scan again, compare; say whether it was still at work."""
    night = bench.fresh(phase, name)
    timers = []

    def send(process_id: int) -> None:
        def die() -> None:
            with suppress(ProcessLookupError):
                os.kill(process_id, signal.SIGKILL)

        timers.append(threading.Timer(after_s, die))
        timers[0].start()

    code, told = bench.server.run(strike(night, 0, "kill", *words), send)
    timers[0].cancel()
    assert code in (0, -signal.SIGKILL), f"{name}: {code}\n{told}"
    assert whole_log(night, bench.wanted), name
    bench.finish(night, phase, f"killed after {after_s:.3f} s")
    return code != 0


def test_a_scan_killed_at_random_instants_ends_as_if_never_killed(bench: Bench) -> None:
    chance = random.Random(1)
    killed = [kill_at(bench, turn % 2, chance.uniform(0, 0.4), f"random{turn}") for turn in range(4)]
    assert any(killed)


@pytest.mark.sweep
def test_a_scan_killed_at_fifty_random_instants_ends_as_if_never_killed(bench: Bench) -> None:
    chance = random.Random(2)
    words = ((), ("--rebuild",), ("--wait", "240"))
    turn = killed = 0
    while killed < 50:
        killed += kill_at(bench, turn % 2, chance.uniform(0, 0.2), f"many{turn}", *words[turn % 3])
        turn += 1


def test_two_scans_at_once_write_one_log(bench: Bench) -> None:
    other = Server(REPOSITORY)
    try:
        for turn in range(3):
            night = bench.fresh(0, f"twice{turn}")
            second = Strike(**{**vars(strike(night)), "told": str(night.root / "told2")})
            answers: list[tuple[int, str]] = []
            thread = threading.Thread(target=lambda second=second, answers=answers: answers.append(other.run(second)))
            thread.start()
            code, told = bench.server.run(strike(night))
            thread.join()
            assert (code, answers[0][0]) == (0, 0), told + answers[0][1]
            assert night.log() == bench.wanted[0]
            assert sum("obsnums are new" in text for text in (told, answers[0][1])) == 1
            bench.finish(night, 0, f"twice {turn}")
    finally:
        other.close()


def test_a_journal_that_a_kill_left_is_undone(bench: Bench) -> None:
    """A hot journal beside the index, as a kill within a commit leaves it, never makes the log wrong."""
    night = bench.fresh(1, "journal")
    (night.root / f"{INDEX}-journal").write_bytes(b"\xd9\xd5\x05\xf9 \xa1c\xd7" + bytes(504))
    bench.finish(night, 1, "journal")
