"""What is handed to Slurm at once: units, numbered, and the job arrays that run their lines. Values only."""

from __future__ import annotations

from dataclasses import dataclass

from bot.model.plan import Unit

NAME_ROOT = "lmtbot"
"""First word of every job name; the words after it are pid, level, batch, array, with dots between."""


@dataclass(frozen=True, slots=True)
class Resources:
    """What one line may use."""

    minutes: int
    memory_mb: int
    cpus: int


@dataclass(frozen=True, slots=True)
class Task:
    """One unit in a batch; its number is its place there."""

    unit: Unit
    attempt: int
    resources: Resources


@dataclass(frozen=True, slots=True)
class Array:
    """One job array: the same step (line 0, 1, ... of the chain) of many units. Index + offset = number."""

    name: str
    """Unique in its batch: CHUNK-STEP, or `cN` for combinations."""
    offset: int
    step: int
    indices: tuple[int, ...]
    resources: Resources
    after: str = ""
    """Name of the array whose task of the same index must end well first."""
    waits: bool = False
    """True: combinations; they are submitted on hold and get their members as dependencies, task by task."""

    @property
    def numbers(self) -> set[int]:
        """Return the numbers of its units."""
        return {index + self.offset for index in self.indices}


@dataclass(frozen=True, slots=True)
class Batch:
    """Units that are submitted together."""

    id: str
    """Unique in the cluster: several WORK_LMT may hold the same project."""
    pid: str
    level: int
    commit: str
    who: str
    command: tuple[str, ...]
    """The pipeline's program and its leading arguments, as they were when the batch was made."""
    tasks: tuple[Task, ...]
    arrays: tuple[Array, ...]
    digest: str
    """Of the plan."""
    kept: tuple[str, ...]
    """Names of all combinations of the plan: products under another name are superseded."""

    def job_name(self, array: Array) -> str:
        """Return the name by which the array is found again in Slurm."""
        return ".".join((NAME_ROOT, self.pid, f"L{self.level}", self.id, array.name))

    def steps_of(self, number: int) -> tuple[Array, ...]:
        """Return the arrays that work for a unit, first step first."""
        return tuple(array for array in self.arrays if number - array.offset in array.indices)
