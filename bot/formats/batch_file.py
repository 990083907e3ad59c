"""A batch <-> its manifest: one JSON line about the batch, then one a task, so that a job reads only its own."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

from pydantic import TypeAdapter, ValidationError

from bot.errors import ProjectError
from bot.model.batch import Batch, Task

_BATCH = TypeAdapter(Batch)
_TASK = TypeAdapter(Task)


def batch_text(batch: Batch) -> str:
    """Return the manifest."""
    head = _BATCH.dump_json(replace(batch, tasks=()))
    return "".join(f"{row.decode()}\n" for row in [head, *map(_TASK.dump_json, batch.tasks)])


def parse_batch(rows: Iterable[str], name: str) -> Batch:
    """Read a whole manifest; raise ProjectError when it is none."""
    lines = iter(rows)
    try:
        batch = _BATCH.validate_json(next(lines, ""))
        return replace(batch, tasks=tuple(_TASK.validate_json(line) for line in lines))
    except ValidationError as error:
        raise ProjectError(f"{name}: no manifest of a batch: {error.errors(include_url=False)[0]['msg']}") from error


def parse_task(rows: Iterable[str], number: int, name: str) -> tuple[Batch, Task]:
    """Read the batch without its tasks, and one task; raise ProjectError when it is not there."""
    for place, row in enumerate(rows):
        if place == 0:
            head = row
        elif place == number + 1:
            batch = parse_batch([head, row], name)
            return batch, batch.tasks[0]
    raise ProjectError(f"{name}: there is no task {number}")


def jobs_text(jobs: dict[str, int]) -> str:
    """Return what Slurm called the arrays of a batch: {array: job id}."""
    return json.dumps(jobs, indent=1) + "\n"


def parse_jobs(text: str) -> dict[str, int]:
    """Read what Slurm called the arrays of a batch; nothing yet: {}."""
    return {str(name): int(job) for name, job in json.loads(text or "{}").items()}
