"""What is with Slurm, for people: whose jobs work for which project and commit; and how to end a project's own."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.doors.batches import BatchStore
from bot.doors.ledger import LedgerDoor
from bot.doors.pipeline import LocalPipeline
from bot.doors.slurm import Slurm, site_options
from bot.formats.slurm_text import Row, indices_text
from bot.model.record import Record
from bot.rules.slurm_states import Phase, meaning_of
from bot.settings import Site


@dataclass(frozen=True)
class QueuedBatch:
    """The living jobs of one batch."""

    user: str
    pid: str
    level: str
    batch: str
    told: str
    """The comment: digest and commit."""
    waits: int
    works: int


def open_slurm(site: Site) -> Slurm:
    """Return the door to Slurm; its jobs get our environment without the secrets in it."""
    settings = site.settings.slurm
    safe = LocalPipeline(site.settings.pipeline.command, os.environ, data=site.data, work=site.need_work())
    extra = site_options(settings.partition, settings.account, settings.qos)
    return Slurm(safe.environment, patience_s=60 * settings.patience_minutes, extra=extra)


def list_queue(site: Site) -> list[QueuedBatch]:
    """Return what lives in Slurm of everybody's lmtbot, by batch."""
    counts: dict[tuple[str, str, str, str, str], Counter[Phase]] = {}
    for row in _living(open_slurm(site).queue()):
        pid, level, batch = _words(row)
        key = (row.user, pid, level, batch, row.comment)
        counts.setdefault(key, Counter())[meaning_of(row.state, row.reason).phase] += len(row.indices)
    return [
        QueuedBatch(user, pid, level, batch, told, found.total() - found[Phase.WORKS], found[Phase.WORKS])
        for (user, pid, level, batch, told), found in sorted(counts.items())
    ]


def cancel_jobs(site: Site, pid: str) -> int:
    """Cancel the living jobs of the project's own batches; return how many. Nobody else's have these digests."""
    slurm = open_slurm(site)
    own = set(BatchStore(LedgerDoor(site.need_work(), pid)).ids())
    rows = [row for row in _living(slurm.queue()) if _words(row)[0] == pid and _words(row)[2] in own]
    slurm.cancel(f"{row.job}_[{indices_text(row.indices)}]" for row in rows)
    return sum(len(row.indices) for row in rows)


def cancel_records(site: Site, door: LedgerDoor, records: Sequence[Record]) -> None:
    """Cancel the jobs of attempts that nobody wants any more, and wait until they have ended."""
    if not records:
        return
    slurm, store = open_slurm(site), BatchStore(door)
    while True:
        living = {(row.name, index): row.job for row in _living(slurm.queue()) for index in row.indices}
        jobs = []
        for record in records:
            batch_id, _, number = record.batch.partition("/")
            batch = store.read(batch_id)
            for array in batch.steps_of(int(number)) if batch else ():
                index = int(number) - array.offset
                job = living.get((batch.job_name(array), index)) if batch else None
                jobs += [f"{job}_{index}"] if job else []
        if not jobs:
            return
        slurm.cancel(jobs)
        time.sleep(1)


def _living(rows: list[Row]) -> list[Row]:
    return [row for row in rows if meaning_of(row.state, row.reason).phase is not Phase.ENDED]


def _words(row: Row) -> tuple[str, str, str]:
    """Return (pid, level, batch) of a job's name."""
    words = row.name.split(".")
    return ".".join(words[1:-3]), words[-3], words[-2]
