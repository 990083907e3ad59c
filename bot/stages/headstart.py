"""The call of a line, started before anything heavy is imported: a node with many slots has few processors to spare.

Only the plain case: the next step of a chain that goes well, first start of the job. All else, and everything that
is judged or written, is bot.stages.node's, which finds the call at work as it would after a crash. Standard library
and bot.doors.pipeline only; the test of the imports holds that.
"""

from __future__ import annotations

import json
import os
from itertools import islice
from pathlib import Path
from typing import Any

from bot.doors.claims import claim, claim_path, slurm_job
from bot.doors.pipeline import LocalPipeline


def start_early(manifest: Path, number: int, step: int) -> None:
    """Start the call of a step, if this is the plain case."""
    with manifest.open(encoding="utf-8") as rows:
        batch = json.loads(next(rows))
        task = json.loads(next(islice(rows, number, None)))
    unit, home = task["unit"], manifest.parents[2]
    attempt = f"{unit.get('obsnum')}.L{batch['level']}.{unit['digest']}.{task['attempt']}"
    area, (job, restarts) = home / "area" / attempt, slurm_job()
    if restarts or "obsnum" not in unit or not _is_next(home / "ledger" / f"{attempt}.json", area, step):
        return
    if claim(claim_path(manifest, number, step, restarts), job):
        pipeline = LocalPipeline(batch["command"], os.environ, data=None, work=manifest.parents[4])
        (home / "log").mkdir(exist_ok=True)
        pipeline.start(unit["lines"][step]["words"], area, home / "log" / f"{attempt}.log", step)


def _is_next(path: Path, area: Path, step: int) -> bool:
    """Say whether the record of the attempt waits for just this step, and its work area is as it should be."""
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    if step == 0:
        return record["state"] == "intent" and not area.exists()
    done = len(record.get("outcomes", ()))
    return record["state"] == "running" and not record.get("job") and done == step and area.is_dir()
