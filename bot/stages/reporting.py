"""Tells GitHub how a run goes: one comment on the pull request that brought the commit, one check on the commit.

Telling never stops a run: where GitHub does not answer, the last report is made by the next pass.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from bot.doors.github import GitHub
from bot.doors.ledger import LedgerDoor
from bot.doors.results import staged
from bot.doors.templates import render_template
from bot.errors import DoorError
from bot.formats.marker import marker
from bot.model.github import Pull
from bot.model.plan import Plan, Unit
from bot.model.record import Record
from bot.report.run_report import KIND, RunShown, check_of, values
from bot.rules import work
from bot.rules.archivable import missing
from bot.rules.log_excerpt import excerpt
from bot.settings import Site
from bot.stages.exposing import exposure_of
from bot.stages.level1 import divide
from bot.stages.local_crew import Progress
from bot.stages.planning import read_project

TAIL_BYTES = 65_536


@dataclass(frozen=True)
class Target:
    """Where the report of a run goes: the commit that asked for it, and the pull request that brought that."""

    commit: str
    pull: Pull | None
    run_url: str = ""


class RunReporter:
    """Reports one level of one project; not more often than the settings say."""

    def __init__(self, site: Site, github: GitHub, target: Target, plan: Plan) -> None:
        self.site, self.github, self.target, self.plan = site, github, target, plan
        self.door = LedgerDoor(site.need_work(), plan.pid)
        self._told_at = float("-inf")
        self.is_told = True
        """The last report reached GitHub."""

    def progress(self, progress: Progress) -> None:
        """Tell how far it is, if the last time is long enough ago."""
        now = time.monotonic()
        if now - self._told_at >= self.site.settings.github.progress_seconds:
            self.tell(running=progress.running, seconds_left=progress.seconds_left)

    def tell(
        self,
        *,
        running: Sequence[str] = (),
        seconds_left: float | None = None,
        is_over: bool = False,
        refused: Sequence[str] = (),
        parted: work.Work | None = None,
    ) -> None:
        """Have comment and check say what is so now; a GitHub that does not answer is only logged."""
        self._told_at = time.monotonic()
        ledger = self.door.read()
        parted = parted or divide(self.site, self.plan, self.door, ledger)
        shown = RunShown(
            plan=self.plan,
            ledger=ledger,
            parted=parted,
            running=running,
            is_over=is_over,
            seconds_left=seconds_left,
            commit=self.target.commit,
            run_url=self.target.run_url,
            refused=refused,
            missing=self._missing(parted.done) if is_over and self.plan.level == 2 else {},
        )
        try:
            self._comment(shown)
            if self.target.commit:
                self.github.ensure_check(self.target.commit.rstrip("+"), check_of(shown))
            self.is_told = True
        except DoorError as error:
            self.is_told = False
            logging.warning("the report did not reach GitHub: %s", error)

    def _missing(self, units: Sequence[Unit]) -> dict[str, tuple[str, ...]]:
        """Return what the archive needs of these units and is not there."""
        return missing(units, {unit.name: staged(self.door.products, unit.name) for unit in units})

    def _comment(self, shown: RunShown) -> None:
        if self.target.pull is None:
            return
        mark: dict[str, str | int] = {"pid": self.plan.pid, "level": self.plan.level}
        told = values(shown, self._excerpt if self._has_logs else lambda _: (), self.site.settings.products)
        body = render_template(self.site.code, "github/run.md.j2", marker=marker(KIND, **mark), **told)
        self.github.ensure_comment(self.target.pull.number, KIND, body, **mark)

    @cached_property
    def _has_logs(self) -> bool:
        """Say whether lines of logs may be told of the project."""
        return exposure_of(self.site, read_project(self.site, self.plan.pid)).has_numbers

    def _excerpt(self, record: Record) -> Sequence[str]:
        """Return what matters of a failed attempt's log."""
        try:
            with (self.door.work / record.log).open("rb") as file:
                file.seek(0, 2)
                file.seek(max(file.tell() - TAIL_BYTES, 0))
                return excerpt(file.read().decode("utf-8", "replace").splitlines())
        except OSError:
            return ()
