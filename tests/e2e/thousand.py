"""A whole night at 50 times real speed: the simulated telescope writes, `lmtbot quicklook` runs beside it as a service.

Both are processes as an operator starts them. A roach is dead all night, one header is corrupt, files come late and
out of order, and once the service is killed. What became of the night is told as values (Outcome); the slow test judges
them, the bench prints them.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psutil

from bot.doors.quicklook_store import QuickLookStore
from bot.formats.rawname import parse_name
from bot.sim.telescope.night import draw_night
from bot.sim.telescope.recording import Recording, record
from tests.e2e.site import PIPELINE, REPOSITORY, PracticeSite, kill_tree

FIRST, DATE, SEED = 140_000, "2025-03-01", 1
RATE, LATE_S = 50, 600
LOST = "roach6"
WAIT_S = 60
"""How long the service waits for the dead roach: 50 minutes of the night."""
JOBS = 2
SETTINGS = f"""\
pipeline: {{command: [/bin/sh, {PIPELINE}]}}
raw: {{wait_minutes: {WAIT_S // 60}}}
quicklook: {{jobs: {JOBS}, poll_seconds: 1}}
"""
STUCK_S = 150
"""Nothing new on the far side for so long: something is lost, or has stopped."""
WATCH_S = 0.5


@dataclass(frozen=True)
class Usage:
    """What one life of the service took."""

    cpu_s: float
    """Of the service itself."""
    pipelines_cpu_s: float
    """Of the pipelines that it called and that have ended."""
    peak_mb: float
    lived_s: float


@dataclass(frozen=True)
class Outcome:
    """What became of the night."""

    wanted: frozenset[int]
    """Obsnums that are to get a quick look."""
    started: Counter[int]
    """How often the pipeline was called, by obsnum."""
    ended: Counter[int]
    """How often it came to its end."""
    cut_off: frozenset[int]
    """Whose pipeline ran when the service was killed, and was killed with it."""
    received: Counter[int]
    """Lines of rsync.log, by obsnum."""
    with_facts: frozenset[int]
    """What the far side has the facts of."""
    latency_s: Mapping[int, float]
    """From the last file of an obsnum and of its calibration to its TAP unpacked on the far side."""
    with_gap: frozenset[int]
    """Those that the lost roach belongs to: WAIT_S of their latency is the wait for it."""
    lives: tuple[Usage, ...]
    arrived_in_s: float
    done_in_s: float
    pipeline_s: tuple[float, ...]
    """How long each call lasted."""

    @property
    def utilisation(self) -> float:
        """Return the share of the pipelines' places that was taken while there was something to do."""
        return sum(self.pipeline_s) / (JOBS * self.done_in_s)


@dataclass(frozen=True)
class ThousandNight(PracticeSite):
    """The site of the night."""

    count: int = 1000
    spacing_s: float = 20.0

    @property
    def far(self) -> Path:
        return self.root / "far"

    @cached_property
    def recordings(self) -> dict[int, Recording]:
        rows = draw_night(self.count, seed=SEED, first=FIRST, date=DATE)
        return {one.observation.obsnum: one for one in record(rows)[0]}

    @cached_property
    def candidates(self) -> list[int]:
        """Return the obsnums of a kind that is looked at: valid Science, and RSR's LineChecks."""
        kinds = {"SEQ": ("Science",), "1MM": ("Science",), "RSR": ("Science", "LineCheck")}
        rows = (one.observation for one in self.recordings.values())
        return [row.obsnum for row in rows if row.goal in kinds[row.instrument] and row.valid is not False]

    @property
    def corrupt(self) -> int:
        return self.candidates[len(self.candidates) // 3]

    def observe(self) -> subprocess.Popen[str]:
        """Start the telescope."""
        how = ["--random", str(self.count), "--seed", str(SEED), "--first", str(FIRST), "--night", DATE]
        pace = ["--spacing", str(self.spacing_s), "--rate", str(RATE), "--delay", str(LATE_S)]
        return self._run("telescope", "sim", "telescope", *how, *pace, "--lose", LOST, "--corrupt", str(self.corrupt))

    def serve(self) -> subprocess.Popen[str]:
        """Start the service."""
        return self._run("service", "quicklook", "--send-to", str(self.far))

    def _run(self, name: str, *words: str) -> subprocess.Popen[str]:
        places = ["--root", str(self.root), "--data", str(self.data), "--work", str(self.work)]
        with (self.root / f"{name}.out").open("a") as out:
            return subprocess.Popen(
                [sys.executable, "-m", "bot", *words, *places],
                **{"cwd": REPOSITORY, "env": self.environment(), "stdout": out, "stderr": out},
                start_new_session=True,
                text=True,
            )

    def unpacked(self) -> dict[int, float]:
        """Return {obsnum: when its TAP was there} of the far side."""
        folders = (path for path in self.far.glob("*/TAP/*") if path.name.isdecimal())
        return {int(path.name): path.stat().st_ctime for path in folders}

    def received(self) -> Counter[int]:
        path = self.far / "lmtoy_run" / "rsync.log"
        return Counter(int(line.split()[1]) for line in path.read_text().splitlines()) if path.exists() else Counter()

    def journalled(self) -> Iterator[tuple[float, str, str, int]]:
        """Yield moment, process, "start" or exit code, and obsnum of every line of the pipelines' journal."""
        for line in self.journal.read_text().splitlines() if self.journal.exists() else ():
            moment, process, what, *words = line.split()
            obsnum = next(int(word.partition("=")[2]) for word in words if word.startswith("obsnum="))
            yield float(moment), process, what, obsnum


def make_thousand(root: Path, *, count: int = 1000, spacing_s: float = 20.0) -> ThousandNight:
    """Lay out the site."""
    for folder in ("projects", "data", "work", "far", ".github"):
        (root / folder).mkdir(parents=True)
    (root / ".github" / "lmtbot.yml").write_text(SETTINGS)
    return ThousandNight(root, count=count, spacing_s=spacing_s)


def live_through(night: ThousandNight) -> Outcome:
    """Observe and look, kill the service once in the middle, wait until all has come or nothing comes any more."""
    watch = _Watch(night)
    try:
        while watch.goes_on():
            time.sleep(WATCH_S)
            watch.look()
            if len(watch.lives) == 0 and watch.seen >= len(watch.wanted) // 2:
                watch.kill()
        watch.note_life()
    finally:
        watch.end()
    return _outcome(night, watch)


class _Watch:
    """The two processes, and what was seen of them."""

    def __init__(self, night: ThousandNight) -> None:
        self.night = night
        self.wanted = frozenset(night.candidates) - {night.corrupt}
        self.began = self.changed = time.time()
        self.arrived = 0.0
        self.seen = 0
        self.lives: list[Usage] = []
        self.cut_off: frozenset[int] = frozenset()
        self.telescope = night.observe()
        self._serve()

    def goes_on(self) -> bool:
        return self.seen < len(self.wanted) and time.time() - self.changed < STUCK_S

    def look(self) -> None:
        assert self.service.poll() is None, "the service ended by itself"
        self.peak_mb = max(self.peak_mb, self.process.memory_info().rss / 1e6)
        if len(self.night.unpacked()) > self.seen:
            self.seen, self.changed = len(self.night.unpacked()), time.time()
        if self.telescope.poll() is not None and not self.arrived:
            self.arrived = time.time()

    def note_life(self) -> None:
        """Write down what the service has taken since it was started."""
        spent = self.process.cpu_times()
        of_calls = spent.children_user + spent.children_system
        lived = time.time() - self.process.create_time()
        self.lives.append(Usage(spent.user + spent.system, of_calls, self.peak_mb, lived))

    def kill(self) -> None:
        """Kill the service and its pipelines, as a machine that goes down; start it again."""
        self.note_life()
        kill_tree(self.service, also_children=True)
        calls = [(process, what, obsnum) for _, process, what, obsnum in self.night.journalled()]
        ended = {process for process, what, _ in calls if what != "start"}
        self.cut_off = frozenset(obsnum for process, _, obsnum in calls if process not in ended)
        self._serve()

    def end(self) -> None:
        for process in (self.telescope, self.service):
            process.send_signal(signal.SIGTERM)
            process.wait(60)

    def _serve(self) -> None:
        self.service = self.night.serve()
        self.process = psutil.Process(self.service.pid)
        self.peak_mb = 0.0


def _outcome(night: ThousandNight, watch: _Watch) -> Outcome:
    calls = list(night.journalled())
    records, _ = QuickLookStore(night.work).read_records()
    outcomes = (done for found in records.values() for record in found for done in record.outcomes)
    there = night.unpacked()
    complete = _complete_at(night)
    return Outcome(
        wanted=watch.wanted,
        started=Counter(obsnum for _, _, what, obsnum in calls if what == "start"),
        ended=Counter(obsnum for _, _, what, obsnum in calls if what == "0"),
        cut_off=watch.cut_off,
        received=night.received(),
        with_facts=frozenset(int(path.stem) for path in (night.far / "lmtbot" / "taps").glob("[0-9]*.json")),
        latency_s={obsnum: moment - complete[obsnum] for obsnum, moment in there.items() if obsnum in watch.wanted},
        with_gap=frozenset(one for one in watch.wanted if LOST in night.recordings[one].parts),
        lives=tuple(watch.lives),
        arrived_in_s=watch.arrived - watch.began,
        done_in_s=max(there.values(), default=watch.began) - watch.began,
        pipeline_s=tuple(done.seconds for done in outcomes),
    )


def _complete_at(night: ThousandNight) -> dict[int, float]:
    """Return {obsnum: when the last file of it and of its calibration had its name}."""
    own: dict[int, float] = {}
    for path in night.data.rglob("*.nc"):
        if name := parse_name(path.name):
            own[name.obsnum] = max(own.get(name.obsnum, 0.0), path.stat().st_ctime)
    return {obsnum: max(at, own.get(night.recordings[obsnum].calobsnum, 0.0)) for obsnum, at in own.items()}
