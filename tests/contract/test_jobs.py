"""What a job of Slurm does before its call is started, and what it may not write any more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bot.doors.ledger import JobLedger, LedgerDoor
from bot.errors import DoorError
from bot.model.record import Cause, Record, RunState

RECORD = Record(
    pid="P-1", name="117001", source="S", level=1, digest="d", attempt=1, state=RunState.RUNNING, lines=("l",)
)


def loaded_by(module: str) -> set[str]:
    """Return the packages that are there after an import in a Python of its own."""
    code = f"import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_head_start_of_a_call_imports_nothing_that_had_to_be_installed() -> None:
    assert not loaded_by("bot.stages.headstart") & {"pydantic", "ruamel", "yaml", "jinja2", "argparse", "logging"}


def test_a_job_reads_no_yaml_and_fills_no_templates() -> None:
    assert not loaded_by("bot.cli.task") & {"ruamel", "yaml", "jinja2"}


@pytest.mark.parametrize("state", [RunState.RUNNING, RunState.PUBLISHING, RunState.GOOD, RunState.FAILED])
def test_an_attempt_that_was_stopped_takes_no_more_records_of_its_job(tmp_path: Path, state: RunState) -> None:
    job, runner = JobLedger(tmp_path, "P-1"), LedgerDoor(tmp_path, "P-1")
    job.write(RECORD)
    stopped = RECORD.model_copy(update={"state": RunState.STOPPED, "verdict": "begun again", "cause": Cause.MACHINE})
    runner.write(stopped)
    with pytest.raises(DoorError, match=r"stopped meanwhile \(begun again\)"):
        job.write(RECORD.model_copy(update={"state": state}))
    assert runner.read().records == (stopped,)
    job.write(RECORD.model_copy(update={"attempt": 2}))
    assert len(runner.read().records) == 2
