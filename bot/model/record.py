"""What was run, when, by whom, and how it ended: one record an attempt at a chain or combination."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import Field

from bot.model.frozen import Frozen


class RunState(StrEnum):
    """Where an attempt stands. Only `good` means done; every state but the last four may be found after a crash."""

    INTENT = "intent"
    RUNNING = "running"
    PUBLISHING = "publishing"
    GOOD = "good"
    FAILED = "failed"
    STOPPED = "stopped"
    """Ended by us or with the machine, not by its data: it may be tried again."""
    SUPERSEDED = "superseded"
    """Was good; a later combination of the source has taken its place under another name."""

    @property
    def is_open(self) -> bool:
        """Say whether somebody still has to bring the attempt to an end."""
        return self in (RunState.INTENT, RunState.RUNNING, RunState.PUBLISHING)


class Cause(StrEnum):
    """Why an attempt was stopped: what ran out may be given more, what the machine broke may be tried again."""

    NONE = ""
    TIME = "time"
    MEMORY = "memory"
    MACHINE = "machine"
    OPERATOR = "operator"


class LineOutcome(Frozen):
    """How one call of the pipeline ended."""

    line: str
    exit: int | None = None
    """Exit code; negative: the signal; None: nobody saw it (found again after a crash)."""
    started: str
    ended: str
    seconds: float


class Record(Frozen):
    """One attempt at one unit of a plan."""

    pid: str
    name: str
    """Directory of the unit: OBSNUM or FIRST_LAST."""
    source: str
    level: int
    digest: str
    attempt: int
    """1, 2, ... for the same unit, digest and level."""
    state: RunState
    lines: tuple[str, ...]
    """The run lines as they were called."""
    members: tuple[int, ...] = ()
    """Obsnums of a combination, in order."""
    commit: str = ""
    """Git commit of the project files; `+` behind it: with uncommitted changes."""
    who: str = ""
    """Who brought that commit onto main, as git tells; the caller where it does not."""
    host: str = ""
    job: str = ""
    """Job or process that works on it."""
    batch: str = ""
    """BATCH/NUMBER of what was handed to Slurm; "" for attempts of the local executor."""
    started: str = ""
    ended: str = ""
    outcomes: tuple[LineOutcome, ...] = ()
    verdict: str = ""
    """"good", or why not."""
    cause: Cause = Cause.NONE
    """Why Slurm's attempt was stopped."""
    metrics: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """{bank or "all": {rms, rms0, inttime, tau, nchan, ...}} as the rc files say; rms in mK for SEQ/Map, else K."""
    pipeline: str = ""
    """lmtoy_version."""
    log: str = ""
    """Log file, below WORK_LMT."""

    @property
    def key(self) -> tuple[str, str, int]:
        """Return what makes two records speak of the same unit of work."""
        return (self.name, self.digest, self.level)


@dataclass(frozen=True, slots=True)
class Ledger:
    """All records of a project that could be read, and the files that could not."""

    records: tuple[Record, ...]
    torn: tuple[str, ...] = ()

    def of(self, name: str, digest: str, level: int) -> list[Record]:
        """Return the attempts at one unit, oldest first."""
        found = [one for one in self.records if one.key == (name, digest, level)]
        return sorted(found, key=lambda one: one.attempt)

    def good(self, name: str, digest: str, level: int) -> Record | None:
        """Return the good record of a unit, None if there is none."""
        return next((one for one in self.of(name, digest, level) if one.state is RunState.GOOD), None)
