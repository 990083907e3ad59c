"""Units -> a handful of job arrays, within the limits of the cluster and the site (architecture.md section 4).

Tiers are arrays of their own over one set of indices, so that `aftercorr` lets each chain go on by itself. Nothing
here knows job ids: that is bot.doors.slurm.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from bot.model.batch import Array, Resources, Task
from bot.model.plan import Chain, Unit
from bot.model.record import Cause, Record, RunState
from bot.rules.work import waits_for
from bot.settings import Resources as Share
from bot.settings import Slurm

SPENT = (Cause.TIME, Cause.MEMORY, Cause.MACHINE)


def resources_of(unit: Unit, settings: Slurm, attempts: Iterable[Record] = ()) -> Resources:
    """Return what a unit gets: by mode, else instrument, else default; more of what earlier attempts ran out of."""
    table = settings.resources if isinstance(unit, Chain) else {**settings.resources, **settings.combinations}
    keys = (unit.mode, unit.mode.partition("/")[0], "default")
    asked = next((table[key] for key in keys if key in table), Share())
    causes = [record.cause for record in attempts]
    grown = settings.escalation
    minutes = asked.minutes * grown.factor ** causes.count(Cause.TIME)
    memory_gb = asked.memory_gb * grown.factor ** causes.count(Cause.MEMORY)
    return Resources(
        minutes=int(min(minutes, max(grown.most_minutes, asked.minutes))),
        memory_mb=int(1024 * min(memory_gb, max(grown.most_memory_gb, asked.memory_gb))),
        cpus=asked.cpus,
    )


def may_try_again(attempts: Sequence[Record], tries: int) -> bool:
    """Say whether the machine, and not the data, ended the last attempt, fewer than `tries` times in all."""
    if not attempts or attempts[-1].state is not RunState.STOPPED or attempts[-1].cause not in SPENT:
        return False
    return sum(record.cause in SPENT for record in attempts) < tries


def choose_wave(units: Sequence[Unit], ready: Collection[str], room: int) -> tuple[Unit, ...]:
    """Return the units that are submitted now: chains in order, combinations behind the last of their members.

    `ready` are the names of units that are done or submitted; `room` is how many lines may be submitted.
    """
    waiting = {unit.name for unit in units}
    taken: dict[str, Unit] = {}
    for unit in in_reach(units):
        if len(unit.lines) > room:
            break
        if waits_for(unit, waiting) <= taken.keys() | set(ready):
            taken[unit.name] = unit
            room -= len(unit.lines)
    return tuple(unit for unit in units if unit.name in taken)


def in_reach(units: Sequence[Unit]) -> Iterator[Unit]:
    """Return the units with each combination as early as its members allow: a wave ends sources, not tiers."""
    names = {unit.name for unit in units}
    missing = {unit.name: waits_for(unit, names) for unit in units if not isinstance(unit, Chain)}
    combinations = {unit.name: unit for unit in units if not isinstance(unit, Chain)}
    for name in [name for name, before in missing.items() if not before]:
        yield combinations.pop(name)
    for unit in units:
        if isinstance(unit, Chain):
            yield unit
            for name in [name for name in combinations if unit.name in missing[name]]:
                missing[name].discard(unit.name)
                if not missing[name]:
                    yield combinations.pop(name)


def lay_out(tasks: Sequence[Task], max_array_size: int) -> tuple[tuple[Task, ...], tuple[Array, ...]]:
    """Number the tasks and cut them into arrays: equal resources together, at most `max_array_size` in one.

    The arrays are in the order in which they are to be submitted: every first step, every second, ..., combinations.
    """
    ordered = sorted(tasks, key=lambda task: (not isinstance(task.unit, Chain), _size(task.resources)))
    arrays = sorted(_arrays(ordered, max_array_size), key=lambda array: (array.waits, array.step, array.offset))
    return tuple(ordered), tuple(arrays)


def _arrays(tasks: Sequence[Task], max_array_size: int) -> Iterator[Array]:
    """Return the arrays of each chunk: one a step."""
    for offset, chunk in _chunks(tasks, max_array_size):
        resources, waits = chunk[0].resources, not isinstance(chunk[0].unit, Chain)
        before = ""
        for step in range(max(len(task.unit.lines) for task in chunk)):
            indices = tuple(index for index, task in enumerate(chunk) if len(task.unit.lines) > step)
            name = f"{offset}{'c' if waits else 'abc'[step] if step < 3 else f's{step}'}"
            yield Array(name, offset, step, indices, resources, after=before, waits=waits)
            before = name


def _chunks(tasks: Sequence[Task], most: int) -> Iterator[tuple[int, Sequence[Task]]]:
    """Return (number of the first task, tasks) of the parts with equal resources, at most `most` long."""
    offset = 0
    for _, same in groupby(tasks, key=lambda task: (not isinstance(task.unit, Chain), _size(task.resources))):
        part = list(same)
        for start in range(0, len(part), most):
            yield offset + start, part[start : start + most]
        offset += len(part)


def _size(resources: Resources) -> tuple[int, int, int]:
    return (resources.memory_mb, resources.minutes, resources.cpus)


def split(arrays: Iterable[Array], name: str) -> tuple[Array, ...]:
    """Cut an array in two, and with it those that follow it over the same tasks; each part goes on by itself."""
    found: list[Array] = []
    parts: dict[str, dict[tuple[int, ...], str]] = {}
    """{array that is cut: {indices of a half: name of its part}}."""
    halves: tuple[tuple[int, ...], ...] = ()
    for array in arrays:
        if array.name == name:
            half = len(array.indices) // 2
            halves = (array.indices[:half], array.indices[half:])
        elif array.after not in parts:
            found.append(array)
            continue
        own = parts[array.name] = dict[tuple[int, ...], str]()
        for one in halves:
            if indices := tuple(index for index in array.indices if index in one):
                own[one] = f"{array.name.partition('_')[0]}_{indices[0]}"
                after = parts[array.after][one] if array.after in parts else array.after
                found.append(replace(array, name=own[one], indices=indices, after=after))
    return tuple(found)


def most_of(resources: Iterable[Resources]) -> Resources:
    """Return what is enough for each of these."""
    known = list(resources)
    return Resources(*(max(getattr(one, name) for one in known) for name in ("minutes", "memory_mb", "cpus")))


def lines_of(units: Iterable[Unit]) -> int:
    """Return how many jobs units are."""
    return sum(len(unit.lines) for unit in units)


def is_worth_a_wave(room: int, lines: int, most: int) -> bool:
    """Say whether to submit now: few large waves, not one call for every slot that gets free.

    `most`: how many jobs may be with Slurm at once.
    """
    return room >= min(lines, max(1, most // 4))


def lowered(living: int, refused: int) -> int:
    """Return how many jobs to try at most after a wave of `refused` lines was refused while `living` were there."""
    return living + refused // 2


def grown(most: int, max_submit: int) -> int:
    """Return how many jobs to try at most after a wave was taken: others may have left room."""
    return min(max_submit, most + most // 4 + 1)


def lost_members(unit: Unit, failed: Mapping[str, str]) -> str:
    """Say which members of a combination did not become good, "" if none: it is blocked by them."""
    lost = sorted(waits_for(unit, failed))
    return f"its member {', '.join(lost)} did not become good" if lost else ""
