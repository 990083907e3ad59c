"""A project on this machine: so many units side by side, in an order that the graph of the plan allows."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from bot.errors import LmtBotError
from bot.model.plan import Plan, Unit
from bot.model.record import Record, RunState
from bot.rules import work
from bot.stages.attempt import Attempt, Workshop
from bot.stages.interruptible import Stop, interruptible

WATCH_S = 0.2


@dataclass(frozen=True)
class Progress:
    """Where a run stands, for people who watch."""

    total: int
    done: int
    failed: int
    running: tuple[str, ...]
    seconds_left: float | None
    event: Record | None = None
    """The attempt that has just ended."""


class LocalCrew:
    """Hands units to workers in an order that the graph allows."""

    def __init__(self, shop: Workshop, parted: work.Work, watch: Callable[[Progress], None]) -> None:
        self.shop = shop
        self.watch = watch
        self.waiting = {unit.name: unit for unit in parted.todo}
        self.before = {unit.name: work.waits_for(unit, set(self.waiting)) for unit in parted.todo}
        self.later = {unit.name: why for unit in parted.todo if (why := outside(unit, shop.plan, parted))}
        for name in self.later:
            del self.waiting[name]
        self.total = len(self.waiting)
        self.blocked: dict[str, str] = {}
        self.ended: list[Record] = []
        self.began = time.monotonic()

    def run(self, jobs: int) -> tuple[Record, ...]:
        """Run everything; ^C stops the calls, leaves records that say so, and is raised again."""
        return interruptible(partial(self._run, jobs))

    def _run(self, jobs: int, stop: Stop) -> tuple[Record, ...]:
        running: dict[Future[Record], Unit] = {}
        with ThreadPoolExecutor(jobs, thread_name_prefix="unit") as pool:
            try:
                while (self.waiting and not stop.is_set()) or running:
                    for unit in () if stop.is_set() else self._ready(jobs - len(running)):
                        running[pool.submit(Attempt(self.shop, unit, stop).run)] = unit
                    if not running and not stop.is_set():
                        self._give_up()
                    self._tell(running, None)
                    self._collect(running)
            except BaseException:
                stop.set()
                raise
        return tuple(self.ended)

    def _ready(self, room: int) -> list[Unit]:
        """Take units that wait for nothing any more, as many as there is room for."""
        queue = deque(unit for name, unit in self.waiting.items() if not self.before[name])
        taken = [queue.popleft() for _ in range(min(room, len(queue)))]
        for unit in taken:
            del self.waiting[unit.name]
        return taken

    def _collect(self, running: dict[Future[Record], Unit]) -> None:
        finished, _ = wait(running, timeout=WATCH_S, return_when=FIRST_COMPLETED)
        for future in finished:
            unit = running.pop(future)
            record = future.result()
            self.ended.append(record)
            for name, before in self.before.items():
                if unit.name in before:
                    before.discard(unit.name)
                    if record.state is not RunState.GOOD and name in self.waiting:
                        del self.waiting[name]
                        self.blocked[name] = f"its member {unit.name} did not become good"
            self._tell(running, record)

    def _give_up(self) -> None:
        """Tell what is left when nothing runs and nothing can start; the graph has no circle, so this is a bug."""
        raise LmtBotError(f"nothing can start any more, and {', '.join(self.waiting)} still wait")

    def _tell(self, running: Mapping[Future[Record], Unit], event: Record | None) -> None:
        seconds = time.monotonic() - self.began
        left = seconds / len(self.ended) * (self.total - len(self.ended)) if self.ended else None
        failed = sum(record.state is not RunState.GOOD for record in self.ended)
        names = tuple(unit.name for unit in running.values())
        with suppress(BrokenPipeError):  # who watches may go away; the run goes on
            self.watch(Progress(self.total, len(self.ended), failed, names, left, event))


def outside(unit: Unit, plan: Plan, parted: work.Work) -> str:
    """Say which members of a combination are neither done nor going to be run now, "" if none."""
    have = {one.name for one in (*parted.done, *parted.todo)}
    own = [str(member.obsnum) for member in getattr(unit, "members", ()) if member.pid == plan.pid]
    lost = [name for name in own if name not in have]
    return f"waits for {', '.join(lost)}" if lost else ""
