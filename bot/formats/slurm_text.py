"""What Slurm's commands print -> values. Every format here is one that we ask for (`-o`, `--parsable`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.errors import DoorError

SQUEUE_FORMAT = "%i|%T|%r|%u|%j|%k"
SACCT_FORMAT = "JobID,State,Reason,User,JobName,Comment"
_JOB_ID = re.compile(r"(\d+)(?:_(?:(\d+)|\[([\d,\-:]+)(?:%\d+)?\]))?")
_TASKS = re.compile(r"\d+_\[")
_MAX_ARRAY = re.compile(r"^MaxArraySize\s*=\s*(\d+)", re.M)
_STORAGE = re.compile(r"^AccountingStorageType\s*=\s*(\S+)", re.M)
_AWAY = (
    "unable to contact slurm controller",
    "socket timed out",
    "connection refused",
    "connection reset",
    "zero bytes were transmitted",
    "slurm backup controller in standby",
    "slurm temporarily unable to accept job",
    "resource temporarily unavailable",
    "message receive failure",
)
"""What stderr says (in small letters) when it is not our fault and passes."""
_FULL = ("job submit limit", "submission limit", "maximum number of jobs", "maxjobcount")
"""What stderr says (in small letters) when the queue takes no more for now."""
_POLICY = re.compile(r"\b(?:assoc|qos)\w+")
"""Which limit of the site it is, where Slurm names it (squeue(1), job reason codes: `QOSMaxWallDurationPerJobLimit`);
its sentence of a `job submit limit, user's size and/or time limits` is the same for all of them."""
_NUMBER_OF_JOBS = "submitjob"
"""Part of those names of which room comes again when jobs end: AssocMaxSubmitJobLimit, QOSGrpSubmitJobsLimit, ..."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of squeue or sacct: a job, a task of an array, or tasks of an array that still wait together."""

    job: int
    indices: tuple[int, ...]
    """Of the array; () for a job that is none."""
    state: str
    reason: str
    user: str
    name: str
    comment: str

    @property
    def is_refused(self) -> bool:
        """Say whether it is a job that no node can ever run: `sbatch` refused it, and it is listed for a while."""
        return self.state == "FAILED" and self.reason == "BadConstraints"


def parse_rows(text: str) -> Iterator[Row]:
    """Read lines of SQUEUE_FORMAT or SACCT_FORMAT; what is no such line (a step, a warning) is left out.

    Raise DoorError for tasks of an array that cannot be read: who does not see them would take them for gone.
    """
    for line in text.splitlines():
        cells = line.split("|", 5)
        found = _JOB_ID.fullmatch(cells[0])
        if found is None and _TASKS.match(cells[0]):
            raise DoorError(f"Slurm tells of tasks {cells[0]!r}, which cannot be read; nothing is concluded from it")
        if found is None or len(cells) != 6:
            continue
        indices = (int(found[2]),) if found[2] else tuple(_indices(found[3] or ""))
        yield Row(int(found[1]), indices, *cells[1:])


def _indices(text: str) -> Iterator[int]:
    """Read `0-3,7,9-21:4`."""
    for part in filter(None, text.split(",")):
        ends, _, step = part.partition(":")
        first, _, last = ends.partition("-")
        yield from range(int(first), int(last or first) + 1, int(step or 1))


def indices_text(indices: tuple[int, ...]) -> str:
    """Write (0, 1, 2, 5) as `0-2,5`."""
    parts: list[list[int]] = []
    for index in indices:
        if parts and parts[-1][1] == index - 1:
            parts[-1][1] = index
        else:
            parts.append([index, index])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in parts)


def parse_job_id(text: str) -> int | None:
    """Read what `sbatch --parsable` printed, `ID` or `ID;CLUSTER`; None when that is not it."""
    found = re.fullmatch(r"(\d+)(?:;\S+)?", text.strip().splitlines()[-1].strip()) if text.strip() else None
    return int(found[1]) if found else None


def parse_limits(text: str) -> tuple[int, bool]:
    """Read `scontrol show config`: (MaxArraySize, whether there is accounting). 0: there are no arrays."""
    size, storage = _MAX_ARRAY.search(text), _STORAGE.search(text)
    return int(size[1]) if size else 1001, storage is not None and not storage[1].endswith("/none")


def is_full(told: str) -> bool:
    """Say whether what was refused may be taken when other jobs have ended; a job that is too large never is."""
    if policies := _POLICY.findall(told.lower()):
        return any(_NUMBER_OF_JOBS in policy for policy in policies)
    return any(words in told.lower() for words in _FULL)


def is_away(told: str) -> bool:
    """Say whether Slurm could not be asked, which passes."""
    return any(words in told.lower() for words in _AWAY)
