"""Who runs a line: Slurm may hand the same one out twice, and one job gets it. Standard library only (headstart)."""

from __future__ import annotations

import os
from pathlib import Path


def claim(path: Path, job: str) -> bool:
    """Take a line for a job; False when another has it. Of several that try, one gets it, on network storage too."""
    own = path.with_name(f"{path.name}.{job}")
    own.write_text(job)
    try:
        os.link(own, path)
    except FileExistsError:
        return path.read_text() == job
    finally:
        own.unlink(missing_ok=True)
    return True


def claim_path(manifest: Path, number: int, step: int, restarts: int) -> Path:
    """Return the file that says who has taken a step of a unit."""
    return manifest.with_name(f"claim.{number}.{step}.{restarts}")


def slurm_job() -> tuple[str, int]:
    """Return (JOB_INDEX, how often it was restarted) of the job that we are."""
    job = f"{os.environ.get('SLURM_ARRAY_JOB_ID', '0')}_{os.environ.get('SLURM_ARRAY_TASK_ID', '0')}"
    return job, int(os.environ.get("SLURM_RESTART_COUNT", "0"))
