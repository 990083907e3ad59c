"""Which observations get a quick look, in which order, with which words, and what their records say. Pure.

Found by set difference: what is complete and of a goal that the pipeline reduces, minus what has a quick look on
record. A quick look is a chain of level 0: one call from a clean directory. It is made once, whatever the standing
parameters become later, and never where level 1 has made something better.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.formats.record_file import record_name
from bot.model.modes import MODES
from bot.model.observation import Observation
from bot.model.plan import Chain, RunLine
from bot.model.quicklook import QuickLook
from bot.model.raw import Arrived
from bot.model.record import Record, RunState
from bot.model.scalars import PID_PATTERN
from bot.rules.parameters import blocking_fault
from bot.rules.plan import digest_of
from bot.rules.work import is_spent_try

LEVEL = 0
GOALS = ("Science", "LineCheck")
RESERVED = ("obsnum", "obsnums", "restart", "tap", "work_lmt", "rsync", "archive", "admit", "exist", "skip")
"""What the standing parameters may not say: it is the quick look's own, or would leave a hollow product."""
NO_PIDS = ("SLpipeline.d", "lmtbot", "lmtoy_run", "quicklook", "scratch", "tmp")
"""Folders of WORK_LMT and of its ledger that belong to no project."""

_ACTIVE = re.compile(r"""^-|[/\\$`"';&|<>!]""")
"""In a source's name: the pipeline's shell would act on it, or a file named after it would lie elsewhere."""


@dataclass(frozen=True)
class Standing:
    """The site's standing parameters."""

    words: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    """What was left out, and why."""


@dataclass(frozen=True)
class Task:
    """One quick look to be made."""

    pid: str
    name: str
    arrived: Arrived | None
    """None: its raw data have gone meanwhile; what was begun is brought to its end."""
    left_open: Record | None = None
    """The attempt that a dead service left."""

    def __str__(self) -> str:
        gap = f" (without {', '.join(self.arrived.gap)})" if self.arrived and self.arrived.gap else ""
        return f"{self.name} {self.pid} {self.source}{gap}"

    @property
    def source(self) -> str:
        """Return the source on the sky, as far as it is known."""
        if self.left_open:
            return self.left_open.source
        return self.arrived.observation.source if self.arrived and self.arrived.observation else ""


@dataclass(frozen=True)
class Sorting:
    """Every observation in one place."""

    wanted: tuple[Task, ...] = ()
    """In the order in which they are taken."""
    ended: Mapping[int, Record] = field(default_factory=dict)
    """Obsnum -> the record that is its quick look, good or failed."""
    held: Mapping[int, str] = field(default_factory=dict)
    """Obsnum -> why no quick look is made, in words."""
    reduced: tuple[int, ...] = ()
    """Have products of level 1 or higher here, and need no quick look."""
    before_since: int = 0
    """How many were observed too long ago to be asked for."""


@dataclass(frozen=True)
class Asked:
    """What the operator wants, and where this is."""

    since: str = ""
    """UT date YYYY-MM-DD: only what was observed then or later; "" everything."""
    tries: int = 1
    """How often the machine may stop an attempt."""
    host: str = ""
    set_aside: Collection[str] = frozenset()
    """Names of records that count no more, because somebody asked for another try."""


def read_standing(text: str) -> tuple[str, ...]:
    """Return the words of SLpipeline.in: all that do not stand in a line that begins with #, as the old watcher."""
    return tuple(word for line in text.splitlines() if not line.startswith("#") for word in line.split())


def check_standing(words: Iterable[str]) -> Standing:
    """Part the words into those that may reach the pipeline and those that may not."""
    taken: list[str] = []
    refused: list[str] = []
    for word in words:
        key = word.partition("=")[0]
        why = f"{word}: {key} is the quick look's own" if key in RESERVED else blocking_fault((word,), "")
        (refused if why else taken).append(why or word)
    return Standing(tuple(taken), tuple(refused))


def chain_of(task: Task, standing: Standing) -> Chain:
    """Return the one call of a quick look; an attempt that was begun goes on with the words that it began with."""
    if task.left_open:
        lines = tuple(RunLine(tuple(line.split(" ")[1:])) for line in task.left_open.lines)
        return Chain(int(task.name), task.source, _mode(task.arrived), lines, task.left_open.digest)
    words = (f"obsnum={task.name}", "restart=1", "tap=1", *standing.words)
    return Chain(int(task.name), task.source, _mode(task.arrived), (RunLine(words),), digest_of([list(words)]))


def sort_out(arrived: Iterable[Arrived], records: Mapping[int, Sequence[Record]], asked: Asked) -> Sorting:
    """Say of every observation where its quick look stands. `records`: all attempts at its directory, of any level."""
    listed = {one.obsnum: one for one in arrived}
    wanted: list[Task] = []
    ended: dict[int, Record] = {}
    held: dict[int, str] = {}
    reduced: list[int] = []
    too_old = 0
    for obsnum in listed.keys() | records.keys():
        one, known = listed.get(obsnum), records.get(obsnum, ())
        own = [record for record in known if record.level == LEVEL and record_name(record) not in asked.set_aside]
        left_open = next((record for record in known if record.level == LEVEL and record.state.is_open), None)
        result = result_of(own, asked.tries)
        if left_open is not None:
            if left_open in own and left_open.host != asked.host:
                held[obsnum] = _foreign(left_open, asked.host)
            else:
                wanted.append(Task(left_open.pid, left_open.name, one, left_open))
        elif result is not None:
            ended[obsnum] = result
        elif one is None or one.observation is None or not is_for_quick_look(one):
            continue
        elif one.observation.date_obs[:10] < asked.since:
            too_old += 1
        elif any(record.level > LEVEL and record.state is RunState.GOOD for record in known):
            reduced.append(obsnum)
        elif why := _obstacle(one, one.observation, known):
            held[obsnum] = why
        else:
            wanted.append(Task(one.observation.pid, str(obsnum), one))
    return Sorting(tuple(sorted(wanted, key=_newest, reverse=True)), ended, held, tuple(sorted(reduced)), too_old)


def is_for_quick_look(arrived: Arrived) -> bool:
    """Say whether the observation is complete and of a kind that people want to look at."""
    seen = arrived.observation
    if seen is None or not arrived.can_be_reduced or seen.valid is False:
        return False
    return seen.goal == "Science" or (seen.goal == "LineCheck" and seen.mode == "RSR/Bs")


def result_of(attempts: Iterable[Record], tries: int) -> Record | None:
    """Return the attempt that tells how the quick look ended, None while there is something left to try."""
    ended = sorted(attempts, key=lambda one: (one.ended, one.attempt))
    for state in (RunState.GOOD, RunState.FAILED):
        decided = [one for one in ended if one.state is state]
        if decided:
            return decided[-1]
    spent = [one for one in ended if is_spent_try(one)]
    return spent[-1] if len(spent) >= tries else None


def look_of(record: Record, arrived: Arrived | None) -> QuickLook:
    """Return what travels of an attempt that has ended; without its raw data (gone since) less is known."""
    seen = arrived.observation if arrived else None
    measured = next(iter(record.metrics.values()), {})
    mode = "/".join(str(measured[key]) for key in ("instrument", "obspgm") if key in measured)
    return QuickLook(
        obsnum=int(record.name),
        pid=record.pid,
        source=record.source,
        mode=seen.mode if seen else mode,
        date_obs=seen.date_obs if seen else str(measured.get("date_obs", "")),
        tint_s=seen.tint_s if seen else None,
        gap=arrived.gap if arrived else (),
        verdict=record.verdict,
        metrics=record.metrics,
        reduced=record.ended,
    )


def _mode(arrived: Arrived | None) -> str:
    return arrived.observation.mode if arrived and arrived.observation else ""


def _newest(task: Task) -> tuple[bool, str, int]:
    """Order: what was begun comes first, because its call may still run; then the newest."""
    seen = task.arrived.observation if task.arrived else None
    return (task.left_open is not None, seen.date_obs if seen else "", int(task.name))


def _foreign(record: Record, here: str) -> str:
    told = f"unfinished on {record.host} since {record.started}; whether it still runs cannot be seen from {here}"
    return f"{told}. When {record.host} is gone: `lmtbot quicklook --retry {record.name}`"


def _obstacle(arrived: Arrived, seen: Observation, known: Sequence[Record]) -> str:
    """Say why a complete observation cannot have its quick look (now), "" if it can."""
    if arrived.others:
        return f"its scans disagree: {len(arrived.others) + 1} observations under one obsnum; see `lmtbot scan`"
    if seen.mode not in MODES:
        return f"mode {seen.mode or 'unknown'}: the pipeline reduces {', '.join(MODES)} only"
    if not re.fullmatch(PID_PATTERN, seen.pid) or seen.pid in NO_PIDS:
        return f"ProjectId {seen.pid!r} cannot be the name of a folder; its header has to be mended"
    if _ACTIVE.search(seen.source):
        return f"source {seen.source!r} has characters that a shell would act on; its header has to be mended"
    if any(record.level > LEVEL and record.state.is_open for record in known):
        return f"`lmtbot run {seen.pid}` has begun it and goes on with it"
    return ""
