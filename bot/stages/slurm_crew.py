"""A project through Slurm: hand over in waves, watch, settle what ended without a verdict, try again what broke.

Slurm holds the order, the ledger the truth; this process may die at any time, and the next one takes up from both.
Intent before act: the batch and a record for each of its units are written before the first `sbatch`; a job is found
again by its name.
"""

from __future__ import annotations

import logging
import secrets
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from bot.doors.batches import MANIFEST, BatchStore
from bot.doors.files import append_text
from bot.doors.slurm import QueueFull, Slurm, Submission
from bot.doors.templates import render_template
from bot.formats.slurm_text import Row
from bot.model.batch import Array, Batch, Task
from bot.model.plan import Chain, Unit
from bot.model.record import Cause, Record, RunState
from bot.rules import batches, work
from bot.rules.slurm_states import BLOCKED, GONE, HELD, STATES, Meaning, Phase, meaning_of
from bot.stages.attempt import Attempt, Workshop
from bot.stages.interruptible import Stop

Spot = tuple[int, int]
"""(job id of an array, index in it)."""
MEMORY_WORDS = "exceeded memory limit"
"""What slurmstepd writes into a job's output when it and not the kernel ends it (slurmstepd/mgr.c, jobacct_gather)."""


@dataclass(frozen=True)
class Place:
    """Where a unit is in what was submitted."""

    batch: Batch
    number: int

    @property
    def task(self) -> Task:
        """Return the unit with its resources."""
        return self.batch.tasks[self.number]

    @property
    def unit(self) -> Unit:
        """Return the unit."""
        return self.task.unit


class SlurmCrew:
    """Brings units to their end by Slurm."""

    def __init__(
        self, shop: Workshop, slurm: Slurm, store: BatchStore, told: Callable[[SlurmCrew, Record | None], None]
    ) -> None:
        self.shop = shop
        self.slurm = slurm
        self.store = store
        self.told = told
        self.settings = shop.site.settings.slurm
        self.waiting: dict[str, Unit] = {}
        self.live: dict[str, Place] = {}
        self.failed: dict[str, str] = {}
        self.blocked: dict[str, str] = {}
        self.ended: list[Record] = []
        self.running: tuple[str, ...] = ()
        self.failing: set[str] = set()
        """Units of which a job has not ended well, though others of them may still live."""
        self.max_array_size, self.has_accounting = slurm.limits()
        self.open: dict[str, dict[str, int]] = {}
        """{batch: {array: job id}} of the batches that live."""
        self.is_ending = False
        self._strange: set[str] = set()

    @property
    def is_handed_over(self) -> bool:
        """Say whether Slurm has all that it can get."""
        batches_ = {place.batch.id: place.batch for place in self.live.values()}
        return not self.waiting and all(
            array.name in self.open[one.id] for one in batches_.values() for array in one.arrays
        )

    def attach(self, records: Iterable[Record]) -> None:
        """Take up what earlier runs handed over; an intent whose batch was never written whole is withdrawn."""
        known: dict[str, Batch | None] = {}
        newest: dict[str, Record] = {}
        for record in sorted(records, key=lambda one: one.attempt):
            newest[record.name] = record
            if record.state.is_open and record.batch:
                batch_id = record.batch.partition("/")[0]
                if batch_id not in known:
                    known[batch_id] = self.store.read(batch_id)
                self._take_up(record, known[batch_id])
        self.failed = {name: one.verdict for name, one in newest.items() if one.state is RunState.FAILED}
        for batch_id in set(self.store.ids()) - set(self.open):
            self.store.remove(batch_id)

    def _take_up(self, record: Record, batch: Batch | None) -> None:
        if batch is None and record.state is RunState.INTENT:
            self.shop.door.withdraw(record)
        elif batch is None:
            self.shop.stop(record, "its batch is gone", Cause.MACHINE)
        else:
            self._enter(Place(batch, int(record.batch.partition("/")[2])))

    def add(self, units: Mapping[str, Unit]) -> None:
        """Say what else has to be brought to its end, also what failed before."""
        self.failed = {name: why for name, why in self.failed.items() if name not in units}
        self.waiting.update({name: unit for name, unit in units.items() if name not in self.live})

    def run(self, *, wait: bool) -> tuple[Record, ...]:
        """Hand over and, with `wait`, watch until everything has ended."""
        self._look()
        while self.waiting or self.live:
            self._hand_over()
            self.told(self, None)
            if not wait and self.is_handed_over:
                break
            if not wait and not self._has_room():
                break
            time.sleep(self.settings.poll_seconds if self.live else 0)
            self._look()
        return tuple(self.ended)

    def settle(self) -> None:
        """Watch what lives to its end and hand nothing over, also not the rest of what was begun."""
        self.is_ending = True
        while self.live:
            self._look()
            self.waiting.clear()
            time.sleep(1 if self.live else 0)

    def _enter(self, place: Place) -> None:
        self.live[place.unit.name] = place
        self.open.setdefault(place.batch.id, self.store.jobs(place.batch.id))

    # handing over

    def _hand_over(self) -> None:
        """Finish batches that a crash or a full queue left unfinished, then submit the next wave if it is time."""
        try:
            for batch in self._live_batches():
                self._submit(batch)
            while wave := self._next_wave():
                new = self._intend(wave)
                if new is not None:
                    self._submit(new)
        except QueueFull as full:
            logging.warning("%s; the rest follows when there is room", full)

    def _live_batches(self) -> list[Batch]:
        return list({place.batch.id: place.batch for place in self.live.values()}.values())

    def _has_room(self) -> bool:
        lines = sum(len(unit.lines) for unit in self.waiting.values())
        return batches.is_worth_a_wave(self._room(), lines, self.settings.max_submit)

    def _room(self) -> int:
        return self.settings.max_submit - sum(len(place.unit.lines) for place in self.live.values())

    def _next_wave(self) -> tuple[Unit, ...]:
        for name, unit in list(self.waiting.items()):
            if why := batches.lost_members(unit, self.failed):
                self.blocked[name] = why
                del self.waiting[name]
        if not self.waiting or not self._has_room():
            return ()
        return batches.choose_wave(tuple(self.waiting.values()), self.live, self._room())

    def _intend(self, wave: tuple[Unit, ...]) -> Batch | None:
        """Write a batch, its script and an intent for each of its units, before anything is submitted."""
        tasks = [task for unit in wave if (task := self._task(unit))]
        if not tasks:
            return None
        batch = self._batch(tasks)
        self.store.write(batch, self._script(batch))
        for number, task in enumerate(batch.tasks):
            self.shop.door.write(self.shop.intent(task.unit, task.attempt, batch=f"{batch.id}/{number}"))
            self._enter(Place(batch, number))
        return batch

    def _task(self, unit: Unit) -> Task | None:
        """Return what is to be handed over; None where Slurm has begun a job of the unit again while we looked."""
        del self.waiting[unit.name]
        door, level = self.shop.door, self.shop.plan.level
        attempts = door.read_unit(unit.name, unit.digest, level)
        if attempts and attempts[-1].state.is_open:
            self._take_up(attempts[-1], self.store.read(attempts[-1].batch.partition("/")[0]))
            return None
        number = door.next_attempt(unit.name, unit.digest, level)
        return Task(unit, number, batches.resources_of(unit, self.settings, attempts))

    def _batch(self, tasks: list[Task]) -> Batch:
        ordered, arrays = batches.lay_out(tasks, self.max_array_size)
        plan, shop = self.shop.plan, self.shop
        return Batch(
            id=secrets.token_hex(5),
            pid=plan.pid,
            level=plan.level,
            digest=plan.digest,
            commit=shop.commit,
            who=shop.who,
            command=shop.pipeline.command,
            tasks=ordered,
            arrays=arrays,
            kept=tuple(shop.kept),
        )

    def _script(self, batch: Batch) -> str:
        site = self.shop.site
        places = [str(place) for place in (site.root, site.need_work(), site.data) if place]
        return render_template(
            site.code, "slurm.sh.j2", batch=batch, modules=self.settings.modules, places=places,
            environment=self.settings.environment, python=sys.executable,
        )  # fmt: skip

    def _submit(self, batch: Batch) -> None:
        """Submit the arrays that Slurm does not have yet; release combinations behind their members."""
        jobs = self.open[batch.id]
        for array in batch.arrays:
            if array.name not in jobs:
                name = batch.job_name(array)
                jobs[array.name] = self.slurm.find(name) or self.slurm.submit(self._submission(batch, array))
                self.store.note_job(batch.id, array.name, jobs[array.name])
                if array.waits:
                    self._release(batch, array, array.indices)

    def _submission(self, batch: Batch, array: Array) -> Submission:
        home = self.store.folder(batch.id)
        return Submission(
            name=batch.job_name(array),
            array=array,
            script=home / "job.sh",
            arguments=(str(home / MANIFEST), str(array.offset), str(array.step)),
            output=str(home / "out" / f"{array.name}.%a"),
            comment=f"{batch.pid} level {batch.level} digest {batch.digest} commit {batch.commit or '-'}",
            after=self._before(batch, array),
        )

    def _before(self, batch: Batch, array: Array) -> int | None:
        """Return the job whose task of the same index must end well first; None: nothing, or Slurm has forgotten it.

        That it has is no danger: each line looks for itself whether the one before it was good (bot.stages.node).
        """
        steps = {one.name: one for one in batch.arrays}
        return self.slurm.find(batch.job_name(steps[array.after])) if array.after else None

    def _release(self, batch: Batch, array: Array, indices: tuple[int, ...]) -> None:
        """Give combinations exactly their living members as dependencies, and release them."""
        behind: dict[int, list[Spot]] = {}
        for index in indices:
            unit = batch.tasks[index + array.offset].unit
            members = work.waits_for(unit, self.live)
            spots = [self._spots(self.live[name]) for name in members]
            behind[index] = [spot[-1] for spot in spots if spot]
        if told := self.slurm.release_behind(self.open[batch.id][array.name], behind):
            logging.warning("scontrol: %s", told)

    def _spots(self, place: Place) -> list[Spot]:
        """Return the jobs that work for a unit, first step first; those not submitted yet are not there."""
        jobs, number = self.open[place.batch.id], place.number
        arrays = place.batch.steps_of(number)
        return [(jobs[array.name], number - array.offset) for array in arrays if array.name in jobs]

    # watching

    def _look(self) -> None:
        """Ask Slurm once, and settle every unit of which nothing lives any more."""
        if not self.live:
            return
        rows = self._rows()
        meanings = {(row.job, index): meaning_of(row.state, row.reason) for row in rows for index in row.indices}
        self._say_strange(rows)
        over = [name for name, place in self.live.items() if self._is_over(place, meanings)]
        if over and self.has_accounting:
            meanings |= self._remembered(over, meanings)
        self.running = tuple(name for name, place in self.live.items() if self._has(place, meanings, _works))
        self.failing = {name for name, place in self.live.items() if self._has(place, meanings, _ended_badly)}
        over.sort(key=lambda name: not isinstance(self.live[name].unit, Chain))  # what blocks before what is blocked
        for name in over:
            self._settle(self.live[name], meanings)
        self._release_held(rows)
        self._close_batches()

    def _has(self, place: Place, meanings: Mapping[Spot, Meaning], is_so: Callable[[Meaning], bool]) -> bool:
        """Say whether one of the unit's jobs is in such a state."""
        return any(is_so(meanings[spot]) for spot in self._spots(place) if spot in meanings)

    def _rows(self) -> list[Row]:
        names = [one.job_name(array) for one in self._live_batches() for array in one.arrays]
        rows = self.slurm.queue(names)
        by_name = {row.name: row.job for row in rows}
        for batch in self._live_batches():  # a crash between sbatch and jobs.json: the name tells
            for array in batch.arrays:
                found = by_name.get(batch.job_name(array))
                if array.name not in self.open[batch.id] and found:
                    self.open[batch.id][array.name] = found
                    self.store.note_job(batch.id, array.name, found)
        return rows

    def _is_over(self, place: Place, meanings: Mapping[Spot, Meaning]) -> bool:
        spots = self._spots(place)
        if len(spots) < len(place.batch.steps_of(place.number)) and not self.is_ending:
            return False
        return all(meanings.get(spot, GONE).phase is Phase.ENDED for spot in spots)

    def _say_strange(self, rows: list[Row]) -> None:
        for row in rows:
            meaning = meaning_of(row.state, row.reason)
            if meaning.phase is Phase.UNKNOWN and row.state not in self._strange:
                self._strange.add(row.state)
                logging.warning("job %d: %s; it counts as not finished", row.job, meaning.words)

    def _remembered(self, names: list[str], meanings: Mapping[Spot, Meaning]) -> dict[Spot, Meaning]:
        """Return what the accounting says of jobs that the queue has forgotten."""
        gone = {spot[0] for name in names for spot in self._spots(self.live[name]) if spot not in meanings}
        rows = self.slurm.history(sorted(gone)) if gone else []
        told = {(row.job, index): meaning_of(row.state, row.reason) for row in rows for index in row.indices}
        return {spot: meaning for spot, meaning in told.items() if spot not in meanings}

    def _settle(self, place: Place, meanings: Mapping[Spot, Meaning]) -> None:
        """Take note of how a unit ended; close its record where the job could not."""
        unit = place.unit
        attempts = self.shop.door.read_unit(unit.name, unit.digest, place.batch.level)
        record = attempts[-1] if attempts else None
        if record is not None and record.state.is_open:
            record = self._close(place, record, [meanings.get(spot, GONE) for spot in self._spots(place)] or [GONE])
        del self.live[unit.name]
        if record is None:  # withdrawn: it waited for what did not become good
            self.waiting[unit.name] = unit
            return
        attempts = [*attempts[:-1], record]
        if batches.may_try_again(attempts, self.shop.site.settings.pipeline.tries):
            self.waiting[unit.name] = unit
            logging.warning("%s: %s; it is tried again", unit.name, record.verdict)
            return
        if record.state is not RunState.GOOD:
            self.failed[unit.name] = record.verdict
        self.ended.append(record)
        self.told(self, record)

    def _close(self, place: Place, record: Record, ends: list[Meaning]) -> Record | None:
        """Bring a record to its end whose job ended without doing so; None: it never began and is withdrawn."""
        if record.state is RunState.PUBLISHING:
            plan = replace(self.shop.plan, level=place.batch.level)
            shop = replace(self.shop, plan=plan, kept=place.batch.kept)
            return Attempt(shop, place.unit, Stop()).step()
        why = next((end for end in ends if end is not STATES["COMPLETED"]), STATES["COMPLETED"])
        before = {*self.failed, *self.waiting, *self.failing}  # Slurm says CANCELLED of what waits for those, too
        if record.state is RunState.INTENT and (why is BLOCKED or work.waits_for(place.unit, before)):
            self.shop.door.withdraw(record)
            return None
        if record.state is RunState.INTENT and why is GONE:  # a waiting job leaves the queue without a trace
            why = STATES["CANCELLED"]
        printed = self.store.output(place.batch, place.number)
        if printed:
            append_text(self.shop.log(record), printed)
        if MEMORY_WORDS in printed.lower():
            why = STATES["OUT_OF_MEMORY"]
        return self.shop.stop(record, why.words, why.cause)

    def _release_held(self, rows: list[Row]) -> None:
        """Release combinations that a crash left on hold."""
        for batch, array in self._waiting_arrays():
            job = self.open[batch.id].get(array.name)
            held = [index for row in rows if row.job == job and row.reason == HELD for index in row.indices]
            if held:
                self._release(batch, array, tuple(held))

    def _waiting_arrays(self) -> Iterator[tuple[Batch, Array]]:
        for batch in self._live_batches():
            for array in batch.arrays:
                if array.waits:
                    yield batch, array

    def _close_batches(self) -> None:
        """Forget batches of which nothing lives any more."""
        living = {place.batch.id for place in self.live.values()}
        for batch_id in [one for one in self.open if one not in living]:
            del self.open[batch_id]
            self.store.remove(batch_id)


def _works(meaning: Meaning) -> bool:
    return meaning.phase is Phase.WORKS


def _ended_badly(meaning: Meaning) -> bool:
    return meaning.phase is Phase.ENDED and meaning is not STATES["COMPLETED"]
