"""The locks of the projects whose quick looks are being made."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bot.doors.ledger import LedgerDoor
from bot.doors.pipeline import LocalPipeline
from bot.model.plan import Plan
from bot.rules.quicklook import LEVEL
from bot.settings import Site
from bot.stages.attempt import Workshop


class Projects:
    """The projects that are worked on: each is locked for as long as one of its quick looks is made."""

    def __init__(self, site: Site, pipeline: LocalPipeline) -> None:
        self.site = site
        self.pipeline = pipeline
        self.guard = threading.Lock()
        self.locks: dict[str, ExitStack] = {}
        self.users: Counter[str] = Counter()
        self.tidied: set[str] = set()

    @contextmanager
    def at_work(self, pid: str) -> Iterator[Workshop]:
        """Share the project's lock among our own attempts; Busy: somebody else has it."""
        door = LedgerDoor(self.site.need_work(), pid)
        shop = Workshop(self.site, door, self.pipeline, Plan(pid, LEVEL, (), ()), "", os.environ.get("USER", ""))
        with self.guard:
            if not self.users[pid]:
                self._lock(shop)
            self.users[pid] += 1
        try:
            yield shop
        finally:
            with self.guard:
                self.users[pid] -= 1
                if not self.users[pid]:
                    self.locks.pop(pid).close()

    def _lock(self, shop: Workshop) -> None:
        """Lock the project, and the first time put away what dead runners left."""
        with ExitStack() as held:
            held.enter_context(shop.door.lock("lmtbot quicklook"))
            shop.door.check_storage()
            if shop.door.pid not in self.tidied:
                shop.door.clear_doomed()
                shop.clear_left(shop.door.read())
                self.tidied.add(shop.door.pid)
            self.locks[shop.door.pid] = held.pop_all()
