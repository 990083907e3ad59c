"""Plan and ledger -> what is done, what has to be run, what cannot run and why.

Done is one thing only: the newest good record of a unit's directory has the digest of today's plan, and the
directory is there. Everything else follows.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.model.plan import Chain, Combination, Plan, Unit
from bot.model.record import Ledger, Record, RunState

MACHINE_SIGNALS = (1, 2, 9, 15, 24, 30)
"""HUP, INT, KILL, TERM, XCPU, PWR: sent from outside. The others (SEGV, ABRT, FPE, ...) a program brings on itself."""
STOPPED_BY_OPERATOR = "stopped by the operator"
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@dataclass(frozen=True)
class Work:
    """What the ledger says of a plan, by the names of the units."""

    done: tuple[Unit, ...]
    todo: tuple[Unit, ...]
    blocked: Mapping[str, str]
    """Name -> why it cannot run."""


def divide(
    plan: Plan,
    ledger: Ledger,
    present: Collection[str],
    foreign: Mapping[str, Ledger] | None = None,
    better: Mapping[str, str] | None = None,
) -> Work:
    """Part the plan's units. `present`: directories that are there; `foreign`: ledgers of other projects by pid.

    `better`: {name: digest} of the plan of level 2, whose products level 1 leaves alone where they are there.
    """
    done: list[Unit] = []
    todo: list[Unit] = []
    blocked: dict[str, str] = {}
    for unit in plan.units:
        if is_done(unit, plan.level, ledger, present) or _is_better(unit, ledger, present, better or {}):
            done.append(unit)
        elif why := unit.blocked or _lost_member(unit, plan, blocked, foreign or {}):
            blocked[unit.name] = why
        else:
            todo.append(unit)
    return Work(tuple(done), tuple(todo), blocked)


def is_done(unit: Unit, level: int, ledger: Ledger, present: Collection[str]) -> bool:
    """Say whether the official products of the unit are those that the plan wants, at this level or a higher one."""
    current = current_record(ledger, unit.name)
    return current is not None and current.digest == unit.digest and current.level >= level and unit.name in present


def _is_better(unit: Unit, ledger: Ledger, present: Collection[str], better: Mapping[str, str]) -> bool:
    current = current_record(ledger, unit.name)
    wanted = unit.name in better and unit.name in present
    return wanted and current is not None and current.level == 2 and current.digest == better[unit.name]


def is_spent(ledger: Ledger, unit: Unit, level: int, tries: int) -> bool:
    """Say whether a unit is not worth trying again by itself: its data failed, or the machine did so too often."""
    attempts = ledger.of(unit.name, unit.digest, level)
    if attempts and attempts[-1].state is RunState.FAILED:
        return True
    return sum(is_spent_try(record) for record in attempts) >= tries


def current_record(ledger: Ledger, name: str) -> Record | None:
    """Return the record of the products that lie in the official directory: the good one that ended last."""
    good = [record for record in ledger.records if record.name == name and record.state is RunState.GOOD]
    return max(good, key=lambda record: record.ended, default=None)


def current_records(ledger: Ledger) -> dict[str, Record]:
    """Return what `current_record` says of every name, with one look at the ledger."""
    found: dict[str, Record] = {}
    for record in ledger.records:
        known = found.get(record.name)
        if record.state is RunState.GOOD and (known is None or record.ended > known.ended):
            found[record.name] = record
    return found


def last_attempt(ledger: Ledger, unit: Unit, level: int) -> Record | None:
    """Return the newest attempt at exactly this unit, None if it was never tried."""
    attempts = ledger.of(unit.name, unit.digest, level)
    return attempts[-1] if attempts else None


def has_failed(ledger: Ledger, unit: Unit, level: int) -> bool:
    """Say whether the last attempt at exactly this unit failed or was stopped."""
    last = last_attempt(ledger, unit, level)
    return last is not None and last.state in (RunState.FAILED, RunState.STOPPED)


def is_stopped_by_machine(code: int | None) -> bool:
    """Say whether an exit code (negative: a signal) tells of the machine, as out of memory does, not of the data."""
    return code is None or -code in MACHINE_SIGNALS


def is_spent_try(record: Record) -> bool:
    """Say whether the machine stopped a call of this attempt: a few of those are borne, any number of stops by us."""
    return record.state is RunState.STOPPED and bool(record.outcomes) and record.verdict != STOPPED_BY_OPERATOR


def later_than(before: Iterable[str], stamp: str) -> str:
    """Return `stamp` (YYYY-MM-DDThh:mm:ss.sssZ), or a millisecond after the last of `before` if that is not earlier."""
    last = max(filter(_STAMP.fullmatch, before), default="")
    if stamp > last:
        return stamp
    later = datetime.fromisoformat(last) + timedelta(milliseconds=1)
    return later.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def waits_for(unit: Unit, todo: Collection[str]) -> set[str]:
    """Return the names of the units that must end before this one starts."""
    if isinstance(unit, Chain):
        return set()
    return {str(member.obsnum) for member in unit.members} & set(todo)


def superseded_names(unit: Unit, kept: Collection[str], ledger: Ledger) -> tuple[str, ...]:
    """Return older names of a source's combination whose products must leave when this one is published.

    `kept` are the names of all combinations of the plan.
    """
    if isinstance(unit, Chain):
        return ()
    older = [
        record.name
        for record in ledger.records
        if record.members and record.source == unit.source and record.state is RunState.GOOD
    ]
    return tuple(dict.fromkeys(name for name in older if name not in kept))


def _lost_member(unit: Unit, plan: Plan, blocked: Mapping[str, str], foreign: Mapping[str, Ledger]) -> str:
    """Say which member of a combination cannot be had, "" if all can."""
    if not isinstance(unit, Combination):
        return ""
    for member in unit.members:
        if str(member.obsnum) in blocked and member.pid == plan.pid:
            return f"its member {member.obsnum} cannot run: {blocked[str(member.obsnum)]}"
        if member.pid != plan.pid:
            ledger = foreign.get(member.pid, Ledger(()))
            current = current_record(ledger, str(member.obsnum))
            if current is None or current.digest != member.digest:
                told = f"its member {member.obsnum} of {member.pid} is not reduced as {member.pid} plans it"
                return f"{told}; run that first"
    return ""
