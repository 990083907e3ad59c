"""What every state of a Slurm job means to us, in one table. A state that is not in it is not finished, and said.

States: squeue(1) and sacct(1) of Slurm 22.05 to 24.05, job state codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.model.record import Cause


class Phase(StrEnum):
    """Where a job stands, as far as we have to know."""

    WAITS = "waits"
    WORKS = "works"
    ENDED = "ended"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a state says: where the job stands and, when it ended without a verdict on record, why."""

    phase: Phase
    words: str = ""
    cause: Cause = Cause.NONE


_WAITS, _WORKS = Meaning(Phase.WAITS), Meaning(Phase.WORKS)

STATES: Mapping[str, Meaning] = {
    "PENDING": _WAITS,
    "REQUEUED": _WAITS,
    "REQUEUE_FED": _WAITS,
    "REQUEUE_HOLD": _WAITS,
    "RESV_DEL_HOLD": _WAITS,
    "SPECIAL_EXIT": _WAITS,
    "CONFIGURING": _WAITS,
    "POWER_UP_NODE": _WAITS,
    "RUNNING": _WORKS,
    "COMPLETING": _WORKS,
    "STAGE_OUT": _WORKS,
    "SIGNALING": _WORKS,
    "RESIZING": _WORKS,
    "STOPPED": _WORKS,
    "SUSPENDED": _WORKS,
    "UPDATE_DB": _WORKS,
    "COMPLETED": Meaning(Phase.ENDED, "the job ended without a verdict", Cause.MACHINE),
    "FAILED": Meaning(Phase.ENDED, "the job failed before it could say why", Cause.MACHINE),
    "LAUNCH_FAILED": Meaning(Phase.ENDED, "the job could not be launched", Cause.MACHINE),
    "RECONFIG_FAIL": Meaning(Phase.ENDED, "the node could not be configured", Cause.MACHINE),
    "BOOT_FAIL": Meaning(Phase.ENDED, "the node did not boot", Cause.MACHINE),
    "NODE_FAIL": Meaning(Phase.ENDED, "its node failed", Cause.MACHINE),
    "PREEMPTED": Meaning(Phase.ENDED, "it had to make room for another job", Cause.MACHINE),
    "REVOKED": Meaning(Phase.ENDED, "another cluster took the job", Cause.MACHINE),
    "TIMEOUT": Meaning(Phase.ENDED, "it ran out of time", Cause.TIME),
    "DEADLINE": Meaning(Phase.ENDED, "its deadline passed", Cause.TIME),
    "OUT_OF_MEMORY": Meaning(Phase.ENDED, "it ran out of memory", Cause.MEMORY),
    "CANCELLED": Meaning(Phase.ENDED, "cancelled", Cause.OPERATOR),
}
GONE = Meaning(Phase.ENDED, "Slurm knows nothing of its job any more", Cause.MACHINE)
"""A job that neither the queue nor the accounting lists, while both answer."""
NEVER_SATISFIED = "DependencyNeverSatisfied"
BLOCKED = Meaning(Phase.ENDED, "what it waits for did not become good")
HELD = "JobHeldUser"


_IN_TURN = frozenset(
    ("", "None", "Priority", "Resources", "Dependency", "BeginTime", "JobArrayTaskLimit", "Cleaning", HELD)
)
"""Reasons of a job that waits its turn (squeue(1), job reason codes); any other may be one that never passes. Held by a
user: combinations are, by us, before they know what they wait for."""


def obstacle(state: str, reason: str) -> str:
    """Return Slurm's reason why a waiting job may not start by itself, "" where it only waits its turn."""
    waits = meaning_of(state, reason).phase is Phase.WAITS
    return reason if waits and reason not in _IN_TURN else ""


def meaning_of(state: str, reason: str = "") -> Meaning:
    """Return what a state means; sacct writes `CANCELLED by 1000`, and `+` behind a name that it cut."""
    word = state.partition(" ")[0].rstrip("+").upper()
    if word == "CANCELLED" and reason == NEVER_SATISFIED:
        return BLOCKED
    return STATES.get(word, Meaning(Phase.UNKNOWN, f"Slurm says {state!r}, which is not in our table"))
