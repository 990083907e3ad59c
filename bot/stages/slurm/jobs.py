"""What is with Slurm, for people: whose jobs work for which project and commit; and how to end a project's own."""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bot.doors.batches import BatchStore
from bot.doors.ledger import LedgerDoor
from bot.doors.pipeline import LocalPipeline
from bot.doors.slurm import Slurm, site_options
from bot.formats.slurm_text import Row, indices_text
from bot.model.batch import NAME_ROOT
from bot.model.record import Record
from bot.rules.slurm_states import Phase, meaning_of, obstacle
from bot.settings import Site
from bot.stages.slurm.lasting import Lasting

_NAME = re.compile(rf"{NAME_ROOT}\.(.+)\.L(\d)\.([0-9a-f]+)\.\w+")


class _Name(NamedTuple):
    """What the name of a job says (bot.model.batch.Batch.job_name)."""

    pid: str
    level: int
    batch: str


@dataclass(frozen=True)
class QueuedBatch:
    """The living jobs of one batch."""

    user: str
    pid: str
    level: int
    batch: str
    told: str
    """The comment: digest and commit."""
    waits: int
    works: int
    obstacles: tuple[str, ...] = ()
    """Slurm's reasons why jobs that wait may not start by themselves."""


def open_slurm(site: Site) -> Slurm:
    """Return the door to Slurm; its jobs get our environment without the secrets in it."""
    settings = site.settings.slurm
    safe = LocalPipeline(site.settings.pipeline.command, os.environ, data=site.data, work=site.need_work())
    extra = site_options(settings.partition, settings.account, settings.qos)
    return Slurm(safe.environment, patience_s=60 * settings.patience_minutes, extra=extra)


def list_queue(site: Site) -> list[QueuedBatch]:
    """Return what lives in Slurm of everybody's lmtbot, by batch."""
    batches: dict[tuple[str, _Name, str], list[Row]] = {}
    for row, name in _living(open_slurm(site).queue()):
        batches.setdefault((row.user, name, row.comment), []).append(row)
    return [_queued(*key, rows) for key, rows in sorted(batches.items())]


def _queued(user: str, name: _Name, told: str, rows: Sequence[Row]) -> QueuedBatch:
    phases = Counter[Phase]()
    for row in rows:
        phases[meaning_of(row.state, row.reason).phase] += len(row.indices)
    waits, obstacles = phases.total() - phases[Phase.WORKS], {obstacle(row.state, row.reason) for row in rows} - {""}
    return QueuedBatch(user, *name, told, waits, phases[Phase.WORKS], tuple(sorted(obstacles)))


def has_batches(site: Site, pid: str) -> bool:
    """Say whether a project has ever handed anything to Slurm that has not been cleared."""
    return "/" not in pid and pid not in ("", ".", "..") and bool(BatchStore(LedgerDoor(site.need_work(), pid)).ids())


def cancel_jobs(site: Site, pid: str, *, dry_run: bool = False) -> int:
    """Cancel the living jobs of the project's own batches; return how many. Nobody else's have these digests."""
    slurm = open_slurm(site)
    own = set(BatchStore(LedgerDoor(site.need_work(), pid)).ids())
    rows = [row for row, name in _living(slurm.queue()) if name.pid == pid and name.batch in own]
    if not dry_run:
        slurm.cancel(f"{row.job}_[{indices_text(row.indices)}]" for row in rows)
    return sum(len(row.indices) for row in rows)


def cancel_records(site: Site, door: LedgerDoor, records: Sequence[Record]) -> None:
    """Cancel the jobs of attempts that nobody wants any more, and wait until they have ended."""
    if not records:
        return
    slurm, spots = open_slurm(site), _spots_of(BatchStore(door), records)
    lasting = Lasting()
    while True:
        living = [(row, index) for row, _ in _living(slurm.queue()) for index in row.indices]
        jobs = [f"{row.job}_{index}" for row, index in living if (row.name, index) in spots]
        if not jobs:
            return
        slurm.cancel(jobs)
        lasting.tell(f"job {jobs[0]} and {len(jobs) - 1} others")
        time.sleep(1)


def _spots_of(store: BatchStore, records: Sequence[Record]) -> set[tuple[str, int]]:
    """Return (job name, index) of all jobs that work for these attempts."""
    batches = {batch_id: store.read(batch_id) for batch_id in {one.batch.partition("/")[0] for one in records}}
    spots = set()
    for record in records:
        batch_id, _, number = record.batch.partition("/")
        if batch := batches[batch_id]:
            arrays = batch.steps_of(int(number))
            spots |= {(batch.job_name(array), int(number) - array.offset) for array in arrays}
    return spots


def _living(rows: list[Row]) -> Iterator[tuple[Row, _Name]]:
    """Return the rows whose jobs live and bear a name of ours, with what the name says."""
    for row in rows:
        found = _NAME.fullmatch(row.name)
        if found and meaning_of(row.state, row.reason).phase is not Phase.ENDED:
            yield row, _Name(found[1], int(found[2]), found[3])
