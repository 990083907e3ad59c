"""Where batches lie: $WORK_LMT/lmtbot/PID/batch/ID/{manifest.jsonl,job.sh,jobs.json,out/,claim.*}."""

from __future__ import annotations

import shutil
from pathlib import Path

from bot.doors.claims import claim_path
from bot.doors.files import read_text, write_whole
from bot.doors.ledger import LedgerDoor
from bot.formats.batch_file import batch_text, jobs_text, parse_batch, parse_jobs, parse_task
from bot.model.batch import Array, Batch, Task

MANIFEST = "manifest.jsonl"


class BatchStore:
    """The batches of one project."""

    def __init__(self, door: LedgerDoor) -> None:
        self.home = door.home / "batch"

    def folder(self, batch_id: str) -> Path:
        """Return the folder of a batch."""
        return self.home / batch_id

    def write(self, batch: Batch, script: str) -> None:
        """Write a batch and its job script, before anything of it is submitted."""
        home = self.folder(batch.id)
        (home / "out").mkdir(parents=True, exist_ok=True)
        write_whole(home / "job.sh", script)
        write_whole(home / MANIFEST, batch_text(batch))

    def read(self, batch_id: str) -> Batch | None:
        """Return a batch; None if it was never written whole: then nothing of it can be with Slurm."""
        path = self.folder(batch_id) / MANIFEST
        text = read_text(path)
        return parse_batch(text.splitlines(), str(path)) if text else None

    def jobs(self, batch_id: str) -> dict[str, int]:
        """Return {array: job id} of what is known to be submitted."""
        return parse_jobs(read_text(self.folder(batch_id) / "jobs.json"))

    def note_job(self, batch_id: str, array: str, job: int) -> None:
        """Write down what Slurm called an array."""
        write_whole(self.folder(batch_id) / "jobs.json", jobs_text({**self.jobs(batch_id), array: job}))

    def is_claimed(self, batch: Batch, array: Array) -> bool:
        """Say whether a job of this array was ever at work, though nobody may know its id."""
        there = {path.name for path in self.folder(batch.id).iterdir()}
        return any(claim_path(Path(MANIFEST), number, array.step, 0).name in there for number in array.numbers)

    def output(self, batch: Batch, number: int) -> str:
        """Return what the jobs of a unit and Slurm itself printed."""
        folder = self.folder(batch.id) / "out"
        files = [folder / f"{array.name}.{number - array.offset}" for array in batch.steps_of(number)]
        return "\n".join(path.read_text(errors="replace") for path in files if path.exists())

    def ids(self) -> list[str]:
        """Return the ids of the batches that lie here."""
        return sorted(path.name for path in self.home.glob("*") if path.is_dir())

    def remove(self, batch_id: str) -> None:
        """Remove a batch of which nothing is open any more; its attempts have their own records and logs."""
        shutil.rmtree(self.folder(batch_id), ignore_errors=True)


def read_task(manifest: Path, number: int) -> tuple[Batch, Task]:
    """Return a batch without its tasks, and one of them."""
    with manifest.open(encoding="utf-8") as rows:
        return parse_task(rows, number, str(manifest))
