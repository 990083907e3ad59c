"""The quick look: a service that reduces every new complete observation and hands the outcome on to be sent.

Each pass compares what is complete with what is on record; nothing is remembered between passes that is not on disk.
Promise: killed at any instant and started again, it ends in the same records and the same TAPs as never killed, and no
call that came to its end is made twice. An attempt is level 1's (bot.stages.attempt); where all stands tells
bot.stages.quicklook.survey, what is sent sees to bot.stages.quicklook.sending.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

from bot.doors.ledger import LedgerDoor
from bot.doors.pipeline import LocalPipeline
from bot.doors.quicklook_store import QuickLookStore
from bot.doors.tapbox import TapBox
from bot.errors import Busy, LmtBotError, SettingsError
from bot.model.plan import Plan
from bot.model.raw import Arrived
from bot.model.record import Record, RunState
from bot.rules.quicklook import LEVEL, Standing, Task, chain_of, sort_out
from bot.settings import Site
from bot.stages.attempt import Attempt, Workshop
from bot.stages.interruptible import Stop, interruptible
from bot.stages.quicklook.patience import Pauses, Told
from bot.stages.quicklook.projects import Projects
from bot.stages.quicklook.raw import Hindered, RawSource
from bot.stages.quicklook.sending import Sender
from bot.stages.quicklook.survey import read_parameters, what_is_asked

WATCH_S = 0.2

Observe = Callable[[], Iterable[Arrived]]
"""Look into the raw data and return what is complete, or all that is known; may raise LmtBotError."""


@dataclass(frozen=True)
class Request:
    """What the operator asked for."""

    jobs: int
    since: str = ""
    """UT date YYYY-MM-DD."""
    once: bool = False
    """End when nothing is left to do."""
    is_watched: bool = False
    """A person sees stderr."""


def run_quicklook(site: Site, request: Request, observe: Observe, raw: RawSource, box: TapBox) -> None:
    """Serve until interrupted, or with `once` until nothing is left to do. Busy: another service is at work."""
    store = QuickLookStore(site.need_work())
    pipeline = LocalPipeline(site.settings.pipeline.command, os.environ, data=site.data, work=site.need_work())
    pipeline.locate()
    with store.lock():
        service = _Service(site, request, store, pipeline, (raw, box))
        service.log.info("began: process %d on %s, %d jobs", os.getpid(), socket.gethostname(), request.jobs)
        try:
            service.begin(observe)
            interruptible(partial(service.serve, observe))
        finally:
            service.sender.close()
            service.log.info("ended")


class _Service:
    """One life of the service: passes, and in between the attempts that run."""

    def __init__(
        self,
        site: Site,
        request: Request,
        store: QuickLookStore,
        pipeline: LocalPipeline,
        ends: tuple[RawSource, TapBox],
    ) -> None:
        self.site = site
        self.request = request
        self.raw, box = ends
        self.store = store
        self.log = store.open_log(is_watched=request.is_watched)
        self.told = Told(self.log)
        self.records, torn = store.read_records()
        for one in torn:
            self.log.warning("ignored: %s", one)
        self.arrived: dict[int, Arrived] = {}
        self.standing = Standing()
        self.waiting: list[Task] = []
        self.running: dict[Future[Record | None], Task] = {}
        self.stop = Stop()
        self.pauses = Pauses(site.settings.quicklook.poll_seconds)
        self.projects = Projects(site, pipeline)
        self.sender = Sender(store, box, self.log)

    def begin(self, observe: Observe) -> None:
        """Look for the first time, before there are threads, so that a first scan may use all processors."""
        self.tidy()
        self.look(observe)

    def serve(self, observe: Observe, stop: Stop) -> None:
        """Pass after pass; with `once` until a pass finds nothing that can be done now.

        Stopped, the calls leave records that say so, and what is not sent is sent next time.
        """
        self.stop = stop
        with ThreadPoolExecutor(self.request.jobs, thread_name_prefix="quicklook") as self.pool:
            try:
                self.sender.start()
                while self.work(time.monotonic() + self.site.settings.quicklook.poll_seconds) or not self.is_enough():
                    self.look(observe)
            except BaseException:
                stop.set()
                raise
            finally:
                wait(self.running)
                for future, task in self.running.items():
                    self.note_end(future, task)
        self.sender.finish(stop)

    def is_enough(self) -> bool:
        """Say whether no further pass is wanted."""
        return self.request.once or self.stop.is_set()

    def tidy(self) -> None:
        """Put away what a kill left lying about in projects that may have nothing more to do."""
        for pid in self.store.untidy_projects():
            try:
                with self.projects.at_work(pid):
                    pass
            except (LmtBotError, OSError) as error:
                self.told.warn(pid, f"{pid}: not tidied: {error}")

    def look(self, observe: Observe) -> None:
        """Compare what is complete with what is on record."""
        try:
            self.arrived = {one.obsnum: one for one in observe()}
            self.told.forget("raw data")
        except (LmtBotError, OSError) as error:
            if self.request.once and isinstance(error, SettingsError):
                raise
            self.told.warn("raw data", f"the raw data could not be looked through: {error}; it is tried again")
        try:
            self.standing = read_parameters(self.site, self.store)
        except LmtBotError as error:
            self.told.warn("parameters", f"{error}; the parameters stay as they were")
        for word in self.standing.refused:
            self.told.warn(word, f"standing parameter left out: {word}")
        asked = what_is_asked(self.site, self.store, self.request.since)
        sorting = sort_out(self.arrived.values(), self.records, asked)
        for obsnum, why in sorting.held.items():
            self.told.tell(str(obsnum), f"{obsnum}: held back: {why}")
        for obsnum, record in sorting.ended.items():
            self.sender.offer(record, self.arrived.get(obsnum))
        at_work = {task.name for task in self.running.values()}
        self.waiting = [task for task in sorting.wanted if task.name not in at_work]
        self.raw.clear({int(task.name) for task in sorting.wanted} | set(map(int, at_work)))

    def work(self, until: float) -> bool:
        """Start what may start and note what ends, until it is time to look again; say whether there was work.

        Stopped, there is none.
        """
        had_work = bool(self.running)
        while time.monotonic() < until and not self.stop.is_set():
            had_work |= self.start()
            if self.running:
                for future in wait(self.running, WATCH_S, FIRST_COMPLETED).done:
                    self.note_end(future, self.running.pop(future))
            elif self.request.once:
                break
            else:
                time.sleep(WATCH_S)
            if not self.sender.is_alive():
                raise LmtBotError("the thread that sends has died; its traceback stands above")
        return had_work and not self.stop.is_set()

    def start(self) -> bool:
        """Give the free workers something to do."""
        ready = (task for task in self.waiting if not self.pauses.hold_up(task))
        for task in list(islice(ready, self.request.jobs - len(self.running))):
            self.waiting.remove(task)
            self.running[self.pool.submit(self.attempt, task)] = task
        return bool(self.running)

    def attempt(self, task: Task) -> Record | None:
        """Make one quick look, in a worker; None: there is something better by now, or it is being made."""
        chain = chain_of(task, self.standing)
        with self.projects.at_work(task.pid) as shop:
            if any(one.level > LEVEL and (one.state is RunState.GOOD or one.state.is_open) for one in _of(shop, task)):
                return None
            if task.left_open is None:
                self.see_way(chain.obsnum)
            pipeline = shop.pipeline.with_data(self.raw.data_of(chain.obsnum))
            shop = replace(shop, plan=Plan(task.pid, LEVEL, (chain,), ()), pipeline=pipeline)
            self.log.info("%s: begins: %s", task, chain.lines[0])
            record = Attempt(shop, chain, self.stop).run()
            if record.state is RunState.FAILED:
                self.see_cause(record)
            return record

    def see_way(self, obsnum: int) -> None:
        """Raise Hindered where a call could only fail."""
        self.raw.check(obsnum)
        if self.store.free_gb() * 1000 < self.site.settings.quicklook.free_mb:
            told = f"{self.store.work}: less than {self.site.settings.quicklook.free_mb} MB are left on this disk"
            raise Hindered(f"{told}; no quick look begins before there is room (quicklook.free_mb in the settings)")

    def see_cause(self, record: Record) -> None:
        """Let a failure count for nothing where the raw data went meanwhile, or the disk is full; Hindered then."""
        try:
            self.see_way(int(record.name))
        except Hindered:
            self.store.set_aside(int(record.name), [record])
            raise

    def note_end(self, future: Future[Record | None], task: Task) -> None:
        """Say how an attempt ended, and take what is on record of the obsnum now."""
        try:
            record = future.result()
            self.pauses.forget(task)
            self.told.forget("hindered")
        except Busy as error:
            record = None
            self.pauses.put(task.pid)
            self.told.warn(task.pid, f"waits: {error}")
        except Hindered as error:
            record = None
            self.pauses.put(task.name, longer=True)
            self.told.warn("hindered", str(error))
        except (LmtBotError, OSError) as error:
            record = None
            self.log.error("%s: %s; next try in %d s", task, error, self.pauses.put(task.name, longer=True))
        if record is not None:
            level = logging.INFO if record.state is RunState.GOOD else logging.WARNING
            seconds = sum(one.seconds for one in record.outcomes)
            told = "" if record.verdict == record.state else f": {record.verdict}"
            self.log.log(level, "%s: %s%s, after %.1f s; log %s", task, record.state, told, seconds, record.log)
            if record.state in (RunState.GOOD, RunState.FAILED):
                self.sender.offer(record, task.arrived)
        self.take_records(task)

    def take_records(self, task: Task) -> None:
        """Read the obsnum's records again: the next pass judges by them."""
        number = int(task.name)
        try:
            fresh = LedgerDoor(self.store.work, task.pid).read(f"{task.name}.L*").records
        except LmtBotError as error:
            self.log.error("%s: %s", task.name, error)
            return
        self.records[number] = (*(one for one in self.records.get(number, ()) if one.pid != task.pid), *fresh)


def _of(shop: Workshop, task: Task) -> tuple[Record, ...]:
    return shop.door.read(f"{task.name}.L*").records
