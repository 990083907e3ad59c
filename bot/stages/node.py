"""One line of a batch, on the node: what a Slurm job does. The order of the jobs is Slurm's, the truth is the ledger's.

Slurm may begin a job twice, or without what it should wait for; so a line looks for itself: it begins only as the
next step of an attempt that is still open, only once, and a combination only when its members are what was planned.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.doors.batches import read_task
from bot.doors.claims import claim, claim_path, slurm_job
from bot.doors.ledger import JobLedger, LedgerDoor
from bot.doors.pipeline import LocalPipeline
from bot.errors import DoorError
from bot.model.batch import Batch, Task
from bot.model.plan import Chain, Plan
from bot.model.record import Cause, Record, RunState
from bot.rules import work
from bot.settings import Pipeline, Settings, Site
from bot.stages.attempt import Attempt, Workshop
from bot.stages.interruptible import Stop

HEARTBEAT_S = 60.0
HEARTBEAT = "heartbeat"
"""A file in the work area whose time says when the job was last alive."""
ALMOST_S = 10.0
"""A SIGTERM this near to the time limit is the time limit's."""


@dataclass(frozen=True)
class Order:
    """What the job was told to do."""

    manifest: Path
    number: int
    step: int
    root: Path
    work: Path
    data: Path | None


def run_task(order: Order) -> bool:
    """Run one line; say whether the next one may follow. Raises DoorError when it must not run at all."""
    began = time.monotonic()
    batch, task = read_task(order.manifest, order.number)
    shop = _workshop(order, batch, task)
    if not _take(shop, task, order):
        return True
    stop = Stop()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    threading.Thread(target=_beat, args=(shop, task), daemon=True).start()
    record = Attempt(shop, task.unit, stop, order.step + 1).step()
    if record.cause is Cause.OPERATOR and time.monotonic() - began > task.resources.minutes * 60 - ALMOST_S:
        told = f"it took more than {task.resources.minutes} minutes"
        shop.door.write(record.model_copy(update={"cause": Cause.TIME, "verdict": told}))
    return record.state is RunState.GOOD or (record.state.is_open and len(record.outcomes) > order.step)


def _workshop(order: Order, batch: Batch, task: Task) -> Workshop:
    """Return the workshop of a batch; the time limit of a call is that of its job."""
    told = Pipeline(command=batch.command, timeout_minutes=task.resources.minutes)
    return Workshop(
        Site(order.root, order.data, order.work, Settings(pipeline=told)),
        JobLedger(order.work, batch.pid),
        LocalPipeline(batch.command, os.environ, data=order.data, work=order.work),
        Plan(batch.pid, batch.level, (), ()),
        batch.commit,
        batch.who,
        kept=batch.kept,
        batch=f"{batch.id}/{order.number}",
        job=slurm_job()[0],
    )


def _take(shop: Workshop, task: Task, order: Order) -> bool:
    """Say whether this line is to be run by us, False where that is done; raise DoorError that says why it must not."""
    job, restarts = slurm_job()
    attempts = shop.door.read_unit(task.unit.name, task.unit.digest, shop.plan.level)
    record = attempts[-1] if attempts else None
    what = f"{shop.plan.pid} {task.unit.name} step {order.step} of batch {shop.batch}"
    if record is None or record.batch != shop.batch or not (record.state.is_open or restarts):
        raise DoorError(f"{what}: its attempt is closed; nothing is run")
    if not claim(claim_path(order.manifest, order.number, order.step, restarts), job):
        raise DoorError(f"{what}: another job has taken it; nothing is run twice")
    if restarts:
        return _takes_up(shop, record, order.step, job)
    if record.state is RunState.RUNNING and record.job:
        raise DoorError(f"{what}: {record.job} still works on it; nothing is run")
    if record.state is not RunState.PUBLISHING and len(record.outcomes) < order.step:
        raise DoorError(f"{what}: the step before it has not come to a good end; nothing is run")
    if _has_begun(shop, record, order.step):
        shop.door.write(record.model_copy(update={"state": RunState.RUNNING, "job": job, "host": socket.gethostname()}))
    if not isinstance(task.unit, Chain) and (lost := lost_members(shop, task)):
        shop.stop(record, lost, Cause.MACHINE)
        raise DoorError(f"{what}: {lost}; nothing is run")
    return True


def _takes_up(shop: Workshop, record: Record, step: int, job: str) -> bool:
    """Say whether there is something to run for a job that Slurm has begun again; what it had begun is closed.

    Its node failed, or it had to make room, or somebody requeued it: the attempt may be at any point.
    """
    if record.state is RunState.GOOD or (record.state.is_open and len(record.outcomes) > step):
        return False
    if record.state is RunState.FAILED:
        raise DoorError(f"{record.name}: {record.verdict}; nothing is run again")
    if record.state is RunState.RUNNING or shop.area(record).is_dir():
        shop.stop(record, f"job {job} was begun again by Slurm", Cause.MACHINE)
    return True


def _has_begun(shop: Workshop, record: Record, step: int) -> bool:
    """Say whether the call of this step had a head start (bot.stages.headstart)."""
    area = shop.area(record)
    return area.is_dir() and (shop.pipeline.find(area) is not None or shop.pipeline.exit_of(area, step) is not None)


def lost_members(shop: Workshop, task: Task) -> str:
    """Say which members of a combination are not there as they were planned, "" if all are."""
    lost = []
    for member in getattr(task.unit, "members", ()):
        door = LedgerDoor(shop.door.work, member.pid)
        current = work.current_record(door.read(f"{member.obsnum}.*"), str(member.obsnum))
        planned = current is not None and current.digest == member.digest
        if member.pid == shop.plan.pid:
            planned = planned and current is not None and current.level >= shop.plan.level
        if not planned or not (door.products / str(member.obsnum)).is_dir():
            lost.append(str(member.obsnum))
    return f"its member {', '.join(lost)} is not there as planned" if lost else ""


def _beat(shop: Workshop, task: Task) -> None:
    """Show that the job lives, for who looks into the work area."""
    while True:
        for record in shop.door.read_unit(task.unit.name, task.unit.digest, shop.plan.level)[-1:]:
            with suppress(OSError):
                (shop.area(record) / HEARTBEAT).touch()
        time.sleep(HEARTBEAT_S)
