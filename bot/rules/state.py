"""The state of a project, derived by one function from its files, its plans and the ledger; nothing stores it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.model.github import Pull
from bot.model.plan import Plan
from bot.model.project import Archive, Level2
from bot.model.record import Ledger, RunState
from bot.rules import work
from bot.rules.level2 import is_current


class State(StrEnum):
    """Where a project stands, in the order of its life (architecture.md section 1)."""

    EMPTY = "empty"
    NEW = "new"
    ARRIVING = "arriving"
    """Observations of it wait in an arrival pull request, and nothing of it was run."""
    LEVEL1_RUNNING = "level 1 running"
    LEVEL1_PARTLY = "level 1 partly done"
    LEVEL1_FAILED = "level 1 failed"
    IN_QA = "in QA"
    APPROVED = "approved"
    LEVEL2_RUNNING = "level 2 running"
    LEVEL2_FAILED = "level 2 failed"
    DONE = "done"
    STALE = "stale"
    """Main changed after level 2."""
    ARCHIVED = "archived"


@dataclass(frozen=True)
class Promotion:
    """What is known of a project's level 2."""

    plan: Plan
    """The plan of level 2 that follows from main."""
    approved: Level2 | None = None
    """level2.yaml on main."""
    archive: Archive | None = None
    """archive.yaml on main."""


@dataclass(frozen=True)
class Standing:
    """A project's state and the numbers behind it; they are those of the level that the state speaks of."""

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


def with_pulls(stands: Standing, pulls: Iterable[Pull]) -> Standing:
    """Return the standing with what GitHub adds to it: whom the project's open pull requests wait for."""
    parted = ((pull.branch.partition("/"), pull.number) for pull in pulls)
    return with_numbers(stands, {prefix: number for (prefix, _, pid), number in parted if pid == stands.pid})


def with_numbers(stands: Standing, numbers: Mapping[str, int]) -> Standing:
    """Return the same from the numbers of the project's open pull requests, {arrival or qa: number}."""
    arrival, qa = numbers.get("arrival"), numbers.get("qa")
    if arrival and stands.state in (State.EMPTY, State.NEW):
        return replace(stands, state=State.ARRIVING, waits_for=f"the PO to merge #{arrival}")
    if qa and stands.state in (State.IN_QA, State.STALE):
        return replace(stands, waits_for=f"the DA and then the PO on #{qa}")
    if arrival and stands.state in (State.IN_QA, State.DONE, State.ARCHIVED):
        return replace(stands, waits_for=f"{stands.waits_for}; the PO to merge #{arrival}")
    return stands


@dataclass(frozen=True)
class _Count:
    """How far one level is."""

    done: int
    todo: int
    failed: int
    blocked: int


def standing(
    plan: Plan,
    ledger: Ledger,
    present: Collection[str],
    *,
    sources: int,
    is_locked: bool,
    foreign: Mapping[str, Ledger] | None = None,
    promotion: Promotion | None = None,
) -> Standing:
    """Derive a project's state. `is_locked`: a runner holds it now; `foreign`: as work.divide wants them."""
    is_open = [record for record in ledger.records if record.state.is_open]
    running = is_open if is_locked else [record for record in is_open if record.batch]
    runner = (
        "the runner" if is_locked else f"Slurm (`lmtbot run {plan.pid} --executor slurm` watches)" if running else ""
    )
    better = {unit.name: unit.digest for unit in promotion.plan.units} if promotion else {}
    count = _count(plan, ledger, present, foreign, better)
    state, waits = _level1_state(plan, count, runner)
    if promotion is not None and plan.units:
        second = _count(promotion.plan, ledger, present, foreign, {})
        later = _level2_state(promotion, second, ledger, runner)
        if later is not None:
            state, waits = later
            count = count if state is State.STALE else second
    return Standing(
        pid=plan.pid,
        state=state,
        sources=sources,
        obsnums=len(plan.chains),
        combinations=len(plan.combinations),
        done=count.done,
        todo=count.todo,
        failed=count.failed,
        blocked=count.blocked,
        running=sum(record.state is not RunState.INTENT for record in running),
        torn=len(ledger.torn),
        waits_for=waits,
    )


def _count(
    plan: Plan,
    ledger: Ledger,
    present: Collection[str],
    foreign: Mapping[str, Ledger] | None,
    better: Mapping[str, str],
) -> _Count:
    parted = work.divide(plan, ledger, present, foreign, better)
    failed = sum(work.has_failed(ledger, unit, plan.level) for unit in parted.todo)
    return _Count(len(parted.done), len(parted.todo), failed, len(parted.blocked))


def _level1_state(plan: Plan, count: _Count, runner: str) -> tuple[State, str]:
    run, see = f"`lmtbot run {plan.pid} --level 1`", f"`lmtbot history {plan.pid}`"
    if not plan.units:
        return State.EMPTY, "observations, or sources with tiers"
    if runner:
        return State.LEVEL1_RUNNING, runner
    if count.failed:
        return State.LEVEL1_FAILED, f"the reason in {see}, then `lmtbot run {plan.pid} --only-failed`"
    if count.todo:
        return (State.LEVEL1_PARTLY if count.done else State.NEW), run
    if count.blocked:
        return State.LEVEL1_PARTLY, f"mending what `lmtbot check {plan.pid}` says"
    return State.IN_QA, "quality assurance by the DA"


def _level2_state(promotion: Promotion, count: _Count, ledger: Ledger, runner: str) -> tuple[State, str] | None:
    """Return the state as far as level 2 has to do with it, None where it is level 1's."""
    plan = promotion.plan
    if not is_current(promotion.approved, plan):
        was_done = any(record.level == 2 and record.state is RunState.GOOD for record in ledger.records)
        told = "level 1 of what is new, then QA and level 2 again"
        return (State.STALE, told) if was_done and not runner else None
    if runner:
        return State.LEVEL2_RUNNING, runner
    if count.failed:
        return State.LEVEL2_FAILED, f"the reason in `lmtbot history {plan.pid}`, then `/retry`"
    if count.todo or count.blocked:
        return State.APPROVED, "level 2 by the runner"
    if promotion.archive is None:
        return State.DONE, "a release by the PO"
    if promotion.archive.digest == plan.digest:
        return State.ARCHIVED, "nobody"
    return State.DONE, f"a release by the PO: {promotion.archive.tag}, which is archived, is older"
