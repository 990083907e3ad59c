"""Slurm by its commands: submit, depend, look, cancel. Argument lists only; stderr is told, never parsed for ids.

Whatever a command says while the controller is away is waited for. An `sbatch` whose answer is lost is looked up by
the job's name before it is called again, and the lock of the project goes to it as an open file, so that nobody else
begins while one that outlived us may still submit.
"""

from __future__ import annotations

import logging
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.errors import DoorError, SettingsError
from bot.formats.slurm_text import (
    SACCT_FORMAT,
    SQUEUE_FORMAT,
    Row,
    indices_text,
    is_away,
    is_full,
    parse_job_id,
    parse_limits,
    parse_rows,
)
from bot.model.batch import NAME_ROOT, Array

TASTES = ("SQUEUE_", "SACCT_", "SCANCEL_", "SCONTROL_")
"""Variables by which people have these commands show less, or otherwise."""
PAUSE_S = 2.0
COMMAND_S = 300.0


class QueueFull(DoorError):
    """Slurm takes no more jobs of ours for now."""


@dataclass(frozen=True)
class Submission:
    """One `sbatch`: an array and where it works."""

    name: str
    array: Array
    script: Path
    arguments: tuple[str, ...]
    output: str
    comment: str
    after: int | None = None
    """Job id of the array whose equal index must end well first."""


class Slurm:
    """The cluster that this machine submits to."""

    def __init__(self, environment: Mapping[str, str], *, patience_s: float, extra: Sequence[str] = ()) -> None:
        ours = {name: value for name, value in environment.items() if not name.startswith(TASTES)}
        self.environment = ours | {"SLURM_BITSTR_LEN": "0"}  # else indices are cut off in the middle
        self.patience_s = patience_s
        self.extra = tuple(extra)
        """Options of the site: partition, account, qos."""

    def limits(self) -> tuple[int, bool]:
        """Return (MaxArraySize, whether accounting tells of past jobs). Raise SettingsError: it takes no arrays."""
        size, has_accounting = parse_limits(self._ask(["scontrol", "show", "config"]))
        if size < 1:
            raise SettingsError(
                "this Slurm takes no job arrays (MaxArraySize 0 in slurm.conf); have it allow them, or run without "
                "--executor slurm"
            )
        return size, has_accounting

    def submit(self, job: Submission) -> int:
        """Hand one array over; return its job id. Raises QueueFull, or DoorError with what sbatch said.

        An answer that is no refusal (time-out, no id, a killed sbatch) is looked up by the job's name.
        """
        deadline = time.monotonic() + self.patience_s
        while True:
            done = self._run(self._sbatch(job))
            found = parse_job_id(done.stdout) if done.returncode == 0 else None
            told = f"{job.name}: sbatch: {done.stderr.strip() or f'exit code {done.returncode}, no job id'}"
            no_room = not found and is_full(done.stderr)
            if done.stderr.strip():
                logging.log(logging.INFO if found or no_room else logging.WARNING, "%s", told)
            is_refused = done.returncode > 0 and not is_away(done.stderr)
            found = found or (None if is_refused else self.find(job.name))
            if found:
                return found
            if no_room:
                raise QueueFull(told)
            if not is_away(done.stderr) or time.monotonic() > deadline:
                raise DoorError(f"{told}; what was submitted before stays; mend that, then run again")
            time.sleep(PAUSE_S)

    def _sbatch(self, job: Submission) -> list[str]:
        array, resources = job.array, job.array.resources
        words = ["sbatch", "--parsable", f"--job-name={job.name}", f"--comment={job.comment}", f"--output={job.output}"]
        words += [f"--array={indices_text(array.indices)}", f"--time={resources.minutes}", "--requeue", "--nodes=1"]
        words += [f"--mem={resources.memory_mb}M", "--ntasks=1", f"--cpus-per-task={resources.cpus}", *self.extra]
        words += ["--kill-on-invalid-dep=yes", "--open-mode=append"]
        words += [f"--dependency=aftercorr:{job.after}"] if job.after else []
        words += ["--hold"] if array.waits else []
        return [*words, str(job.script), *job.arguments]

    def find(self, name: str) -> int | None:
        """Return the id of a job by its name, None if Slurm has none."""
        return next((row.job for row in self.queue([name])), None)

    def queue(self, names: Iterable[str] = ()) -> list[Row]:
        """Return what squeue lists of the jobs with these names, of all of lmtbot's if none are given."""
        asked = ",".join(names)
        text = self._ask(
            ["squeue", "-h", "-a", "-t", "all", "-o", SQUEUE_FORMAT, *([f"--name={asked}"] if asked else [])]
        )
        return [row for row in parse_rows(text) if row.name.startswith(f"{NAME_ROOT}.") and not row.is_refused]

    def history(self, jobs: Iterable[int]) -> list[Row]:
        """Return what the accounting says of jobs that the queue has forgotten."""
        wanted = ",".join(map(str, jobs))
        return list(parse_rows(self._ask(["sacct", "-X", "-n", "-P", "-a", "-j", wanted, "-o", SACCT_FORMAT])))

    def release_behind(self, job: int, members: Mapping[int, Sequence[tuple[int, int]]]) -> str:
        """Give each held task of an array its own dependencies, {index: (job, index) of its members}, and release it.

        One call for all: scontrol takes its commands from stdin. Returns what scontrol complained of, "" if nothing.
        """
        rows = []
        for index, places in members.items():
            after = "".join(f":{other}_{place}" for other, place in places)
            rows += [f"update JobId={job}_{index} Dependency=afterok{after}"] if after else []
        rows += [f"release {job}_{index}" for index in members]
        return self._run(["scontrol"], stdin="\n".join([*rows, "quit", ""])).stderr.strip()

    def cancel(self, jobs: Iterable[str]) -> None:
        """Cancel jobs (`123`) and tasks (`123_4`); those that have ended already are no fault."""
        wanted = sorted(set(jobs))
        for start in range(0, len(wanted), 500):
            self._ask(["scancel", "--quiet", *wanted[start : start + 500]])

    def _ask(self, words: Sequence[str]) -> str:
        """Run a command that may be repeated; wait while Slurm is away; return stdout."""
        deadline = time.monotonic() + self.patience_s
        while (done := self._run(words)).returncode:
            told = f"{words[0]}: {done.stderr.strip() or f'exit code {done.returncode}'}"
            if not is_away(done.stderr) or time.monotonic() > deadline:
                raise DoorError(f"{told}; jobs that are with Slurm go on; run again when it answers")
            logging.warning("%s; waiting", told)
            time.sleep(PAUSE_S)
        return done.stdout

    def _run(self, words: Sequence[str], stdin: str = "") -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                words, env=self.environment, input=stdin, capture_output=True, text=True, check=False,
                timeout=COMMAND_S, start_new_session=True, close_fds=False,
            )  # fmt: skip
        except FileNotFoundError as error:
            told = f"{words[0]}: not on this machine; Slurm's commands are needed for --executor slurm"
            raise SettingsError(f"{told}; run where jobs are submitted, or without it") from error
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(words, 1, "", "socket timed out: no answer")


def site_options(partition: str, account: str, qos: str) -> tuple[str, ...]:
    """Return sbatch's options for what the settings name."""
    named = {"partition": partition, "account": account, "qos": qos}
    return tuple(f"--{option}={value}" for option, value in named.items() if value)
