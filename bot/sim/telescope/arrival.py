"""Raw files arrive as rsync brings them: when, in which order, and under which name until they are whole.

A file grows under a hidden name `.NAME.XXXXXX` in its folder, gets its time, and takes its name by a rename. All is
drawn from the seed: who is killed and starts again with the same orders ends with the same files; what has its name
stays as it is.
"""

from __future__ import annotations

import os
import random
import string
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from bot.errors import ProjectError
from bot.formats.rawname import FOLDERS
from bot.model.raw import IFPROC
from bot.sim.telescope.rawfile import encode
from bot.sim.telescope.recording import Recording
from bot.sim.telescope.signals import SIZES

STEPS = 4
"""A file is seen growing so often."""
GROWTH_S = 1.0
"""Telescope time that a file takes to arrive; those of one obsnum come one after the other."""
LATE = 0.1
"""The share of files that are late where lateness is asked for."""
MARK = ".simulated"
"""Stands in a folder that this telescope made: nothing is ever written beside real data."""


@dataclass(frozen=True, slots=True)
class Orders:
    """How the files are to look and to come."""

    seed: int = 1
    rate: float = 0.0
    """So many times real speed; 0: as fast as possible."""
    spacing_s: float | None = None
    """Telescope time between obsnums; None: the rows' own."""
    delay_s: float = 0.0
    """How late a late file is at most, in telescope time."""
    lost: frozenset[str] = frozenset()
    """Parts that never write: dead boards."""
    corrupt: frozenset[int] = frozenset()
    """Obsnums with a receiver of garbage bytes."""
    truncated: frozenset[int] = frozenset()
    """Obsnums whose files end in the middle."""
    size: str = "small"
    form: str = "classic"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One file on its way."""

    recording: Recording
    part: str
    path: PurePosixPath
    begin_s: float
    """Telescope time since the first observation ended."""


def schedule(recordings: Sequence[Recording], orders: Orders) -> list[Arrival]:
    """Return all files in the order of arrival; files of one obsnum in any order, ifproc never first."""
    arrivals = []
    for number, recording in enumerate(recordings):
        row = recording.observation
        rng = random.Random(f"{orders.seed} {row.obsnum} {recording.scannum} {row.date_obs}")  # noqa: S311
        own = (recording.end - recordings[0].end).total_seconds()
        base = own if orders.spacing_s is None else number * orders.spacing_s
        parts = [part for part in recording.parts if part not in orders.lost]
        rng.shuffle(parts)
        if parts[:1] == [IFPROC]:
            parts.reverse()
        for place, part in enumerate(parts):
            late = rng.uniform(0, orders.delay_s) if rng.random() < LATE else 0.0
            begin_s = base + place * GROWTH_S + late
            arrivals.append(Arrival(recording, part, recording.path_of(part), begin_s))
    return sorted(arrivals, key=lambda arrival: arrival.begin_s)


@dataclass
class Watch:
    """Telescope time: runs `rate` times as fast as ours from the first question on; a rate of 0 never waits."""

    rate: float
    _offset: float | None = field(default=None, init=False)

    def wait_until(self, telescope_s: float) -> None:
        """Sleep until a moment of telescope time."""
        if not self.rate:
            return
        now = time.monotonic()
        if self._offset is None:
            self._offset = now - telescope_s / self.rate
        time.sleep(max(0.0, self._offset + telescope_s / self.rate - now))


def observe(root: Path, arrivals: Sequence[Arrival], orders: Orders) -> Iterator[tuple[Arrival, int]]:
    """Write the files; yield each with its bytes, 0 where it was there already.

    Raises ProjectError, before anything is written, where the folder holds raw data of another origin.
    """
    _claim(root)
    watch = Watch(orders.rate)
    for arrival in arrivals:
        target = root / arrival.path
        if target.exists():
            yield arrival, 0
            continue
        watch.wait_until(arrival.begin_s)
        data = _content(arrival, orders)
        moments = (arrival.begin_s + GROWTH_S * step / STEPS for step in range(STEPS))
        bring(target, data, arrival.recording.end.timestamp(), map(watch.wait_until, moments))
        yield arrival, len(data)


def _claim(root: Path) -> None:
    """Mark a folder as ours. Raises ProjectError where others have put raw data."""
    if not (root / MARK).exists():
        foreign = sorted({folder for folder in FOLDERS.values() if (root / folder).exists()})
        if foreign:
            raise ProjectError(
                f"{root}: holds {', '.join(foreign)} that this telescope did not write; a simulation never goes "
                "beside real data; give another folder with --data DIR"
            )
        root.mkdir(parents=True, exist_ok=True)
        (root / MARK).touch()


def _content(arrival: Arrival, orders: Orders) -> bytes:
    obsnum = arrival.recording.observation.obsnum
    is_corrupt = obsnum in orders.corrupt
    size = SIZES[orders.size]
    data = encode(arrival.recording, arrival.part, size, form=orders.form, is_corrupt=is_corrupt)
    return data[: len(data) // 2] if obsnum in orders.truncated else data


def hidden_name(name: str) -> str:
    """Return the temporary name, always the same for a file: what a killed run left is written over."""
    letters = random.Random(name).choices(string.ascii_letters + string.digits, k=6)  # noqa: S311
    return f".{name}.{''.join(letters)}"


def bring(target: Path, data: bytes, moment: float, pauses: Iterator[None]) -> None:
    """Let a file grow under its hidden name, a step after each pause, and rename it; `moment` is its mtime."""
    target.parent.mkdir(parents=True, exist_ok=True)
    hidden = target.with_name(hidden_name(target.name))
    step = -(-len(data) // STEPS)
    with hidden.open("wb", buffering=0) as file:
        for number, _ in enumerate(pauses):
            file.write(data[number * step : (number + 1) * step])
    os.utime(hidden, (moment, moment))
    hidden.replace(target)
