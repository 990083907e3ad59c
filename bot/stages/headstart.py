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

QUIET_S = 1.0
"""How long a job keeps still after its call has started: Slurm starts many at a time, and imports need processors."""


def start_early(*words: str) -> None:
    """Start the call of MANIFEST NUMBER STEP, if this is the plain case, and let other jobs start theirs."""
    manifest, number, step = Path(words[0]), int(words[1]), int(words[2])
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
        call = pipeline.start(unit["lines"][step]["words"], area, home / "log" / f"{attempt}.log", step)
        call.wait(QUIET_S)


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
