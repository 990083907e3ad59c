"""A batch <-> its manifest: one JSON line about the batch, then one a task, so that a job reads only its own.

Written and read by hand: a job of Slurm reads it at its start, and may not import much for that.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from bot.errors import ProjectError
from bot.model.batch import Array, Batch, Resources, Task
from bot.model.plan import Chain, Combination, Member, RunLine, Unit

Kind = TypeVar("Kind")


def batch_text(batch: Batch) -> str:
    """Return the manifest."""
    values = (replace(batch, tasks=()), *batch.tasks)
    return "".join(f"{json.dumps(value, default=_fields, separators=(',', ':'))}\n" for value in values)


def parse_batch(rows: Iterable[str], name: str) -> Batch:
    """Read a whole manifest; raise ProjectError when it is none."""
    lines = iter(rows)
    batch = _read(_batch, next(lines, ""), name)
    return replace(batch, tasks=tuple(_read(_task, line, name) for line in lines))


def parse_task(rows: Iterable[str], number: int, name: str) -> tuple[Batch, Task]:
    """Read the batch without its tasks, and one task; raise ProjectError when it is not there."""
    for place, row in enumerate(rows):
        if place == 0:
            batch = _read(_batch, row, name)
        elif place == number + 1:
            return batch, _read(_task, row, name)
    raise ProjectError(f"{name}: there is no task {number}")


def _fields(value: Any) -> dict[str, Any]:
    return {one.name: getattr(value, one.name) for one in fields(value)}


def _read(kind: Callable[[Mapping[str, Any]], Kind], row: str, name: str) -> Kind:
    try:
        return kind(json.loads(row))
    except (ValueError, KeyError, TypeError) as error:
        raise ProjectError(f"{name}: no manifest of a batch: {error}") from error


def _batch(told: Mapping[str, Any]) -> Batch:
    words = {name: tuple(told[name]) for name in ("command", "kept")}
    return Batch(**{**told, **words, "tasks": (), "arrays": tuple(map(_array, told["arrays"]))})


def _array(told: Mapping[str, Any]) -> Array:
    return Array(**{**told, "indices": tuple(told["indices"]), "resources": Resources(**told["resources"])})


def _task(told: Mapping[str, Any]) -> Task:
    return Task(_unit(told["unit"]), told["attempt"], Resources(**told["resources"]))


def _unit(told: Mapping[str, Any]) -> Unit:
    lines = tuple(RunLine(**{**line, "words": tuple(line["words"])}) for line in told["lines"])
    if "members" not in told:
        return Chain(**{**told, "lines": lines})
    return Combination(**{**told, "lines": lines, "members": tuple(Member(**one) for one in told["members"])})


def jobs_text(jobs: dict[str, int]) -> str:
    """Return what Slurm called the arrays of a batch: {array: job id}."""
    return json.dumps(jobs, indent=1) + "\n"


def parse_jobs(text: str) -> dict[str, int]:
    """Read what Slurm called the arrays of a batch; nothing yet: {}."""
    return {str(name): int(job) for name, job in json.loads(text or "{}").items()}
