"""From units to jobs: a batch is written down whole, then its arrays are submitted, each once.

Intent before act: the batch and a record for each of its units are written before the first `sbatch`.
"""

from __future__ import annotations

import logging
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.doors.batches import MANIFEST
from bot.doors.slurm import Submission
from bot.doors.templates import render_template
from bot.formats.slurm_text import Row
from bot.model.batch import Array, Batch, Resources, Task
from bot.model.plan import Unit
from bot.model.record import Cause, Record, RunState
from bot.rules import batches, work
from bot.rules.slurm_states import HELD
from bot.stages.attempt import Workshop
from bot.stages.slurm.living import FORGOTTEN, Living, Place, Spot


@dataclass(frozen=True)
class HandOver:
    """Hands units over to Slurm. `max_array_size`: of the cluster."""

    shop: Workshop
    living: Living
    max_array_size: int
    _complaints: set[str] = field(default_factory=set)

    def intend(self, tasks: Sequence[Task]) -> Batch:
        """Write a batch, its script and an intent for each of its units, before anything is submitted."""
        batch = self._batch(tasks)
        self.living.store.write(batch, self._script(batch))
        for number, task in enumerate(batch.tasks):
            self.shop.door.write(self.shop.intent(task.unit, task.attempt, batch=f"{batch.id}/{number}"))
            self.living.enter(Place(batch, number))
        return batch

    def submit(self, batch: Batch) -> None:
        """Submit the arrays that Slurm does not have yet; release combinations behind their members.

        Raise QueueFull where there is no room for more; what was submitted stays.
        """
        for array in self.living.unsent(batch):
            job = self.living.slurm.find(batch.job_name(array))
            if job is None:
                was_begun = self.living.store.is_claimed(batch, array)
                job = FORGOTTEN if was_begun else self.living.slurm.submit(self._submission(batch, array))
            self.living.note(batch, array, job)
            if array.waits and job != FORGOTTEN:
                self._release(batch, array, array.indices)

    def take_up(self, record: Record, batch: Batch | None) -> None:
        """Take up an open attempt of an earlier run; an intent whose batch was never written whole is withdrawn."""
        if batch is None and record.state is RunState.INTENT:
            self.shop.door.withdraw(record)
        elif batch is None:
            self.shop.stop(record, "its batch is gone", Cause.MACHINE)
        else:
            self.living.enter(Place(batch, int(record.batch.partition("/")[2])))

    def task(self, unit: Unit) -> Task | None:
        """Return what is to be handed over; None where Slurm has begun a job of the unit again while we looked."""
        door, level = self.shop.door, self.shop.plan.level
        attempts = door.read_unit(unit.name, unit.digest, level)
        if attempts and attempts[-1].state.is_open:
            self.take_up(attempts[-1], self.living.store.read(attempts[-1].batch.partition("/")[0]))
            return None
        number = door.next_attempt(unit.name, unit.digest, level)
        return Task(unit, number, batches.resources_of(unit, self.shop.site.settings.slurm, attempts))

    def take_back(self, batch: Batch) -> list[Unit]:
        """Withdraw the units of a batch of which Slurm has taken nothing, so that they may come in another."""
        units = []
        for unit in [place.unit for place in self.living.without_a_job(batch)]:
            newest = self.shop.door.read_unit(unit.name, unit.digest, batch.level)[-1:]
            if any(record.state is not RunState.INTENT for record in newest):
                continue  # a job began that Slurm has forgotten since
            for record in newest:
                self.shop.door.withdraw(record)
            del self.living.places[unit.name]
            units.append(unit)
        self.living.forget_ended()
        return units

    def renew(self, batch: Batch) -> None:
        """Have what Slurm does not have yet ask for what the settings say now."""
        unsent = self.living.unsent(batch)
        numbers = {number for array in unsent for number in array.numbers}
        units = {place.number: place.unit for place in self.living.of(batch) if place.number in numbers}
        fresh = {number: self._resources(unit, batch.level) for number, unit in units.items()}
        tasks = tuple(replace(one, resources=fresh.get(n, one.resources)) for n, one in enumerate(batch.tasks))
        arrays = tuple(
            replace(one, resources=batches.most_of(tasks[number].resources for number in one.numbers))
            if one in unsent
            else one
            for one in batch.arrays
        )
        self._exchange(batch, replace(batch, tasks=tasks, arrays=arrays))

    def split(self, batch: Batch) -> None:
        """Cut the next array in two that Slurm did not take whole, though it has earlier lines of the same units."""
        array = self.living.unsent(batch)[0]
        if len(array.indices) > 1:
            self._exchange(batch, replace(batch, arrays=batches.split(batch.arrays, array.name)))

    def _exchange(self, old: Batch, new: Batch) -> None:
        if new != old:
            self.living.store.write(new, self._script(new))
            self.living.exchange(new)

    def _resources(self, unit: Unit, level: int) -> Resources:
        """Return what the open attempt of a unit gets now: its newest, after those that count."""
        attempts = self.shop.door.read_unit(unit.name, unit.digest, level)[:-1]
        return batches.resources_of(unit, self.shop.site.settings.slurm, attempts)

    def release_held(self, rows: list[Row]) -> None:
        """Release combinations that a crash left on hold."""
        waiting = [(batch, array) for batch in self.living.batches for array in batch.arrays if array.waits]
        for batch, array in waiting:
            job = self.living.jobs[batch.id].get(array.name)
            held = [index for row in rows if row.job == job and row.reason == HELD for index in row.indices]
            if held:
                self._release(batch, array, tuple(held))

    def _batch(self, tasks: Sequence[Task]) -> Batch:
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
        site, settings = self.shop.site, self.shop.site.settings.slurm
        places = [str(place) for place in (site.root, site.need_work(), site.data) if place]
        return render_template(
            site.code, "slurm.sh.j2", batch=batch, modules=settings.modules, places=places,
            environment=settings.environment, python=sys.executable,
        )  # fmt: skip

    def _submission(self, batch: Batch, array: Array) -> Submission:
        home = self.living.store.folder(batch.id)
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
        return self.living.slurm.find(batch.job_name(steps[array.after])) if array.after else None

    def _release(self, batch: Batch, array: Array, indices: tuple[int, ...]) -> None:
        """Give combinations exactly their living members as dependencies, and release them."""
        behind: dict[int, list[Spot]] = {}
        places = self.living.places
        for index in indices:
            members = work.waits_for(batch.tasks[index + array.offset].unit, places)
            spots = [self.living.spots(places[name]) for name in members]
            behind[index] = [spot[-1] for spot in spots if spot and spot[-1][0] != FORGOTTEN]
        told = self.living.slurm.release_behind(self.living.jobs[batch.id][array.name], behind)
        if told and told not in self._complaints:
            self._complaints.add(told)
            logging.warning("%s: its combinations could not be released: scontrol: %s", batch.job_name(array), told)
