"""What Slurm has of a project: units, and the jobs that work for each. A job is found again by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.doors.batches import BatchStore
from bot.doors.slurm import Slurm
from bot.formats.slurm_text import Row
from bot.model.batch import Array, Batch, Task
from bot.model.plan import Unit
from bot.rules.slurm_states import GONE, Meaning, Phase, meaning_of

Spot = tuple[int, int]
"""(job id of an array, index in it)."""
FORGOTTEN = 0
"""Stands for the id of a job that has been at work, and of which Slurm knows nothing any more."""
Meanings = Mapping[Spot, Meaning]


@dataclass(frozen=True)
class Place:
    """Where a unit is in what was handed over."""

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


@dataclass
class Living:
    """The units that Slurm has, by name, and the job ids of their batches' arrays."""

    slurm: Slurm
    store: BatchStore
    places: dict[str, Place] = field(default_factory=dict)
    jobs: dict[str, dict[str, int]] = field(default_factory=dict)
    """{batch: {array: job id}}."""

    @property
    def lines(self) -> int:
        """Return how many jobs these units are."""
        return sum(len(place.unit.lines) for place in self.places.values())

    @property
    def batches(self) -> list[Batch]:
        """Return the batches of which something lives."""
        return list({place.batch.id: place.batch for place in self.places.values()}.values())

    def unsent(self, batch: Batch) -> list[Array]:
        """Return the arrays of a batch that Slurm does not have yet and somebody waits for."""
        numbers = {place.number for place in self.of(batch)}
        jobs = self.jobs.get(batch.id, {})
        return [one for one in batch.arrays if one.name not in jobs and not numbers.isdisjoint(one.numbers)]

    def of(self, batch: Batch) -> list[Place]:
        """Return the units of a batch that have not ended."""
        return [place for place in self.places.values() if place.batch.id == batch.id]

    def exchange(self, batch: Batch) -> None:
        """Have a batch take the place of what it was."""
        self.places.update({place.unit.name: Place(batch, place.number) for place in self.of(batch)})

    @property
    def incomplete(self) -> list[str]:
        """Return the units of which Slurm does not have every line yet."""
        unsent = {batch.id: {n for array in self.unsent(batch) for n in array.numbers} for batch in self.batches}
        return [name for name, place in self.places.items() if place.number in unsent[place.batch.id]]

    def without_a_job(self, batch: Batch) -> list[Place]:
        """Return the units of a batch of which Slurm has nothing."""
        return [place for place in self.of(batch) if not self.spots(place)]

    def enter(self, place: Place) -> None:
        """Take up a unit that was, or is about to be, handed over."""
        self.places[place.unit.name] = place
        self.jobs.setdefault(place.batch.id, self.store.jobs(place.batch.id))

    def note(self, batch: Batch, array: Array, job: int) -> None:
        """Remember, also beyond this process, which job an array became."""
        self.jobs[batch.id][array.name] = job
        self.store.note_job(batch.id, array.name, job)

    def spots(self, place: Place) -> list[Spot]:
        """Return the jobs that work for a unit, first step first; those not submitted yet are not there."""
        jobs, number = self.jobs[place.batch.id], place.number
        arrays = place.batch.steps_of(number)
        return [(jobs[array.name], number - array.offset) for array in arrays if array.name in jobs]

    def rows(self) -> list[Row]:
        """Ask Slurm what is in its queue of all batches."""
        names = [one.job_name(array) for one in self.batches for array in one.arrays]
        rows = self.slurm.queue(names)
        by_name = {row.name: row.job for row in rows}
        for batch in self.batches:  # a crash between sbatch and jobs.json: the name tells
            for array in batch.arrays:
                found = by_name.get(batch.job_name(array))
                if array.name not in self.jobs[batch.id] and found:
                    self.note(batch, array, found)
        return rows

    def are_over(self, meanings: Meanings, *, is_ending: bool) -> list[str]:
        """Return the units of which no job lives; `is_ending`: what is not submitted yet will not be."""
        return [name for name, place in self.places.items() if self._is_over(place, meanings, is_ending)]

    def _is_over(self, place: Place, meanings: Meanings, is_ending: bool) -> bool:
        spots = self.spots(place)
        if len(spots) < len(place.batch.steps_of(place.number)) and not is_ending:
            return False
        return all(meanings.get(spot, GONE).phase is Phase.ENDED for spot in spots)

    def with_a_job(self, meanings: Meanings, is_so: Callable[[Meaning], bool]) -> tuple[str, ...]:
        """Return the units of which a job is in such a state."""
        return tuple(
            name
            for name, place in self.places.items()
            if any(is_so(meanings[spot]) for spot in self.spots(place) if spot in meanings)
        )

    def remembered(self, names: list[str], meanings: Meanings) -> dict[Spot, Meaning]:
        """Return what the accounting says of these units' jobs that the queue has forgotten."""
        gone = {spot[0] for name in names for spot in self.spots(self.places[name]) if spot not in meanings}
        gone.discard(FORGOTTEN)
        told = meanings_of(self.slurm.history(sorted(gone)) if gone else [])
        return {spot: meaning for spot, meaning in told.items() if spot not in meanings}

    def forget_ended(self) -> None:
        """Forget batches of which nothing lives any more."""
        living = {place.batch.id for place in self.places.values()}
        for batch_id in [one for one in self.jobs if one not in living]:
            del self.jobs[batch_id]
            self.store.remove(batch_id)


def meanings_of(rows: list[Row]) -> dict[Spot, Meaning]:
    """Return what the states of jobs mean."""
    return {(row.job, index): meaning_of(row.state, row.reason) for row in rows for index in row.indices}
