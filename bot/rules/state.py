"""The state of a project, derived by one function from plan and ledger; nothing stores it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.model.plan import Plan
from bot.model.record import Ledger, RunState
from bot.rules import work


class State(StrEnum):
    """Where a project stands; the later states of the loop come with it."""

    EMPTY = "empty"
    NEW = "new"
    LEVEL1_RUNNING = "level 1 running"
    LEVEL1_PARTLY = "level 1 partly done"
    LEVEL1_FAILED = "level 1 failed"
    LEVEL1_DONE = "level 1 done"


@dataclass(frozen=True)
class Standing:
    """A project's state and the numbers behind it."""

    pid: str
    state: State
    sources: int
    obsnums: int
    combinations: int
    done: int
    todo: int
    failed: int
    blocked: int
    running: int
    torn: int
    waits_for: str
    """What has to happen next, in a person's words."""


def standing(
    plan: Plan,
    ledger: Ledger,
    present: Collection[str],
    *,
    sources: int,
    is_locked: bool,
    foreign: Mapping[str, Ledger] | None = None,
) -> Standing:
    """Derive a project's state. `is_locked`: a runner holds it now; `foreign`: as work.divide wants them."""
    parted = work.divide(plan, ledger, present, foreign)
    failed = [unit for unit in parted.todo if work.has_failed(ledger, unit, plan.level)]
    is_open = [record for record in ledger.records if record.state.is_open]
    running = is_open if is_locked else [record for record in is_open if record.batch]
    runner = (
        "the runner" if is_locked else f"Slurm (`lmtbot run {plan.pid} --executor slurm` watches)" if running else ""
    )
    state, waits = _state(plan, len(parted.done), len(parted.todo), len(failed), len(parted.blocked), runner)
    return Standing(
        pid=plan.pid,
        state=state,
        sources=sources,
        obsnums=len(plan.chains),
        combinations=len(plan.combinations),
        done=len(parted.done),
        todo=len(parted.todo),
        failed=len(failed),
        blocked=len(parted.blocked),
        running=sum(record.state is not RunState.INTENT for record in running),
        torn=len(ledger.torn),
        waits_for=waits,
    )


def _state(plan: Plan, done: int, todo: int, failed: int, blocked: int, runner: str) -> tuple[State, str]:
    run, see = f"`lmtbot run {plan.pid} --level 1`", f"`lmtbot history {plan.pid}`"
    if not plan.units:
        return State.EMPTY, "observations, or sources with tiers"
    if runner:
        return State.LEVEL1_RUNNING, runner
    if failed:
        return State.LEVEL1_FAILED, f"the reason in {see}, then `lmtbot run {plan.pid} --only-failed`"
    if todo:
        return (State.LEVEL1_PARTLY if done else State.NEW), run
    if blocked:
        return State.LEVEL1_PARTLY, f"mending what `lmtbot check {plan.pid}` says"
    return State.LEVEL1_DONE, "quality assurance by the DA"
