"""A level of a project: run what has no good record, publish what is good, leave a record of everything.

Level 1 and level 2 run alike; who may ask for level 2 is bot.stages.level2's part.

Order: chains side by side, a combination after its members (bot.rules.plan). Promise: killed at any instant and run
again, it ends in the same products and the same verdicts as never killed, and nothing with a good record runs again.
How: a record is written before a call starts, a call is found again by its work area, a publication is written down
before its first rename.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from typing import Literal

from bot.doors.batches import BatchStore
from bot.doors.git import describe_head
from bot.doors.ledger import LedgerDoor
from bot.doors.pipeline import LocalPipeline
from bot.errors import DoorError
from bot.formats.project_file import ProjectFolder
from bot.model.plan import Plan
from bot.model.record import Ledger, Record, RunState
from bot.rules import work
from bot.rules.plan import needed_projects
from bot.settings import Site
from bot.stages.attempt import Workshop
from bot.stages.local_crew import LocalCrew, Progress, outside
from bot.stages.planning import pick, read_plan, read_project
from bot.stages.slurm.crew import SlurmCrew
from bot.stages.slurm.jobs import cancel_records, open_slurm

SPARED_AFTER = 3
"""What the machine stopped is begun again by so many runs, by each as often as `pipeline.tries` says."""


Executor = Literal["local", "slurm"]


@dataclass(frozen=True)
class Request:
    """What the operator asked for."""

    pid: str
    jobs: int
    source: str | None = None
    obsnum: int | None = None
    level: int = 1
    names: frozenset[str] | None = None
    """Only these units; None: all."""
    only_failed: bool = False
    spare_failed: bool = False
    """Leave alone what failed before with just these run lines: nobody asked for it again."""
    again: bool = False
    """Run what failed before once more, by Slurm too, beside everything else."""
    take_over: bool = False
    """Take up attempts that another host left open, as if that host were gone."""
    executor: Executor = "local"
    who: str = ""
    """Who decided it, for the record; "" leaves it to git."""
    commit: str = ""
    """Commit of the project files, for the record; "" leaves it to git."""
    wait: bool = True
    """With Slurm: watch until everything has ended, instead of handing it over and leaving."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    plan: Plan
    done_before: int
    ended: tuple[Record, ...]
    blocked: Mapping[str, str]
    later: Mapping[str, str]
    """Combinations that wait for members which were not asked for now."""
    torn: tuple[str, ...]
    left: tuple[str, ...] = ()
    """Units that are with Slurm when nobody waits for them."""
    unsent: tuple[str, ...] = ()
    """Units that Slurm, or `max_submit`, had no room for then, or not for all of their lines."""

    @property
    def good(self) -> int:
        """Return how many units became good."""
        return sum(record.state is RunState.GOOD for record in self.ended)

    @property
    def failed(self) -> tuple[Record, ...]:
        """Return the attempts that did not end well."""
        return tuple(record for record in self.ended if record.state is not RunState.GOOD)


def survey(site: Site, request: Request) -> tuple[Plan, work.Work, LedgerDoor, Ledger]:
    """Return the plan, what of it is to be run, and the ledger; changes nothing."""
    folder, plan = read_plan(site, request.pid, request.level)
    door = LedgerDoor(site.need_work(), request.pid)
    ledger = door.read()
    parted = divide(site, plan, door, ledger, better_units(site, folder, request.level))
    chosen = {unit.name for unit in pick(folder, plan, source=request.source, obsnum=request.obsnum).units}
    if request.names is not None:
        chosen &= request.names
    if request.only_failed:
        failed = {unit.name for unit in parted.todo if work.has_failed(ledger, unit, plan.level)}
        chosen &= failed | {unit.name for unit in parted.todo if work.waits_for(unit, failed)}
    todo = tuple(unit for unit in parted.todo if unit.name in chosen)
    blocked = {name: why for name, why in parted.blocked.items() if name in chosen}
    return plan, _spared(site, request, plan, work.Work(parted.done, todo, blocked), ledger), door, ledger


def _spared(site: Site, request: Request, plan: Plan, parted: work.Work, ledger: Ledger) -> work.Work:
    """Take what failed before, and what waits for it, out of what is to be done, if the request says so."""
    if not request.spare_failed:
        return parted
    tries = SPARED_AFTER * site.settings.pipeline.tries
    spent = {unit.name for unit in parted.todo if work.is_spent(ledger, unit, plan.level, tries)}
    again = f"{_retry(plan, '')} or `/retry` runs it again"
    blocked = dict(parted.blocked)
    for unit in parted.todo:
        last = work.last_attempt(ledger, unit, plan.level)
        if unit.name in spent and last is not None:
            blocked[unit.name] = f"failed before: {last.verdict}; {again}"
        elif lost := sorted(work.waits_for(unit, spent)):
            blocked[unit.name] = f"its member {', '.join(lost)} failed before"
    return work.Work(parted.done, tuple(unit for unit in parted.todo if unit.name not in blocked), blocked)


def _retry(plan: Plan, executor: str) -> str:
    """Return the command that runs what failed once more; level 2 is run only as it was approved."""
    if plan.level == 1:
        return f"`lmtbot run {plan.pid} --level 1{executor} --only-failed`"
    return f"`lmtbot reconcile {plan.pid} --retry`"


def better_units(site: Site, folder: ProjectFolder, level: int) -> dict[str, str]:
    """Return the units of level 2, {name: digest}, where level 1 is asked for and the two differ; else nothing."""
    if level != 1 or not folder.qa.combinations:
        return {}
    return {unit.name: unit.digest for unit in read_plan(site, folder.pid, 2)[1].combinations}


def divide(
    site: Site, plan: Plan, door: LedgerDoor, ledger: Ledger, better: Mapping[str, str] | None = None
) -> work.Work:
    """Part the plan into done, to do and blocked, with the ledgers of the projects that it takes members from."""
    return work.divide(plan, ledger, door.present(), foreign_ledgers(site, plan), better)


def foreign_ledgers(site: Site, plan: Plan) -> dict[str, Ledger]:
    """Return the ledgers of the other projects whose obsnums the plan combines, by pid."""
    pids = {member.pid for one in plan.combinations for member in one.members} - {plan.pid}
    return {pid: _what_lies_there(LedgerDoor(site.need_work(), pid)) for pid in sorted(pids)}


def _what_lies_there(door: LedgerDoor) -> Ledger:
    """Return the records whose directories are there."""
    present = door.present()
    return Ledger(tuple(record for record in door.read().records if record.name in present))


def run_project(site: Site, request: Request, watch: Callable[[Progress], None]) -> Outcome:
    """Run a level of a project; `watch` hears of every change. Raises Busy when another runner holds the project."""
    pipeline = LocalPipeline(site.settings.pipeline.command, os.environ, data=site.data, work=site.need_work())
    pipeline.locate()
    try:
        return _run_locked(site, request, pipeline, watch)
    except OSError as error:
        raise DoorError(f"{request.pid}: the machine failed: {error}; mend that, then run again") from error


def _run_locked(site: Site, request: Request, pipeline: LocalPipeline, watch: Callable[[Progress], None]) -> Outcome:
    folder = read_project(site, request.pid)
    door = LedgerDoor(site.need_work(), request.pid)
    with ExitStack() as held:
        held.enter_context(door.lock("lmtbot run"))
        for pid in needed_projects(folder.project):
            held.enter_context(LedgerDoor(site.need_work(), pid).share())
        door.check_storage()
        door.clear_doomed()
        plan, parted, door, ledger = survey(site, request)
        shop = _workshop(site, door, pipeline, plan, request.who, request.commit)
        if parted.todo:
            _tell_beginning(watch, parted)
        _wind_up(shop, ledger, request)
        if request.executor == "slurm":
            return _run_slurm(shop, request, parted, ledger, watch)
        runner = LocalCrew(shop, parted, watch)
        ended = runner.run(request.jobs)
        return Outcome(plan, len(parted.done), ended, {**parted.blocked, **runner.blocked}, runner.later, ledger.torn)


def _tell_beginning(watch: Callable[[Progress], None], parted: work.Work) -> None:
    """Say that the project is held and what is to be done, before the first of it begins."""
    with suppress(BrokenPipeError):
        watch(Progress(len(parted.todo), 0, 0, (), None))


def _run_slurm(
    shop: Workshop, request: Request, parted: work.Work, ledger: Ledger, watch: Callable[[Progress], None]
) -> Outcome:
    """Hand over what Slurm does not have yet, and watch. What failed before is left alone unless it is asked for."""
    crew = SlurmCrew(
        shop, open_slurm(shop.site), BatchStore(shop.door), partial(_tell_of_slurm, watch, time.monotonic())
    )
    wanted = {(unit.name, unit.digest, shop.plan.level) for unit in shop.plan.units}
    crew.attach(record for record in ledger.records if record.key in wanted)  # as it was when `parted` was made
    later = {unit.name: why for unit in parted.todo if (why := outside(unit, shop.plan, parted))}
    units = {unit.name: unit for unit in parted.todo if unit.name not in later}
    retries = request.only_failed or request.again
    crew.add({name: unit for name, unit in units.items() if retries or name not in crew.failed})
    again = f"{_retry(shop.plan, ' --executor slurm')} runs it again"
    before = {name: f"failed before: {why}; {again}" for name, why in crew.failed.items() if name in units}
    ended = crew.run(wait=request.wait)
    blocked = {**parted.blocked, **before, **crew.waves.blocked}
    left, unsent = tuple(crew.living.places), (*crew.living.incomplete, *crew.waves.waiting)
    return Outcome(shop.plan, len(parted.done), ended, blocked, later, ledger.torn, left, unsent)


def settle_slurm(site: Site, pid: str) -> None:
    """Close the records of jobs that have ended or been cancelled, and hand nothing over. Raises Busy."""
    door = LedgerDoor(site.need_work(), pid)
    with door.lock("lmtbot cancel"):
        pipeline = LocalPipeline(site.settings.pipeline.command, os.environ, data=site.data, work=site.need_work())
        shop = Workshop(site, door, pipeline, Plan(pid, 1, (), ()), commit="", who="")  # what lives tells its level
        crew = SlurmCrew(shop, open_slurm(site), BatchStore(door), lambda _crew, _record: None)
        crew.attach(door.read().records)
        crew.settle()


def _tell_of_slurm(watch: Callable[[Progress], None], began: float, crew: SlurmCrew, event: Record | None) -> None:
    ended = len(crew.ended)
    total = ended + len(crew.left)
    left = (time.monotonic() - began) / ended * (total - ended) if ended else None
    failed = sum(record.state is not RunState.GOOD for record in crew.ended)
    with suppress(BrokenPipeError):
        watch(Progress(total, ended, failed, crew.running, left, event))


def _workshop(
    site: Site, door: LedgerDoor, pipeline: LocalPipeline, plan: Plan, decided_by: str = "", made_from: str = ""
) -> Workshop:
    commit, who = describe_head(site.root, f"projects/{plan.pid}")
    kept, who = tuple(one.name for one in plan.combinations), decided_by or who or os.environ.get("USER", "")
    return Workshop(site, door, pipeline, plan, made_from or commit, who, kept=kept)


def _wind_up(shop: Workshop, ledger: Ledger, request: Request) -> None:
    """Bring attempts that a dead runner left open, and that no longer belong to the plan, to an end."""
    wanted = {(unit.name, unit.digest, shop.plan.level) for unit in shop.plan.units}
    here = socket.gethostname()
    ours = [one for one in ledger.records if one.state.is_open]
    with_slurm = [one for one in ours if one.batch]
    foreign = [one for one in ours if not one.batch and one.host != here]
    if with_slurm and request.executor == "local":
        told = (
            f"{shop.door.pid}: {len(with_slurm)} units are with Slurm: {', '.join(one.name for one in with_slurm[:5])}"
        )
        raise DoorError(f"{told}; go on with --executor slurm, or end them with `lmtbot cancel {shop.door.pid}`")
    if other := [one for one in with_slurm if one.level != shop.plan.level]:
        told = f"{shop.door.pid}: level {other[0].level} is with Slurm: {', '.join(one.name for one in other[:5])}"
        raise DoorError(f"{told}; wait until it has ended, or end it with `lmtbot cancel {shop.door.pid}`")
    if foreign and not request.take_over:
        told = ", ".join(f"{one.name} on {one.host} since {one.started}" for one in foreign)
        raise DoorError(
            f"{shop.door.pid}: unfinished on another host: {told}; whether it still runs cannot be seen from {here}. "
            "Run there again, or, when that host is gone, here with --take-over"
        )
    unwanted = [one for one in ours if one.key not in wanted or one in foreign]
    cancel_records(shop.site, shop.door, [one for one in unwanted if one.batch])
    local = [one for one in ours if not one.batch and one not in unwanted]
    for record in [*unwanted, *(local if request.executor == "slurm" else ())]:
        for now in shop.door.read(f"{record.name}.L{record.level}.{record.digest}.{record.attempt}").records:
            if now.state.is_open:  # its job may have ended it meanwhile
                shop.abandon(now)
    shop.clear_left(shop.door.read())
